/* Proposals in get_products: offered with a brief, changed by refinement, finalized on request. */
#include "domain/product/proposal_review.h"
#include "contract/document.h"
#include "tools/product/products.h"
#include "tools/product/products_ask.h"

#define PLAN_PRODUCTS_MAX 3
#define CURATED_MAX       5
#define STEP              5 /* percents are multiples of it where we choose them */
#define MORE_OR_LESS      20

static const struct pricing_option *buyable_option(const struct product *p, const char *currency)
{
    for (size_t i = 0; i < p->pricing_options_n; i++) {
        const struct pricing_option *o = &p->pricing_options[i];
        bool same = !currency || memcmp(o->currency, currency, 4) == 0;
        if (same && pricing_expected_rate(o) > 0 && o->model != PRICING_TIME) return o;
    }
    return NULL;
}

/* ---- shares ---- */

/* Turns weights into percents that add up to 100; what rounding leaves goes to the first. Weightless ones leave. */
static void share_out(struct proposal *p, const int64_t *weights)
{
    int64_t sum = 0;
    int given = 0;
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) sum += weights[i];
    for (size_t i = 0; i < p->n; i++) {
        int percent = sum > 0 ? (int)(weights[i] * 100 / sum) / STEP * STEP : 0;
        if (percent == 0) continue;
        p->allocations[kept] = p->allocations[i];
        p->allocations[kept++].percent = percent;
        given += percent;
    }
    p->n = kept;
    if (kept) p->allocations[0].percent += 100 - given;
}

static bool on_channel(const struct allocation *a, struct str channel)
{
    for (size_t i = 0; i < a->product.channels_n; i++) {
        if (str_eq(a->product.channels[i], channel)) return true;
    }
    return false;
}

/* Moves a plan's shares as one wish says. False when the plan has nothing on that channel, or nothing else. */
static bool apply_split(struct proposal *p, const struct ask_split *split)
{
    int64_t on = 0, weights[PROPOSAL_ALLOCATIONS_MAX];
    for (size_t i = 0; i < p->n; i++) {
        if (on_channel(&p->allocations[i], split->channel)) on += p->allocations[i].percent;
    }
    int64_t want = split->percent >= 0 ? split->percent : split->percent == -1 ? on + MORE_OR_LESS : on - MORE_OR_LESS;
    want = want < 0 ? 0 : want > 100 ? 100 : want;
    if ((on == 0 && want > 0) || (on == 100 && want < 100)) return false;
    for (size_t i = 0; i < p->n; i++) {
        int64_t now = p->allocations[i].percent;
        bool mine = on_channel(&p->allocations[i], split->channel);
        weights[i] = mine ? (on ? now * want * 100 / on : 0) : (on < 100 ? now * (100 - want) * 100 / (100 - on) : 0);
    }
    share_out(p, weights);
    return p->n > 0;
}

/* ---- offering ---- */

static void show(struct discovery *d, yyjson_mut_val **arr, const struct proposal *p)
{
    struct tool_call *c = d->c;
    if (!*arr) *arr = json_add_arr(c->doc, c->reply, "proposals");
    int64_t lasts = PROPOSAL_DRAFT_DAYS * INT64_C(86400000000);
    struct proposal_view v = { p, &d->ts, "draft", c->act->now, c->act->now + lasts };
    act_says(c->act, SAYS_EXPIRES_AT, 1, lasts);
    /* Built from the request's arena, which outlives the reply. */
    struct proposal *kept = ARENA_NEW(c->arena, struct proposal);
    *kept = *p;
    v.proposal = kept;
    yyjson_mut_arr_append(*arr, proposal_json(c->doc, &v));
}

static void offer(struct discovery *d, yyjson_mut_val **arr, size_t products_max)
{
    struct proposal p = { 0 };
    int64_t weights[PROPOSAL_ALLOCATIONS_MAX];
    const char *currency = NULL;
    for (size_t i = 0; i < d->found_n && p.n < products_max; i++) {
        const struct pricing_option *o = buyable_option(&d->found[i].p, currency);
        if (!o) continue;
        currency = o->currency;
        weights[p.n] = d->found[i].relevance_bp > 0 ? d->found[i].relevance_bp : 1000;
        p.allocations[p.n++] = (struct allocation){ .product = d->found[i].p, .option = o };
    }
    if (p.n == 0 || (products_max > 1 && p.n == 1)) return;
    share_out(&p, weights);
    p.name = products_max == 1 ? arena_printf(d->c->arena, "Focused: " STR_FMT, STR_ARG(p.allocations[0].product.name))
                               : STR("Balanced plan");
    p.description = products_max == 1 ? STR("Everything on the product that fits best.")
                                      : STR("The products that fit best, in proportion to how well they do.");
    proposal_name(d->c->act, &p);
    show(d, arr, &p);
}

/* The publisher's own plans, those first that the found products are part of. */
static int offer_curated(struct discovery *d, yyjson_mut_val **arr, struct err *e)
{
    size_t shown = 0;
    for (size_t i = 0; i < proposal_curated_count(&d->ts) && shown < CURATED_MAX; i++) {
        struct proposal p;
        int rc = proposal_read_curated(d->c->act, &d->ts, i, &p, e);
        if (rc < 0) return -1;
        bool found = false;
        for (size_t j = 0; rc == 1 && j < d->found_n; j++) {
            found = found || str_eq(d->found[j].p.product_id, p.allocations[0].product.product_id);
        }
        if (!found) continue;
        show(d, arr, &p);
        shown++;
    }
    return 0;
}

/* ---- refining ---- */

static yyjson_mut_val *report_of(struct discovery *d, size_t i)
{
    return yyjson_mut_arr_get(yyjson_mut_obj_get(d->c->reply, "refinement_applied"), i);
}

static void answer(struct discovery *d, size_t i, const char *status, const char *notes)
{
    json_add_cstr(d->c->doc, report_of(d, i), "status", status);
    if (notes) json_add_cstr(d->c->doc, report_of(d, i), "notes", notes);
}

static int refine_one(struct discovery *d, size_t i, yyjson_val *v, yyjson_mut_val **arr, struct err *e)
{
    struct proposal p;
    struct ask_splits splits;
    struct str ask = json_str(v, "ask");
    if (str_is(json_str(v, "action"), "omit")) {
        answer(d, i, "applied", NULL);
        return 0;
    }
    int rc = proposal_read_draft(d->c->act, json_str(v, "proposal_id"), &p, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "PROPOSAL_NOT_FOUND", "There is no such proposal.");
        (void)err_suggest(e, "Take a proposal_id from a recent get_products answer.");
        return err_field(e, "/refine/%zu/proposal_id", i);
    }
    enum ask_understood how = ask.n ? ask_read_splits(ask, &splits) : ASK_ALL;
    size_t done = 0;
    for (size_t s = 0; ask.n && s < splits.n; s++) done += apply_split(&p, &splits.items[s]);
    if (ask.n && done < splits.n) how = done ? ASK_PART : ASK_NOTHING;
    if (done) {
        p.name = STR("Refined plan");
        p.description = STR_NONE;
        proposal_name(d->c->act, &p);
    }
    show(d, arr, &p);
    if (how == ASK_ALL) {
        answer(d, i, "applied", NULL);
    } else if (how == ASK_PART) {
        answer(d, i, "partial", "Shares between channels were moved as far as understood and possible.");
    } else {
        answer(d, i, "unable", "The plan stays as it was; ask for shares by channel, like 60% video.");
    }
    return 0;
}

/* All or nothing: the first that cannot be finalized undoes the whole call. */
static int finalize_one(struct discovery *d, size_t i, yyjson_val *v, yyjson_mut_val **arr, struct err *e)
{
    struct tool_call *c = d->c;
    struct str doc;
    if (d->firm_waits) {
        answer(d, i, "unable", "A person makes this proposal firm, which takes longer than the time budget.");
        return 0;
    }
    if (proposal_finalize(c->act, json_str(v, "proposal_id"), &doc, e)) return err_in(e, "/refine/%zu", i);
    if (!*arr) *arr = json_add_arr(c->doc, c->reply, "proposals");
    yyjson_mut_arr_append(*arr, json_copy(c->doc, document_read(c->arena, doc)));
    answer(d, i, "applied", NULL);
    return 0;
}

/* Plans are for known buyers. */
static int strangers(struct discovery *d, bool finalizing, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    if (finalizing) return err_set(e, "AUTH_MISSING", "Finalizing a proposal needs a credential.");
    yyjson_arr_foreach(d->refine, i, n, v) {
        if (str_is(json_str(v, "scope"), "proposal")) answer(d, i, "unable", "Authenticate to work with proposals.");
    }
    return 0;
}

static struct str member(struct tool_call *c, const char *key)
{
    yyjson_val *v = yyjson_obj_get(c->args, key);
    return v ? json_write_val(c->arena, v) : STR_NONE;
}

int plans_submit(struct discovery *d, struct err *e)
{
    struct tool_call *c = d->c;
    struct proposal_review review, wanted = { .person = false };
    struct str *ids = ARENA_ARRAY(c->arena, struct str, yyjson_arr_size(d->refine) + 1);
    struct proposal_request r = { .ids = ids,
                                  .context = member(c, "context"),
                                  .push_config = member(c, "push_notification_config"),
                                  .verdict = &wanted.verdict };
    struct task_row task;
    size_t i, n;
    yyjson_val *v;
    if (d->anonymous || !plans_finalizing(c->args)) return 0;
    yyjson_arr_foreach(d->refine, i, n, v) {
        if (!str_is(json_str(v, "scope"), "proposal")) continue;
        ids[r.n] = json_str(v, "proposal_id");
        if (proposal_judge(c->act, ids[r.n++], &review, e)) return err_in(e, "/refine/%zu", i);
        if (review.person && !wanted.person) wanted = review;
    }
    if (!wanted.person) return 0;
    int64_t hours = wanted.verdict.due_hours ? wanted.verdict.due_hours : d->ts.approval_sla_hours;
    d->firm_waits = d->budget_s >= 0 && d->budget_s < hours * 3600;
    if (d->firm_waits) return 0;
    if (proposal_submit(c->act, &r, &task, e)) return -1;
    c->outcome = TOOL_SUBMITTED;
    c->task_id = task.task_id;
    c->message = STR("The publisher's people make this proposal firm; follow the task for the decision.");
    return 1;
}

int plans_offer(struct discovery *d, struct err *e)
{
    yyjson_mut_val *arr = NULL;
    size_t i, n;
    yyjson_val *v;
    bool finalizing = plans_finalizing(d->c->args);
    if (d->anonymous) return strangers(d, finalizing, e);
    yyjson_arr_foreach(d->refine, i, n, v) {
        if (!str_is(json_str(v, "scope"), "proposal")) continue;
        if (finalizing ? finalize_one(d, i, v, &arr, e) : refine_one(d, i, v, &arr, e)) return -1;
    }
    if (arr || finalizing || d->mode == MODE_WHOLESALE || d->only_ids || d->page.offset > 0) return 0;
    if (offer_curated(d, &arr, e)) return -1;
    offer(d, &arr, PLAN_PRODUCTS_MAX);
    offer(d, &arr, 1);
    return 0;
}
