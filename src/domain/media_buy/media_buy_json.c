#include "domain/media_buy/media_buy_json.h"
#include "contract/document.h"

#include <salesagent/money.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "contract/limits.h"

#define ACTIONS_TEXT_MAX 8192
#define ACTION_TERM_MAX  300

/* ---- loading ---- */

/* Pages are nearly always of one account, so each is read once. */
static int load_accounts(const struct act *act, struct media_buy_view *v, struct err *e)
{
    v->accounts = ARENA_ARRAY(act->arena, struct account_row, v->buys.n + 1);
    for (size_t i = 0; i < v->buys.n; i++) {
        const struct media_buy_row *b = &v->buys.rows[i];
        size_t k = 0;
        while (k < i && !str_eq(v->buys.rows[k].account_id, b->account_id)) k++;
        if (k < i) {
            v->accounts[i] = v->accounts[k];
            continue;
        }
        struct account_row key = { .tenant_id = b->tenant_id,
                                   .principal_id = b->principal_id,
                                   .account_id = b->account_id };
        if (q_account_get(act->tx, act->arena, &key, &v->accounts[i], e) < 0) return -1;
    }
    return 0;
}

int media_buy_view_load(const struct act *act, const struct media_buy_rows *buys, struct media_buy_view *out,
                        struct err *e)
{
    struct media_buy_view v = { .arena = act->arena, .now = act->now, .buys = *buys };
    struct str *ids = ARENA_ARRAY(act->arena, struct str, buys->n + 1);
    for (size_t i = 0; i < buys->n; i++) ids[i] = buys->rows[i].media_buy_id;
    if (q_packages_of_buys(act->tx, act->arena, buys, &v.packages, e)) return -1;
    if (creatives_of_buys(act->tx, act->arena, ids, buys->n, &v.creatives, e)) return -1;
    if (load_accounts(act, &v, e)) return -1;
    if (rule_asks_of(act, "update_media_buy", &v.asks, e)) return -1;
    v.actions = ARENA_NEW(act->arena, struct media_buy_actions_text);
    *out = v;
    return 0;
}

int media_buy_view_add_snapshots(const struct act *act, struct media_buy_view *v, struct err *e)
{
    struct plan_shelf shelf = { .products_n = 0 };
    v->deliveries = ARENA_ARRAY(act->arena, struct delivery, v->buys.n + 1);
    for (size_t i = 0, at = 0; i < v->buys.n; i++) {
        struct plan *plan = ARENA_NEW(act->arena, struct plan);
        struct package_rows rows = { v->packages.rows + at, 0 };
        while (at < v->packages.n && str_eq(v->packages.rows[at].media_buy_id, v->buys.rows[i].media_buy_id))
            at++, rows.n++;
        if (plan_from_rows(act, &shelf, &v->buys.rows[i], &rows, plan, e)) return -1;
        if (delivery_read(act, plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &v->deliveries[i], e)) return -1;
    }
    return 0;
}

/* ---- packages, as text: their stored doc is spliced in unparsed ---- */

static void member(struct buf *b, const char *key)
{
    if (b->p[b->n - 1] != '{') buf_add_char(b, ',');
    buf_add_char(b, '"');
    buf_add(b, str_from(key));
    buf_add(b, STR("\":"));
}

static void member_str(struct buf *b, const char *key, struct str v)
{
    member(b, key);
    buf_add_json_str(b, v);
}

static void member_money(struct buf *b, const char *key, int64_t micros)
{
    char text[MONEY_TEXT_MAX];
    member(b, key);
    buf_add(b, (struct str){ text, money_print(micros, text) });
}

static void member_time(struct buf *b, const char *key, int64_t at)
{
    char text[RFC3339_MAX];
    member(b, key);
    buf_add_json_str(b, (struct str){ text, rfc3339_print(at, RFC3339_SECONDS, text) });
}

/* The members of a stored object, without its braces. */
static void splice(struct buf *b, struct str object)
{
    if (object.n <= 2) return;
    if (b->p[b->n - 1] != '{') buf_add_char(b, ',');
    buf_add(b, (struct str){ object.p + 1, object.n - 2 });
}

static const char *approval_word(enum creative_status s)
{
    switch (s) {
    case CREATIVE_APPROVED: return "approved";
    case CREATIVE_REJECTED:
    case CREATIVE_SUSPENDED:
    case CREATIVE_ARCHIVED: return "rejected";
    case CREATIVE_PROCESSING:
    case CREATIVE_PENDING_REVIEW: break;
    }
    return "pending_review";
}

static void add_approvals(struct buf *b, const struct media_buy_view *v, struct str package_id)
{
    bool any = false;
    for (size_t i = 0; i < v->creatives.n; i++) {
        const struct creative_assigned *c = &v->creatives.items[i];
        if (!str_eq(c->package_id, package_id)) continue;
        if (!any) member(b, "creative_approvals");
        buf_add_char(b, any ? ',' : '[');
        buf_add_char(b, '{');
        member_str(b, "creative_id", c->creative_id);
        member_str(b, "approval_status", str_from(approval_word(c->status)));
        if (c->status == CREATIVE_REJECTED && c->rejection_reason.n) {
            member_str(b, "rejection_reason", c->rejection_reason);
        }
        buf_add_char(b, '}');
        any = true;
    }
    if (any) buf_add_char(b, ']');
}

static void add_assignments(struct buf *b, const struct media_buy_view *v, struct str package_id)
{
    bool any = false;
    for (size_t i = 0; i < v->creatives.n; i++) {
        const struct creative_assigned *c = &v->creatives.items[i];
        if (!str_eq(c->package_id, package_id)) continue;
        if (!any) member(b, "creative_assignments");
        buf_add_char(b, any ? ',' : '[');
        buf_add_char(b, '{');
        member_str(b, "creative_id", c->creative_id);
        splice(b, c->doc);
        buf_add_char(b, '}');
        any = true;
    }
    if (any) buf_add_char(b, ']');
}

static void add_number(struct buf *b, const char *key, int64_t n)
{
    member(b, key);
    buf_addf(b, "%lld", (long long)n);
}

/* AdCP get_media_buys, packages[].snapshot. Numbers nobody knows are left out; without the two that are required
 * there is no snapshot. */
static void add_snapshot(struct buf *b, const struct media_buy_view *v, const struct delivery *d, struct str package_id)
{
    const struct delivery_package *p = NULL;
    for (size_t i = 0; i < d->plan->packages_n; i++) {
        if (str_eq(d->packages[i].package->package_id, package_id)) p = &d->packages[i];
    }
    if (!p || p->lifetime.of[METRIC_IMPRESSIONS] < 0 || p->lifetime.of[METRIC_SPEND] < 0) {
        member_str(b, "snapshot_unavailable_reason", STR("SNAPSHOT_TEMPORARILY_UNAVAILABLE"));
        return;
    }
    struct pacing pace = delivery_package_pacing(p, v->now, PACING_BY_TIME);
    const char *status = delivery_status_name(p->status);
    member(b, "snapshot");
    buf_add_char(b, '{');
    member_time(b, "as_of", d->as_of);
    add_number(b, "staleness_seconds", d->staleness_s);
    add_number(b, "impressions", p->lifetime.of[METRIC_IMPRESSIONS]);
    member_money(b, "spend", p->lifetime.of[METRIC_SPEND]);
    if (p->lifetime.of[METRIC_CLICKS] >= 0) add_number(b, "clicks", p->lifetime.of[METRIC_CLICKS]);
    if (pace.ratio_e4 >= 0) member_money(b, "pacing_index", pace.ratio_e4 * (MICROS_PER_UNIT / 10000));
    if (status) member_str(b, "delivery_status", str_from(status));
    buf_add_char(b, '}');
}

static void add_package(struct buf *b, const struct media_buy_view *v, size_t index, const struct package_row *p)
{
    const struct media_buy_row *buy = &v->buys.rows[index];
    buf_add_char(b, '{');
    member_str(b, "package_id", p->package_id);
    member_str(b, "product_id", p->product_id);
    member_str(b, "pricing_option_id", p->pricing_option_id);
    member_money(b, "budget", p->budget_micros);
    member_str(b, "currency", str_from(buy->currency));
    member_str(b, "pacing", p->pacing);
    if (p->impressions_goal >= 0) {
        member(b, "impressions");
        buf_addf(b, "%lld", (long long)p->impressions_goal);
    }
    member_time(b, "start_time", p->start_at);
    member_time(b, "end_time", p->end_at);
    member(b, "paused");
    buf_add(b, p->paused ? STR("true") : STR("false"));
    add_assignments(b, v, p->package_id);
    add_approvals(b, v, p->package_id);
    if (v->deliveries) add_snapshot(b, v, &v->deliveries[index], p->package_id);
    splice(b, p->doc);
    buf_add_char(b, '}');
}

/* The packages of buy `index`: a run of the view's list. */
static struct package_rows packages_of(const struct media_buy_view *v, size_t index)
{
    struct str id = v->buys.rows[index].media_buy_id;
    size_t from = 0;
    while (from < v->packages.n && !str_eq(v->packages.rows[from].media_buy_id, id)) from++;
    size_t to = from;
    while (to < v->packages.n && str_eq(v->packages.rows[to].media_buy_id, id)) to++;
    return (struct package_rows){ v->packages.rows + from, to - from };
}

int media_buy_encode_packages(const struct media_buy_view *v, size_t index, const bool *only, yyjson_mut_doc *doc,
                              yyjson_mut_val *obj, const char *key, struct err *e)
{
    struct package_rows list = packages_of(v, index);
    struct buf b;
    buf_init(&b, REPLY_BYTES_MAX);
    buf_add_char(&b, '[');
    for (size_t i = 0; i < list.n; i++) {
        if (only && !only[i]) continue;
        if (b.n > 1) buf_add_char(&b, ',');
        add_package(&b, v, index, &list.rows[i]);
    }
    buf_add_char(&b, ']');
    int rc = buf_whole(&b, "packages of a media buy", e);
    if (rc == 0) json_add_raw(doc, obj, key, arena_dup(v->arena, buf_str(&b)));
    buf_finish(&b);
    return rc;
}

/* ---- the buy ---- */

/* Rules never keep a buyer from pausing or canceling; only what was sold with the product may. */
const char *media_buy_action_mode(enum media_buy_action action, int64_t approval, enum rule_asks asks)
{
    bool stops = action == ACTION_PAUSE || action == ACTION_CANCEL;
    if (approval & ACTION_BIT(action)) return "requires_approval";
    if (stops || asks == RULE_ASKS_NEVER) return "self_serve";
    return asks == RULE_ASKS_ALWAYS ? "requires_approval" : "conditional_self_serve";
}

/* sla and terms_ref, as they were when it was bought. What is longer than a commitment is left out. */
static void add_terms(const struct media_buy_view *v, struct buf *b, yyjson_val *terms)
{
    yyjson_val *k, *value;
    size_t i, n;
    yyjson_obj_foreach(terms, i, n, k, value) {
        struct str text = json_write_val(v->arena, value);
        if (yyjson_get_len(k) > 20 || text.n > ACTION_TERM_MAX) continue;
        buf_add_char(b, ',');
        buf_add_json_str(b, json_val_str(k));
        buf_add_char(b, ':');
        buf_add(b, text);
    }
}

/* The actions of a mask as JSON; buys of one page mostly share them, so the last one made is kept in the view. */
static void make_actions(const struct media_buy_view *v, int64_t mask, int64_t approval, yyjson_val *terms)
{
    struct buf valid, available;
    buf_init(&valid, ACTIONS_TEXT_MAX);
    buf_init(&available, ACTIONS_TEXT_MAX + 2 * ACTIONS_N * (ACTION_TERM_MAX + 30));
    for (int a = 0; a < ACTIONS_N; a++) {
        if (!(mask & ACTION_BIT(a))) continue;
        const char *name = media_buy_action_name((enum media_buy_action)a);
        const char *mode = media_buy_action_mode((enum media_buy_action)a, approval, v->asks);
        buf_add_char(&valid, valid.n ? ',' : '[');
        buf_add_json_str(&valid, str_from(name));
        buf_add(&available, available.n ? STR(",{\"action\":") : STR("[{\"action\":"));
        buf_add_json_str(&available, str_from(name));
        buf_add(&available, STR(",\"mode\":"));
        buf_add_json_str(&available, str_from(mode));
        add_terms(v, &available, yyjson_obj_get(terms, name));
        buf_add_char(&available, '}');
    }
    buf_add(&valid, valid.n ? STR("]") : STR("[]"));
    buf_add(&available, available.n ? STR("]") : STR("[]"));
    ENSURE(!valid.overflowed && !available.overflowed);
    *v->actions = (struct media_buy_actions_text){ .made = !terms,
                                                   .mask = mask,
                                                   .approval = approval,
                                                   .valid = arena_dup(v->arena, buf_str(&valid)),
                                                   .available = arena_dup(v->arena, buf_str(&available)) };
    buf_finish(&valid);
    buf_finish(&available);
}

static void add_actions(const struct media_buy_view *v, const struct media_buy_row *row, enum media_buy_status status,
                        yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    int64_t mask = media_buy_actions_at(row, status);
    if (v->minor_3_0) mask &= ACTIONS_3_0;
    bool same = v->actions->made && v->actions->mask == mask && v->actions->approval == row->actions_approval;
    bool promised = row->doc.n && memmem(row->doc.p, row->doc.n, "\"action_terms\"",
                                         14); /* few: the document is not read for nothing */
    yyjson_val *terms = promised ? json_obj(document_read(v->arena, row->doc), "action_terms") : NULL;
    if (!same || terms) make_actions(v, mask, row->actions_approval, terms);
    json_add_raw(doc, obj, "valid_actions", v->actions->valid);
    if (!v->minor_3_0) json_add_raw(doc, obj, "available_actions", v->actions->available);
}

static void add_time_or_null(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t at)
{
    if (at == TIME_NONE) {
        json_add_null(doc, obj, key);
    } else {
        json_add_time(doc, obj, key, at);
    }
}

/* The stored echo, member by member, because the object around it is built and not spliced. */
static void add_echo(const struct media_buy_view *v, const struct media_buy_row *row, enum media_buy_shape shape,
                     yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    yyjson_val *root = document_read(v->arena, row->echo), *key, *value;
    size_t i, n;
    yyjson_obj_foreach(root, i, n, key, value) {
        bool context = yyjson_equals_str(key, "context"); /* elsewhere the root's context is the call's own */
        if ((context && shape != SHAPE_LISTED) || yyjson_equals_str(key, "agency_estimate_number")) continue;
        json_add_copy(doc, obj, yyjson_get_str(key), value);
    }
}

static void add_lifecycle(const struct media_buy_view *v, const struct media_buy_row *row, enum media_buy_status status,
                          yyjson_mut_doc *doc, yyjson_mut_val *obj)
{
    json_add_time(doc, obj, "status_as_of", v->now);
    if (status == BUY_REJECTED) json_add_str_opt(doc, obj, "rejection_reason", row->rejection_reason);
    json_add_bool(doc, obj, "paused", row->paused);
    json_add_time(doc, obj, "created_at", row->created_at);
    json_add_time(doc, obj, "updated_at", row->updated_at);
}

void media_buy_encode(const struct media_buy_view *v, size_t index, enum media_buy_shape shape, yyjson_mut_doc *doc,
                      yyjson_mut_val *obj)
{
    const struct media_buy_row *row = &v->buys.rows[index];
    const struct account_row *account = &v->accounts[index];
    enum media_buy_status status = media_buy_status_at(row, v->now);
    const char *word = media_buy_status_name(status);
    json_add_str(doc, obj, "media_buy_id", row->media_buy_id);
    if (account->account_id.n && shape != SHAPE_UPDATED) {
        account_encode(doc, json_add_obj(doc, obj, "account"), account, v->arena);
    }
    json_add_cstr(doc, obj, shape == SHAPE_LISTED ? "status" : "media_buy_status", word);
    json_add_str(doc, obj, "currency", str_from(row->currency));
    json_add_money(doc, obj, "total_budget", row->total_budget_micros);
    json_add_i64(doc, obj, "revision", row->revision);
    if (shape != SHAPE_UPDATED) {
        add_time_or_null(doc, obj, "confirmed_at", row->confirmed_at);
        json_add_time(doc, obj, "start_time", row->start_at);
        json_add_time(doc, obj, "end_time", row->end_at);
    }
    if (shape == SHAPE_LISTED) add_lifecycle(v, row, status, doc, obj);
    add_actions(v, row, status, doc, obj);
    add_echo(v, row, shape, doc, obj);
    if (shape != SHAPE_LISTED && account->sandbox) json_add_bool(doc, obj, "sandbox", true);
}

int media_buy_result(const struct act *act, struct str media_buy_id, struct str *json_text, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = media_buy_id };
    struct media_buy_row row;
    struct media_buy_view v;
    int found = q_media_buy_get(act->tx, act->arena, &key, &row, e);
    if (found < 0) return -1;
    if (!found) {
        *json_text = STR_NONE;
        return 0;
    }
    struct media_buy_rows one = { &row, 1 };
    if (media_buy_view_load(act, &one, &v, e)) return -1;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *o = json_root_obj(doc);
    media_buy_encode(&v, 0, SHAPE_CREATED, doc, o);
    if (media_buy_encode_packages(&v, 0, NULL, doc, o, "packages", e)) return -1;
    *json_text = json_write(act->arena, o);
    return 0;
}
