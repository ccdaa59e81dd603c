/* The order of a plan, as it stands over there. */
#include "adapters/gam/gam.h"

#include "base/crypto.h"

/* ---- the order ---- */

int32_t gam_external_order_id(struct str media_buy_id)
{
    uint8_t h[SHA256_BYTES];
    sha256(media_buy_id, h);
    uint32_t n = ((uint32_t)h[0] << 24 | (uint32_t)h[1] << 16 | (uint32_t)h[2] << 8 | h[3]) & 0x7fffffff;
    return n ? (int32_t)n : 1;
}

void gam_order_ask(struct adapter_op *op)
{
    const struct plan *plan = op->plan;
    if (text_is_digits(plan->remote_id, GAM_ID_MAX)) {
        (void)gam_get(op, gam_name(op, "orders", plan->remote_id));
        return;
    }
    struct gam_list l = { "orders",
                          arena_printf(op->arena, "externalOrderId = %d", gam_external_order_id(plan->media_buy_id)),
                          STR_NONE, 0 };
    (void)gam_list(op, &l);
}

static void read_order(yyjson_val *v, struct gam_order *out)
{
    out->id = gam_id(doc_str(v, "name"));
    out->status = doc_str(v, "status");
    out->advertiser = doc_str(v, "advertiser");
    out->title = doc_str(v, "displayName");
    out->archived = doc_bool(v, "archived", false);
}

/* The external id has 31 bits: whose order it is, its tag says. */
static void pick_order(yyjson_val *root, struct str media_buy_id, struct gam_order *out)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(root, "orders"), i, n, v) {
        if (!title_has_tag(doc_str(v, "displayName"), media_buy_id)) continue;
        if (out->id.n && doc_bool(v, "archived", false)) continue; /* one that lives is the better answer */
        read_order(v, out);
    }
}

int gam_order_heard(struct adapter_op *op, const struct http_call *answer, struct gam_order *out)
{
    yyjson_val *root;
    bool by_id = text_is_digits(op->plan->remote_id, GAM_ID_MAX);
    *out = (struct gam_order){ .lines_n = 0 };
    if (by_id && call_is_missing(answer)) return 0;
    if (gam_read(op, answer, "read orders", &root)) return -1;
    if (by_id) read_order(root, out);
    else pick_order(root, op->plan->media_buy_id, out);
    return 0;
}

/* ---- its line items ---- */

void gam_lines_ask(struct adapter_op *op, const struct gam_order *o, struct str page_token)
{
    struct str order = gam_quoted(op->arena, gam_name(op, "orders", o->id));
    struct gam_list l = { "lineItems", arena_printf(op->arena, "order = " STR_FMT, STR_ARG(order)), page_token, 0 };
    (void)gam_list(op, &l);
}

struct gam_line *gam_line_add(struct adapter_op *op, struct gam_order *o)
{
    if (o->lines_n == o->lines_cap) {
        size_t cap = o->lines_cap ? 2 * o->lines_cap : 16;
        struct gam_line *more = ARENA_ARRAY(op->arena, struct gam_line, cap);
        if (o->lines_n) memcpy(more, o->lines, o->lines_n * sizeof(*more));
        o->lines = more;
        o->lines_cap = cap;
    }
    o->lines[o->lines_n] = (struct gam_line){ .package = NULL };
    return &o->lines[o->lines_n++];
}

static const struct plan_package *package_of(const struct plan *plan, const struct gam_line *l)
{
    for (size_t i = 0; plan && i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (p->remote_id.n ? str_eq(p->remote_id, l->id) : str_eq(p->package_id, l->external_id)) return p;
    }
    return NULL;
}

void gam_line_read(struct adapter_op *op, yyjson_val *v, struct gam_line *out)
{
    *out = (struct gam_line){ .id = gam_id(doc_str(v, "name")),
                              .status = doc_str(v, "status"),
                              .external_id = doc_str(v, "externalLineItemId"),
                              .start_time = doc_str(v, "startTime"),
                              .rotation = doc_str(v, "creativeRotationType"),
                              .archived = doc_bool(v, "archived", false),
                              .missing_creatives = doc_bool(v, "missingCreatives", false) };
    out->package = package_of(op->plan, out);
    if (out->id.n) gam_recall(op, out->id, &out->memory);
}

int gam_lines_heard(struct adapter_op *op, const struct http_call *answer, struct gam_order *o, struct str *next)
{
    yyjson_val *root, *v;
    size_t i, n;
    if (gam_read(op, answer, "read line items", &root)) return -1;
    yyjson_arr_foreach(doc_arr(root, "lineItems"), i, n, v) {
        struct gam_line line;
        gam_line_read(op, v, &line);
        if (line.id.n) *gam_line_add(op, o) = line;
    }
    *next = doc_str(root, "nextPageToken");
    return 0;
}

struct gam_line *gam_line_of(struct gam_order *o, const struct plan_package *p)
{
    for (size_t i = 0; i < o->lines_n; i++) {
        if (o->lines[i].package == p) return &o->lines[i];
    }
    return NULL;
}

bool gam_line_runs(const struct gam_line *l)
{
    return !l->archived && (str_is(l->status, "READY") || str_is(l->status, "DELIVERING") ||
                            str_is(l->status, "INACTIVE") || str_is(l->status, "DELIVERY_EXTENDED"));
}

bool gam_line_paused(const struct gam_line *l)
{
    return !l->archived && (str_is(l->status, "PAUSED") || str_is(l->status, "PAUSED_INVENTORY_RELEASED"));
}
