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

/* ---- made, where there is none yet ---- */

int gam_advertiser_ask(struct adapter_op *op)
{
    struct str who = gam_quoted(op->arena, op->plan->advertiser);
    struct gam_list l = {
        "companies",
        arena_printf(op->arena, "type = \"ADVERTISER\" AND (externalId = " STR_FMT " OR displayName = " STR_FMT ")",
                     STR_ARG(who), STR_ARG(who)),
        STR_NONE, 0
    };
    return gam_list(op, &l);
}

int gam_advertiser_pick(struct adapter_op *op, yyjson_val *root, struct str *out)
{
    size_t i, n, by_id = 0, by_name = 0;
    struct str id = STR_NONE, named = STR_NONE;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(root, "companies"), i, n, v) {
        bool ours = str_eq(doc_str(v, "externalId"), op->plan->advertiser);
        if (ours && !by_id++) id = gam_id(doc_str(v, "name"));
        if (!ours && !by_name++) named = gam_id(doc_str(v, "name"));
    }
    if (by_id > 1 || (!by_id && by_name > 1)) {
        (void)adapter_refuse(op,
                             "Ad Manager has several advertisers \"" STR_FMT "\": name one by its id in the account's "
                             "settings",
                             STR_ARG(text_cut(op->plan->advertiser, 80)));
        return -1;
    }
    *out = id.n ? id : named;
    return 0;
}

int gam_advertiser_make(struct adapter_op *op)
{
    const struct gam_config *c = op->config;
    struct str name = text_cut(op->plan->advertiser, 127);
    if (!c->makes_advertisers || !name.n) {
        (void)adapter_refuse(op,
                             "Ad Manager has no advertiser \"" STR_FMT
                             "\": make one there with this external id, or set "
                             "its id for the account, or set create_advertisers",
                             STR_ARG(name));
        return -1;
    }
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *company = doc_root(d);
    doc_add_str(d, company, "displayName", name);
    doc_add_str(d, company, "type", STR("ADVERTISER"));
    doc_add_str(d, company, "externalId", name);
    (void)gam_send(op, "POST", gam_below(op, "companies"), company);
    return 0;
}

static void add_notes(struct adapter_op *op, yyjson_mut_doc *d, yyjson_mut_val *order)
{
    const struct plan *p = op->plan;
    doc_add_str(d, order, "notes",
                arena_printf(op->arena, "AdCP media buy " STR_FMT ", buyer " STR_FMT "%s" STR_FMT "%s" STR_FMT,
                             STR_ARG(p->media_buy_id), STR_ARG(p->principal_id), p->buyer_ref.n ? ", their name " : "",
                             STR_ARG(p->buyer_ref), p->payer.n ? ", paid by " : "", STR_ARG(p->payer)));
}

void gam_order_make(struct adapter_op *op, struct str advertiser)
{
    const struct gam_config *c = op->config;
    const struct plan *p = op->plan;
    struct title_words words = { p, NULL };
    struct str agency = gam_id(p->agency_remote_id);
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d), *one = doc_push_obj(d, doc_add_arr(d, root, "requests"));
    doc_add_str(d, one, "parent", gam_here(op));
    yyjson_mut_val *order = doc_add_obj(d, one, "order");
    doc_add_str(d, order, "displayName", title_make(op->arena, c->order_name, &words, p->media_buy_id, GAM_NAME_MAX));
    doc_add_str(d, order, "advertiser", gam_name(op, "companies", advertiser));
    if (agency.n) doc_add_str(d, order, "agency", gam_name(op, "companies", agency));
    doc_add_str(d, order, "trafficker", gam_name(op, "users", c->trafficker));
    if (c->salesperson.n) doc_add_str(d, order, "salesperson", gam_name(op, "users", c->salesperson));
    doc_add_i64(d, order, "externalOrderId", gam_external_order_id(p->media_buy_id));
    doc_add_str_opt(d, order, "poNumber", p->po_number);
    add_notes(op, d, order);
    (void)gam_send(op, "POST", gam_below(op, "orders:batchCreate"), root);
}

int gam_order_usable(struct adapter_op *op, const struct gam_order *o)
{
    if (o->archived || str_is(o->status, "CANCELED") || str_is(o->status, "DELETED")) {
        (void)adapter_refuse(op, "order " STR_FMT " is %s in Ad Manager", STR_ARG(o->id),
                             o->archived ? "archived" : "canceled");
        return -1;
    }
    if (str_is(o->status, "DISAPPROVED")) {
        (void)adapter_refuse(op, "order " STR_FMT " was disapproved in Ad Manager", STR_ARG(o->id));
        return -1;
    }
    return 0;
}
