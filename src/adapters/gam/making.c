/* An order and its advertiser, where they are not there yet. */
#include "adapters/gam/gam.h"

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
