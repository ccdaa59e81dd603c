#include "upstream.h"

#include <string.h>

/* ---- JSON, in the arena ---- */

static void *json_alloc(void *arena, size_t n)
{
    return adapter_alloc(arena, n);
}

static void *json_grow(void *arena, void *p, size_t had, size_t n)
{
    void *more = adapter_alloc(arena, n);
    memcpy(more, p, had);
    return more;
}

static void json_free(void *arena, void *p)
{
}

static yyjson_alc *memory_of(struct arena *a)
{
    yyjson_alc *alc = adapter_alloc(a, sizeof(*alc));
    *alc = (yyjson_alc){ json_alloc, json_grow, json_free, a };
    return alc;
}

static yyjson_val *read_json(struct arena *a, struct str text)
{
    yyjson_doc *doc = text.n ? yyjson_read_opts((char *)text.p, text.n, 0, memory_of(a), NULL) : NULL;
    return yyjson_doc_get_root(doc);
}

struct str upstream_str(yyjson_val *o, const char *key)
{
    yyjson_val *v = yyjson_obj_get(o, key);
    return yyjson_is_str(v) ? (struct str){ yyjson_get_str(v), yyjson_get_len(v) } : STR_NONE;
}

yyjson_mut_doc *upstream_doc(struct adapter_op *op, yyjson_mut_val **root)
{
    yyjson_mut_doc *doc = yyjson_mut_doc_new(memory_of(op->arena));
    *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, *root);
    return doc;
}

void upstream_add(yyjson_mut_doc *doc, yyjson_mut_val *o, const char *key, struct str value)
{
    (void)yyjson_mut_obj_add_strn(doc, o, key, value.n ? value.p : "", value.n);
}

/* ---- calls ---- */

void upstream_ask(struct adapter_op *op, const char *method, struct str path, yyjson_mut_doc *body)
{
    static const struct http_header json = { { "Content-Type", 12 }, { "application/json", 16 } };
    const struct upstream_config *c = op->config;
    struct http_call *call = &op->calls[op->calls_n++];
    *call = (struct http_call){ .method = str_from(method),
                                .url = adapter_text(op->arena, STR_FMT STR_FMT, STR_ARG(c->url), STR_ARG(path)),
                                .reach = HTTP_REACH_OPERATOR };
    if (!body) return;
    size_t n;
    const char *text = yyjson_mut_write_opts(body, 0, memory_of(op->arena), &n, NULL);
    call->headers = &json;
    call->headers_n = 1;
    call->body = (struct str){ text, n };
}

yyjson_val *upstream_heard(struct adapter_op *op, const struct http_call *answer)
{
    if (adapter_no_answer(op, answer)) return NULL;
    yyjson_val *v = read_json(op->arena, answer->response);
    struct str why = upstream_str(v, "message");
    if (answer->status == 200 || answer->status == 201) {
        if (yyjson_is_obj(v)) return v;
        (void)adapter_later(op, 0, "the ad server answered something that is no JSON object");
    } else {
        (void)adapter_refuse(op, "%d " STR_FMT, answer->status, STR_ARG(why));
    }
    return NULL;
}

static void authorize(const void *config, struct str token, struct arena *arena, struct http_call *call)
{
    const struct upstream_config *c = config;
    struct http_header *all = adapter_alloc(arena, (call->headers_n + 2) * sizeof(*all));
    if (call->headers_n) memcpy(all, call->headers, call->headers_n * sizeof(*all));
    all[call->headers_n] =
        (struct http_header){ STR("Authorization"), adapter_text(arena, "Bearer " STR_FMT, STR_ARG(c->api_key)) };
    all[call->headers_n + 1] = (struct http_header){ STR("X-Network-Code"), c->network };
    call->headers = all;
    call->headers_n += 2;
}

/* ---- settings ---- */

static int configure(struct arena *a, const struct adapter_site *site, struct str json, const void **config,
                     struct err *e)
{
    yyjson_val *root = read_json(a, json);
    struct upstream_config *c = adapter_alloc(a, sizeof(*c));
    *c = (struct upstream_config){ upstream_str(root, "url"), upstream_str(root, "api_key"),
                                   upstream_str(root, "network"), yyjson_get_bool(yyjson_obj_get(root, "signed")) };
    *config = c;
    if (c->url.n && c->api_key.n && c->network.n) return 0;
    (void)err_set(e, "CONFIGURATION_ERROR", "url, api_key and network must be given");
    return err_field(e, "/%s", !c->url.n ? "url" : !c->api_key.n ? "api_key" : "network");
}

static void check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                          struct adapter_problems *out)
{
    struct adapter_item item;
    yyjson_doc *doc = yyjson_read(json.n ? json.p : "{}", json.n ? json.n : 2, 0);
    struct str unit = upstream_str(yyjson_doc_get_root(doc), "ad_unit");
    if (!unit.n || !upstream_str(yyjson_doc_get_root(doc), "product").n)
        adapter_problem_add(out, STR_NONE, "ad_unit", "a product names its ad_unit and its product over there");
    else if (catalog->synced_at && !catalog->find(catalog, "ad_unit", unit, &item))
        adapter_problem_add(out, STR_NONE, "ad_unit", "there is no ad unit " STR_FMT, STR_ARG(unit));
    yyjson_doc_free(doc);
}

static void admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
                  struct adapter_problems *out)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (p->pricing_model != PRICING_CPM)
            adapter_problem_add(out, p->package_id, "pricing_option_id", "only CPM can be booked there");
        if (p->targeting.n)
            adapter_problem_add(out, p->package_id, "targeting_overlay", "nothing can be targeted there");
    }
}

/* ---- the end of an order ---- */

static int end_ask(struct adapter_op *op)
{
    const struct upstream_config *c = op->config;
    yyjson_mut_val *o;
    if (!op->plan->remote_id.n) return adapter_done(op);
    if (c->is_signed) return adapter_refuse(op, "an order that was signed is ended by a person over there");
    yyjson_mut_doc *doc = upstream_doc(op, &o);
    upstream_add(doc, o, "status", STR("canceled"));
    upstream_ask(op, "PATCH", adapter_text(op->arena, "/v1/orders/" STR_FMT, STR_ARG(op->plan->remote_id)), doc);
    return 1;
}

static int end_heard(struct adapter_op *op)
{
    return upstream_heard(op, op->answers) ? adapter_done(op) : ADAPTER_DONE;
}

static const adapter_step end_steps[] = { end_ask, end_heard };

/* ---- creatives: a call each, one after the other ---- */

struct creatives {
    size_t package, creative;
    struct str remote_id;
};

enum { CREATIVE_NEXT, CREATIVE_MADE, CREATIVE_ATTACHED };

/* The next that is not over there for its package. */
static const struct plan_creative *creative_next(const struct plan *plan, struct creatives *at)
{
    for (; at->package < plan->packages_n; at->package++, at->creative = 0) {
        const struct plan_package *p = &plan->packages[at->package];
        for (; at->creative < p->creatives_n; at->creative++) {
            if (!p->creatives[at->creative].sent) return &p->creatives[at->creative];
        }
    }
    return NULL;
}

static int creative_ask(struct adapter_op *op)
{
    struct creatives *at = op->state ? op->state : (op->state = adapter_alloc(op->arena, sizeof(*at)));
    const struct plan_creative *cr = creative_next(op->plan, at);
    yyjson_mut_val *o;
    if (!cr) return adapter_done(op);
    yyjson_mut_doc *doc = upstream_doc(op, &o);
    upstream_add(doc, o, "name", cr->name);
    upstream_add(doc, o, "format_id", cr->format_id);
    upstream_add(doc, o, "advertiser_id", op->plan->advertiser);
    upstream_add(doc, o, "snippet", cr->doc);
    /* One version of it is made once, whatever becomes of the answer. */
    upstream_add(doc, o, "client_request_id",
                 adapter_text(op->arena, STR_FMT "-%lld", STR_ARG(cr->creative_id), (long long)cr->changed_at));
    upstream_ask(op, "POST", STR("/v1/creatives"), doc);
    return CREATIVE_MADE;
}

static int creative_made(struct adapter_op *op)
{
    const struct upstream_config *c = op->config;
    struct creatives *at = op->state;
    const struct plan_package *p = &op->plan->packages[at->package];
    yyjson_val *made = upstream_heard(op, op->answers);
    yyjson_mut_val *o;
    if (!made) return ADAPTER_DONE;
    at->remote_id = upstream_str(made, "creative_id");
    adapter_remote_add(op, REMOTE_CREATIVE, p->creatives[at->creative++].creative_id, at->remote_id);
    if (!c->is_signed) return CREATIVE_NEXT; /* it shows what the advertiser has */
    yyjson_mut_doc *doc = upstream_doc(op, &o);
    upstream_add(doc, o, "creative_id", at->remote_id);
    upstream_ask(op, "POST",
                 adapter_text(op->arena, "/v1/orders/" STR_FMT "/lineitems/" STR_FMT "/creative-attach",
                              STR_ARG(op->plan->remote_id), STR_ARG(p->remote_id)),
                 doc);
    return CREATIVE_ATTACHED;
}

static int creative_attached(struct adapter_op *op)
{
    return upstream_heard(op, op->answers) ? creative_ask(op) : ADAPTER_DONE;
}

static const adapter_step creative_steps[] = { creative_ask, creative_made, creative_attached };

/* ---- what is there, what was delivered ---- */

static int order_ask(struct adapter_op *op)
{
    const char *what = op->verb == ADAPTER_REPORT ? "/delivery" : "";
    upstream_ask(op, "GET", adapter_text(op->arena, "/v1/orders/" STR_FMT "%s", STR_ARG(op->plan->remote_id), what),
                 NULL);
    return 1;
}

static int look_heard(struct adapter_op *op)
{
    static const struct {
        const char *status;
        enum adapter_standing standing;
    } all[] = { { "pending_approval", STANDS_WAITING },
                { "approved", STANDS_READY },
                { "confirmed", STANDS_READY },
                { "delivering", STANDS_DELIVERING },
                { "completed", STANDS_OVER },
                { "canceled", STANDS_ENDED },
                { "rejected", STANDS_ENDED } };
    yyjson_val *order = upstream_heard(op, op->answers);
    if (!order) return ADAPTER_DONE;
    struct adapter_sight *s = adapter_alloc(op->arena, sizeof(*s));
    *s = (struct adapter_sight){ .media_buy_id = op->plan->media_buy_id,
                                 .remote_id = op->plan->remote_id,
                                 .status = upstream_str(order, "status") };
    for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
        if (str_is(s->status, all[i].status)) s->standing = all[i].standing;
    }
    op->result.sights = s;
    op->result.sights_n = 1;
    return adapter_done(op);
}

static int64_t whole(yyjson_val *line, const char *key)
{
    yyjson_val *v = yyjson_obj_get(line, key);
    return yyjson_is_int(v) ? yyjson_get_sint(v) : METRIC_UNKNOWN;
}

static bool read_fact(const struct plan *plan, yyjson_val *line, struct adapter_fact *out)
{
    struct err e;
    struct str id = upstream_str(line, "line_item_id");
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (!str_eq(p->remote_id, id)) continue;
        *out = (struct adapter_fact){ .package_id = p->package_id,
                                      .day_at = p->start_at - p->start_at % (INT64_C(86400) * 1000000) };
        for (int m = 0; m < METRICS_N; m++) out->delivered.of[m] = METRIC_UNKNOWN;
        out->delivered.of[METRIC_IMPRESSIONS] = whole(line, "impressions");
        out->delivered.of[METRIC_CLICKS] = whole(line, "clicks");
        return money_micros_from_double(yyjson_get_num(yyjson_obj_get(line, "spend")), &out->delivered.of[METRIC_SPEND],
                                        &e) == 0;
    }
    return false;
}

static int report_heard(struct adapter_op *op)
{
    yyjson_val *said = upstream_heard(op, op->answers), *line;
    size_t i, n;
    if (!said) return ADAPTER_DONE;
    yyjson_val *lines = yyjson_obj_get(said, "line_items");
    if (!lines) lines = yyjson_obj_get(said, "line_item_breakdown");
    struct adapter_fact *facts = adapter_alloc(op->arena, (yyjson_arr_size(lines) + 1) * sizeof(*facts));
    op->result.facts = facts;
    yyjson_arr_foreach(lines, i, n, line) op->result.facts_n += read_fact(op->plan, line, &facts[op->result.facts_n]);
    return adapter_done(op);
}

static const adapter_step look_steps[] = { order_ask, look_heard }, report_steps[] = { order_ask, report_heard };

static int inventory_ask(struct adapter_op *op)
{
    upstream_ask(op, "GET", STR("/v1/inventory"), NULL);
    return 1;
}

static int inventory_heard(struct adapter_op *op)
{
    yyjson_val *said = upstream_heard(op, op->answers), *unit;
    size_t i, n;
    if (!said) return ADAPTER_DONE;
    yyjson_arr_foreach(yyjson_obj_get(said, "ad_units"), i, n, unit) {
        struct adapter_item item = { .kind = STR("ad_unit"),
                                     .remote_id = upstream_str(unit, "ad_unit_id"),
                                     .key = upstream_str(unit, "ad_unit_id"),
                                     .name = upstream_str(unit, "name") };
        adapter_item_add(op, &item);
    }
    return adapter_done(op);
}

static int test_heard(struct adapter_op *op)
{
    struct adapter_check *check = adapter_alloc(op->arena, sizeof(*check));
    yyjson_val *said = upstream_heard(op, op->answers);
    if (!said && op->result.verdict == ADAPTER_TRY_LATER) return ADAPTER_DONE;
    *check = (struct adapter_check){ STR("network"), said ? ADAPTER_CHECK_PASSED : ADAPTER_CHECK_FAILED,
                                     said ? STR("its inventory can be read") : op->result.reason,
                                     said ? STR_NONE : STR("correct api_key or network") };
    op->result.checks = check;
    op->result.checks_n = 1;
    return adapter_done(op);
}

static const adapter_step inventory_steps[] = { inventory_ask, inventory_heard },
                          test_steps[] = { inventory_ask, test_heard };
static const char *const inventory_kinds[] = { "ad_unit", NULL };

const struct adapter upstream_adapter = {
    .name = "upstream",
    .title = "The SDK's mock platform",
    .staleness_s = 900,
    .source = "upstream",
    .metrics = 1u << METRIC_IMPRESSIONS | 1u << METRIC_CLICKS | 1u << METRIC_SPEND,
    .inventory_kinds = inventory_kinds,
    .configure = configure,
    .check_product = check_product,
    .admit = admit,
    .verbs = {
        [ADAPTER_BOOK] = { .steps = upstream_book_steps, .steps_n = UPSTREAM_BOOK_STEPS },
        [ADAPTER_UPDATE] = { .steps = upstream_book_steps, .steps_n = UPSTREAM_BOOK_STEPS },
        [ADAPTER_CANCEL] = { .steps = end_steps, .steps_n = 2 },
        [ADAPTER_CREATIVES] = { .steps = creative_steps, .steps_n = 3 },
        [ADAPTER_LOOK] = { .steps = look_steps, .steps_n = 2 },
        [ADAPTER_REPORT] = { .steps = report_steps, .steps_n = 2 },
        [ADAPTER_INVENTORY] = { .steps = inventory_steps, .steps_n = 2 },
        [ADAPTER_TEST] = { .steps = test_steps, .steps_n = 2 },
    },
    .authorize = authorize,
};
