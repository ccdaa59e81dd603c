/* Booking and updating: what is there is brought to the plan, and nothing is made twice.
 *
 *   START    the network, the order (by id, or as it would be called), the advertiser when nobody has named it
 *   FOUND    -> LINES    the order's line items, page by page
 *   NEEDS    ids of places, ad units, keys that are not in the catalogue
 *   FORESEE  <-> FORESEEN    what Ad Manager foresees for guaranteed packages that are not there yet: nothing is made of a
 *            plan that cannot be delivered
 *   ADVERTISER_MADE -> ORDER_MADE     what is missing is made
 *   WRITE    <-> WRITTEN    line items are made, or changed in what the buyer has changed
 *   APPROVED the order's approval, as the publisher wants it: by us, by a person whom we ask, by a person
 *   RELIST   -> SWITCH -> SWITCHED -> ENDED       paused, resumed, ended
 *
 * A wait (no forecast yet, a person) ends the run; the next one begins at START and finds everything as it was left. */
#include "adapters/gam/gam_soap.h"

#include "base/rfc3339.h"

#define WRITES_MAX 4 /* at a time */
#define SOON_US    (INT64_C(600) * USEC_PER_SEC) /* "startTime must be in the future" */

enum {
    START,
    FOUND,
    ADVERTISER_MADE,
    ORDER_MADE,
    LINES,
    NEEDS,
    NEEDS_HEARD,
    FORESEE,
    FORESEEN,
    WRITE,
    WRITTEN,
    APPROVED,
    RELIST,
    SWITCH,
    SWITCHED,
    ENDED,
    STEPS
};
_Static_assert((int)STEPS == (int)GAM_BOOK_STEPS, "every step has its place");

struct wanted {
    yyjson_mut_val *item;
    struct gam_sent sent;
    bool foreseen, written;
};

struct bringing {
    struct gam_network net;
    struct gam_order order;
    struct gam_needs needs;
    yyjson_mut_doc *doc;
    struct wanted *wanted; /* as the plan's packages */
    struct adapter_forecast *foreseen;
    size_t foreseen_n;
    int network_call, order_call, advertiser_call;
    size_t asked[ADAPTER_CALLS_MAX];
    size_t next;
    struct str advertiser; /* its id */
};

static bool stopped(const struct plan_package *p)
{
    return p->stopped_at != INT64_MAX;
}

/* ---- the order ---- */

static int start(struct adapter_op *op)
{
    struct bringing *b = ARENA_NEW(op->arena, struct bringing);
    op->state = b;
    b->doc = doc_new(op->arena);
    b->wanted = ARENA_ARRAY(op->arena, struct wanted, op->plan->packages_n + 1);
    b->foreseen = ARENA_ARRAY(op->arena, struct adapter_forecast, op->plan->packages_n + 1);
    b->network_call = b->advertiser_call = -1;
    b->advertiser = gam_id(op->plan->advertiser_remote_id);
    if (!gam_network_known(op, &b->net)) b->network_call = gam_get(op, gam_here(op));
    b->order_call = op->calls_n;
    gam_order_ask(op);
    if (!b->advertiser.n && !op->plan->remote_id.n) b->advertiser_call = gam_advertiser_ask(op);
    return FOUND;
}

static int found(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *companies = NULL;
    if (b->network_call >= 0 && gam_network_read(op, &op->answers[b->network_call], &b->net)) return ADAPTER_DONE;
    if (gam_order_heard(op, &op->answers[b->order_call], &b->order)) return ADAPTER_DONE;
    if (b->advertiser_call >= 0 && gam_read(op, &op->answers[b->advertiser_call], "read advertisers", &companies)) {
        return ADAPTER_DONE;
    }
    if (b->order.id.n) {
        if (gam_order_usable(op, &b->order)) return ADAPTER_DONE;
        if (!op->plan->remote_id.n) adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, b->order.id);
        gam_lines_ask(op, &b->order, STR_NONE);
        return LINES;
    }
    if (op->plan->remote_id.n) {
        return adapter_refuse(op, "order " STR_FMT " is no longer in Ad Manager", STR_ARG(op->plan->remote_id));
    }
    return companies && gam_advertiser_pick(op, companies, &b->advertiser) ? ADAPTER_DONE : NEEDS;
}

/* The order, where there is none yet; its advertiser first. */
static int make(struct adapter_op *op, struct bringing *b)
{
    if (b->order.id.n) return WRITE;
    if (!b->advertiser.n) return gam_advertiser_make(op) ? ADAPTER_DONE : ADVERTISER_MADE;
    adapter_remote_add(op, REMOTE_ADVERTISER, STR_NONE, b->advertiser);
    gam_order_make(op, b->advertiser);
    return ORDER_MADE;
}

static int advertiser_made(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *company;
    if (gam_read(op, &op->answers[0], "create advertisers", &company)) return ADAPTER_DONE;
    b->advertiser = gam_id(doc_str(company, "name"));
    if (!b->advertiser.n) return adapter_later(op, 0, "Ad Manager made an advertiser without a name");
    return make(op, b);
}

static int order_made(struct adapter_op *op)
{
    struct bringing *b = op->state;
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "create orders", &root)) return ADAPTER_DONE;
    yyjson_val *order = yyjson_arr_get_first(doc_arr(root, "orders"));
    b->order = (struct gam_order){ .id = gam_id(doc_str(order, "name")), .status = doc_str(order, "status") };
    if (!b->order.id.n) return adapter_later(op, 0, "Ad Manager made an order without a name");
    if (!b->order.status.n) b->order.status = STR("DRAFT");
    adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, b->order.id);
    struct str name = gam_name(op, "orders", b->order.id);
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        if (b->wanted[i].item)
            (void)yyjson_mut_obj_put(b->wanted[i].item, yyjson_mut_str(b->doc, "order"),
                                     yyjson_mut_strn(b->doc, name.p, name.n));
    }
    return WRITE;
}

static int lines(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct str next;
    if (gam_lines_heard(op, &op->answers[0], &b->order, &next)) return ADAPTER_DONE;
    if (!next.n) return NEEDS;
    gam_lines_ask(op, &b->order, next);
    return LINES;
}

/* ---- the line items ---- */

/* True when the package is to be written at all: one that was ended before it was ever booked needs nothing. */
static bool to_write(const struct plan_package *p)
{
    return !stopped(p);
}

/* The line items as they should be. -1 ends the verb. */
static int prepare(struct adapter_op *op, struct bringing *b)
{
    struct gam_item_of of = { gam_name(op, "orders", b->order.id), b->net.root, &b->needs,
                              b->doc }; /* its order: when made */
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        const struct plan_package *p = &op->plan->packages[i];
        const struct gam_line *line = gam_line_of(&b->order, p);
        if (!to_write(p)) {
            b->wanted[i].written = true;
            continue;
        }
        if (p->remote_id.n && !line) {
            adapter_problem_add(&op->problems, p->package_id, "package_id",
                                "line item " STR_FMT " is no longer in Ad Manager", STR_ARG(p->remote_id));
            continue;
        }
        b->wanted[i].item = gam_item_make(op, &of, p);
        if (b->wanted[i].item) gam_sent_of(op->arena, b->wanted[i].item, &b->wanted[i].sent);
    }
    if (!op->problems.n) return 0;
    (void)adapter_refuse(op, "%s", op->problems.item[0].text);
    return -1;
}

static int begin(struct adapter_op *op, struct bringing *b)
{
    if (gam_needs_ask(op, &b->needs)) return NEEDS_HEARD;
    return prepare(op, b) ? ADAPTER_DONE : FORESEE;
}

static int needs(struct adapter_op *op)
{
    struct bringing *b = op->state;
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        if (to_write(&op->plan->packages[i])) gam_needs_of(op->arena, op->config, &op->plan->packages[i], &b->needs);
    }
    return begin(op, b);
}

static int needs_heard(struct adapter_op *op)
{
    struct bringing *b = op->state;
    return gam_needs_heard(op, &b->needs) ? ADAPTER_DONE : begin(op, b);
}

/* ---- what is foreseen ---- */

static enum gam_approval mode_of(const struct adapter_op *op);

static bool to_foresee(const struct adapter_op *op, struct bringing *b, size_t i)
{
    const struct gam_config *c = op->config;
    const struct plan_package *p = &op->plan->packages[i];
    bool there = gam_line_of(&b->order, p) != NULL;
    return c->forecasts && !there && b->wanted[i].item && !b->wanted[i].foreseen && gam_type_guaranteed(gam_type_of(p));
}

static int foresee(struct adapter_op *op)
{
    struct bringing *b = op->state;
    for (size_t i = 0; i < op->plan->packages_n && op->calls_n < ADAPTER_CALLS_MAX; i++) {
        if (!to_foresee(op, b, i)) continue;
        b->asked[op->calls_n] = i;
        if (gam_forecast_ask(op, b->wanted[i].item, b->advertiser)) return ADAPTER_DONE;
        b->wanted[i].foreseen = true;
    }
    return op->calls_n ? FORESEEN : make(op, b);
}

/* Of less than was booked a person in Ad Manager may make more (overbook, priorities): it is refused only where we approve
 * ourselves, which would be refused over there, and leave a draft. */
static void judge(struct adapter_op *op, const struct plan_package *p, const struct adapter_forecast *f)
{
    struct gam_deal deal;
    const char *member, *why;
    if (f->matched == 0 || f->available == 0) {
        adapter_problem_add(&op->problems, p->package_id, "targeting_overlay",
                            f->matched == 0
                                ? "Ad Manager foresees no inventory for this targeting and flight"
                                : "everything that Ad Manager foresees for this targeting and flight is sold");
        return;
    }
    if (mode_of(op) != GAM_APPROVE || f->available < 0 || !gam_deal_of(p, op->zone, &deal, &member, &why) ||
        deal.percent)
        return;
    if (deal.units <= f->available) return;
    adapter_problem_add(&op->problems, p->package_id, "budget",
                        "of %lld units Ad Manager foresees %lld that are not sold", (long long)deal.units,
                        (long long)f->available);
}

static int foreseen(struct adapter_op *op)
{
    struct bringing *b = op->state;
    for (int k = 0; k < op->answers_n; k++) {
        struct adapter_forecast *f = &b->foreseen[b->foreseen_n];
        *f = (struct adapter_forecast){ .package_id = op->plan->packages[b->asked[k]].package_id };
        if (!gam_forecast_heard(op, &op->answers[k], f)) {
            judge(op, &op->plan->packages[b->asked[k]], f);
            b->foreseen_n++;
            continue;
        }
        /* A forecast that is refused (no right to ask, a version that has ended) says nothing of the inventory, which Ad
         * Manager looks at again when the order is approved. */
        if (op->result.verdict != ADAPTER_REFUSED) return ADAPTER_DONE;
        op->result = (struct adapter_result){ .verdict = ADAPTER_OK };
    }
    op->result.forecasts = b->foreseen;
    op->result.forecasts_n = b->foreseen_n;
    if (op->problems.n) return adapter_refuse(op, "%s", op->problems.item[0].text);
    return FORESEE;
}

static void put_time(struct adapter_op *op, yyjson_mut_doc *d, yyjson_mut_val *item, int64_t at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
    (void)yyjson_mut_obj_remove_str(item, "startTime");
    doc_add_str(d, item, "startTime", arena_dup(op->arena, (struct str){ text, n }));
}

static void create(struct adapter_op *op, struct bringing *b, size_t i)
{
    /* Whoever books a flight that has begun, begins as soon as Ad Manager can. */
    if (op->plan->packages[i].start_at < op->now + SOON_US / 10)
        put_time(op, b->doc, b->wanted[i].item, op->now + SOON_US);
    (void)gam_send(op, "POST", gam_below(op, "lineItems"), b->wanted[i].item);
}

static bool changed(const struct gam_line *line, const struct gam_sent *sent, size_t k)
{
    for (size_t i = 0; i < line->memory.sent.n; i++) {
        if (strcmp(line->memory.sent.name[i], sent->name[k]) == 0) {
            return strcmp(line->memory.sent.digest[i], sent->digest[k]) != 0;
        }
    }
    return true;
}

static bool has_started(const struct adapter_op *op, const struct gam_line *line)
{
    int64_t at;
    return rfc3339_parse(line->start_time, &at) || at <= op->now;
}

/* False when nothing has changed. A flight that has begun keeps its start, and none begins in the past. */
static bool patch(struct adapter_op *op, struct bringing *b, size_t i, const struct gam_line *line)
{
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *body = doc_root(d);
    const struct wanted *w = &b->wanted[i];
    struct str mask = STR_NONE;
    for (size_t k = 0; k < w->sent.n; k++) {
        const char *name = w->sent.name[k];
        if (!changed(line, &w->sent, k)) continue;
        bool start = strcmp(name, "startTime") == 0;
        if (start && (has_started(op, line) || op->plan->packages[i].start_at <= op->now)) continue;
        yyjson_mut_val *v = yyjson_mut_obj_get(w->item, name);
        if (v) doc_add_val(d, body, name, yyjson_mut_val_mut_copy(d, v));
        mask = mask.n ? arena_printf(op->arena, STR_FMT ",%s", STR_ARG(mask), name) : str_from(name);
    }
    if (!mask.n) return false;
    (void)gam_send(op, "PATCH",
                   arena_printf(op->arena, STR_FMT "?updateMask=" STR_FMT, STR_ARG(gam_name(op, "lineItems", line->id)),
                                STR_ARG(mask)),
                   body);
    return true;
}

static int waits_for_person(struct adapter_op *op, const struct gam_order *o, const char *what)
{
    return adapter_wait(op, GAM_APPROVAL_S, "order " STR_FMT " %s in Google Ad Manager", STR_ARG(o->id), what);
}

static int approve(struct adapter_op *op);

static int write_lines(struct adapter_op *op)
{
    struct bringing *b = op->state;
    bool pending = str_is(b->order.status, "PENDING_APPROVAL");
    for (; b->next < op->plan->packages_n && op->calls_n < WRITES_MAX; b->next++) {
        struct gam_line *line = gam_line_of(&b->order, &op->plan->packages[b->next]);
        int call = op->calls_n;
        if (b->wanted[b->next].written) continue;
        if (line && line->archived) {
            return adapter_refuse(op, "line item " STR_FMT " is archived in Ad Manager", STR_ARG(line->id));
        }
        if (line && !op->plan->packages[b->next].remote_id.n) {
            adapter_remote_add(op, REMOTE_PACKAGE, op->plan->packages[b->next].package_id, line->id);
        }
        if (!line) create(op, b, b->next);
        else if (!patch(op, b, b->next, line)) continue;
        b->asked[call] = b->next;
    }
    if (!op->calls_n) return approve(op);
    if (!pending) return WRITTEN;
    op->calls_n = 0; /* nothing of it can be changed now */
    return waits_for_person(op, &b->order, "waits for approval, and cannot be changed until then,");
}

static int written(struct adapter_op *op)
{
    struct bringing *b = op->state;
    int failed = 0;
    struct adapter_result first = op->result;
    for (int k = 0; k < op->answers_n; k++) {
        const struct plan_package *p = &op->plan->packages[b->asked[k]];
        struct gam_line *line = gam_line_of(&b->order, p);
        yyjson_val *item;
        if (gam_read(op, &op->answers[k], line ? "change line items" : "create line items", &item)) {
            if (op->result.verdict == ADAPTER_REFUSED) {
                adapter_problem_add(&op->problems, p->package_id, "package_id", STR_FMT, STR_ARG(op->result.reason));
            }
            if (!failed++) first = op->result; /* the others' ids are recorded all the same */
            continue;
        }
        if (!line) {
            line = gam_line_add(op, &b->order);
            gam_line_read(op, item, line);
            line->package = p;
            if (!line->id.n) return adapter_later(op, 0, "Ad Manager made a line item without a name");
            adapter_remote_add(op, REMOTE_PACKAGE, p->package_id, line->id);
        }
        line->memory.known = true;
        line->memory.sent = b->wanted[b->asked[k]].sent;
        gam_remember(op, line->id, p->package_id, &line->memory);
        b->wanted[b->asked[k]].written = true;
    }
    if (!failed) return WRITE;
    op->result = first;
    return ADAPTER_DONE;
}

/* ---- approval ---- */

static enum gam_approval mode_of(const struct adapter_op *op)
{
    const struct gam_config *c = op->config;
    if (c->approval != GAM_BY_TYPE) return c->approval;
    for (size_t i = 0; i < op->plan->packages_n; i++) {
        if (gam_type_guaranteed(gam_type_of(&op->plan->packages[i]))) return GAM_SUBMIT;
    }
    return GAM_APPROVE;
}

static bool has_drafts(const struct gam_order *o)
{
    for (size_t i = 0; i < o->lines_n; i++) {
        const struct gam_line *l = &o->lines[i];
        if (l->package && !stopped(l->package) && !l->archived && str_is(l->status, "DRAFT")) return true;
    }
    return false;
}

static int relist(struct adapter_op *op);

static int approve(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct str name = gam_name(op, "orders", b->order.id);
    bool draft = str_is(b->order.status, "DRAFT");
    if (str_is(b->order.status, "PENDING_APPROVAL")) return waits_for_person(op, &b->order, "waits for approval");
    if (!has_drafts(&b->order)) return relist(op);
    switch (mode_of(op)) {
    case GAM_BY_TYPE:
    case GAM_APPROVE: (void)gam_act(op, "orders:batchApprove", &name, 1); return APPROVED;
    case GAM_SUBMIT:
        if (!draft) return waits_for_person(op, &b->order, "has new line items that a person approves");
        (void)gam_act(op, "orders:batchSubmitForApproval", &name, 1);
        return APPROVED;
    case GAM_LEAVE:
        return waits_for_person(
            op, &b->order, draft ? "is a draft that a person approves" : "has new line items that a person approves");
    }
    ENSURE(!"a mode of approval");
}

static int approved(struct adapter_op *op)
{
    struct bringing *b = op->state;
    bool asked = mode_of(op) == GAM_SUBMIT;
    yyjson_val *root;
    if (gam_refused_for(op, &op->answers[0], "FORECAST_ERROR_NO_FORECAST_YET")) {
        return adapter_wait(op, GAM_FORECAST_S, "Ad Manager has no forecast yet for order " STR_FMT,
                            STR_ARG(b->order.id));
    }
    if (gam_read(op, &op->answers[0], asked ? "submit orders for approval" : "approve orders", &root))
        return ADAPTER_DONE;
    if (asked) return waits_for_person(op, &b->order, "waits for approval");
    return relist(op);
}

/* ---- what runs ---- */

static bool must_switch(const struct adapter_op *op, const struct gam_order *o)
{
    for (size_t i = 0; i < o->lines_n; i++) {
        const struct gam_line *l = &o->lines[i];
        if (l->memory.paused || (!l->package && l->memory.known && !l->archived)) return true;
        if (l->package && (l->package->paused || stopped(l->package))) return true;
    }
    (void)op;
    return false;
}

static int relist(struct adapter_op *op)
{
    struct bringing *b = op->state;
    if (!must_switch(op, &b->order)) return adapter_done(op);
    b->order.lines_n = 0;
    gam_lines_ask(op, &b->order, STR_NONE);
    return RELIST;
}

static int relisted(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct str next;
    if (gam_lines_heard(op, &op->answers[0], &b->order, &next)) return ADAPTER_DONE;
    if (!next.n) return SWITCH;
    gam_lines_ask(op, &b->order, next);
    return RELIST;
}

/* A package that was ended, or of an earlier plan of this buy. */
static bool over(const struct gam_line *l)
{
    return !l->archived && (l->package ? stopped(l->package) : l->memory.known);
}

static void note_pause(struct adapter_op *op, struct gam_line *l, bool paused)
{
    l->memory.paused = paused;
    gam_remember(op, l->id, l->package ? l->package->package_id : l->external_id, &l->memory);
}

static int switch_lines(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct gam_order *o = &b->order;
    struct str *pause = ARENA_ARRAY(op->arena, struct str, o->lines_n + 1),
               *resume = ARENA_ARRAY(op->arena, struct str, o->lines_n + 1);
    size_t pause_n = 0, resume_n = 0;
    for (size_t i = 0; i < o->lines_n; i++) {
        struct gam_line *l = &o->lines[i];
        bool rest = over(l) || (l->package && l->package->paused);
        if (rest && gam_line_runs(l)) {
            note_pause(op, l, true); /* on record before it happens: whose pause it is must not be forgotten */
            pause[pause_n++] = gam_name(op, "lineItems", l->id);
        } else if (!rest && l->package && l->memory.paused) {
            if (gam_line_paused(l)) resume[resume_n++] = gam_name(op, "lineItems", l->id);
            else note_pause(op, l, false);
        }
    }
    if (pause_n) (void)gam_act(op, "lineItems:batchPause", pause, pause_n);
    if (resume_n) (void)gam_act(op, "lineItems:batchResume", resume, resume_n);
    return SWITCHED;
}

static int switched(struct adapter_op *op)
{
    struct bringing *b = op->state;
    struct gam_order *o = &b->order;
    struct str *names = ARENA_ARRAY(op->arena, struct str, o->lines_n + 1);
    size_t n = 0;
    yyjson_val *root;
    for (int i = 0; i < op->answers_n; i++) {
        if (gam_read(op, &op->answers[i], "pause and resume line items", &root)) return ADAPTER_DONE;
    }
    for (size_t i = 0; i < o->lines_n; i++) {
        struct gam_line *l = &o->lines[i];
        if (over(l)) names[n++] = gam_name(op, "lineItems", l->id);
        else if (l->package && !l->package->paused && l->memory.paused) note_pause(op, l, false);
    }
    if (!n) return adapter_done(op);
    (void)gam_act(op, "lineItems:batchArchive", names, n);
    return ENDED;
}

static int ended(struct adapter_op *op)
{
    yyjson_val *root;
    if (gam_read(op, &op->answers[0], "archive line items", &root)) return ADAPTER_DONE;
    return adapter_done(op);
}

const adapter_step gam_book_steps[GAM_BOOK_STEPS] = {
    [START] = start,
    [FOUND] = found,
    [ADVERTISER_MADE] = advertiser_made,
    [ORDER_MADE] = order_made,
    [LINES] = lines,
    [NEEDS] = needs,
    [NEEDS_HEARD] = needs_heard,
    [FORESEE] = foresee,
    [FORESEEN] = foreseen,
    [WRITE] = write_lines,
    [WRITTEN] = written,
    [APPROVED] = approved,
    [RELIST] = relisted,
    [SWITCH] = switch_lines,
    [SWITCHED] = switched,
    [ENDED] = ended,
};
