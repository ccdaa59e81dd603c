/* The campaign of a plan and its flights, as they stand over there. */
#include "adapters/kevel/kevel.h"

void kevel_campaign_ask(struct adapter_op *op)
{
    const struct plan *p = op->plan;
    if (kevel_number(p->remote_id) > 0) {
        (void)kevel_get(op, arena_printf(op->arena, "/v1/campaign/" STR_FMT, STR_ARG(p->remote_id)));
        return;
    }
    (void)kevel_search(op, "/v1/campaign/search", "campaignName",
                       arena_printf(op->arena, "[" STR_FMT "]", STR_ARG(p->media_buy_id)));
}

static void read_campaign(struct adapter_op *op, yyjson_val *v, struct kevel_campaign *out)
{
    out->id = kevel_id(op->arena, v, "Id");
    out->advertiser = kevel_id(op->arena, v, "AdvertiserId");
    out->shown = v;
    out->archived = doc_bool(v, "IsArchived", false);
    out->active = doc_bool(v, "IsActive", false);
}

int kevel_campaign_heard(struct adapter_op *op, const struct http_call *answer, struct kevel_campaign *out)
{
    yyjson_val *root, *v;
    size_t i, n;
    bool by_id = kevel_number(op->plan->remote_id) > 0;
    *out = (struct kevel_campaign){ .flights_n = 0 };
    if (by_id && call_is_missing(answer)) return 0;
    if (kevel_read(op, answer, "read campaigns", &root)) return -1;
    if (by_id && !doc_bool(root, "IsDeleted", false)) read_campaign(op, root, out);
    yyjson_arr_foreach(by_id ? NULL : doc_arr(root, "items"), i, n, v) {
        bool ours = title_has_tag(doc_str(v, "Name"), op->plan->media_buy_id) && !doc_bool(v, "IsDeleted", false);
        if (ours && !(out->id.n && doc_bool(v, "IsArchived", false))) read_campaign(op, v, out);
    }
    return 0;
}

void kevel_flights_ask(struct adapter_op *op, const struct kevel_campaign *c)
{
    (void)kevel_get(op, arena_printf(op->arena, "/v1/campaign/" STR_FMT "/flight", STR_ARG(c->id)));
}

static const struct plan_package *package_of(const struct plan *plan, const struct kevel_flight *f)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        if (p->remote_id.n ? str_eq(p->remote_id, f->id) : title_has_tag(f->name, p->package_id)) return p;
    }
    return NULL;
}

int kevel_flights_heard(struct adapter_op *op, const struct http_call *answer, struct kevel_campaign *c)
{
    yyjson_val *root, *v;
    size_t i, n;
    if (kevel_read(op, answer, "read flights", &root)) return -1;
    yyjson_val *items = doc_arr(root, "items");
    c->flights = ARENA_ARRAY(op->arena, struct kevel_flight, yyjson_arr_size(items) + op->plan->packages_n + 1);
    yyjson_arr_foreach(items, i, n, v) {
        struct kevel_flight f = { .id = kevel_id(op->arena, v, "Id"),
                                  .name = doc_str(v, "Name"),
                                  .shown = v,
                                  .active = doc_bool(v, "IsActive", false),
                                  .archived = doc_bool(v, "IsArchived", false) };
        if (!f.id.n || doc_bool(v, "IsDeleted", false)) continue;
        f.package = package_of(op->plan, &f);
        kevel_recall(op, f.id, &f.memory);
        c->flights[c->flights_n++] = f;
    }
    return 0;
}

struct kevel_flight *kevel_flight_of(struct kevel_campaign *c, const struct plan_package *p)
{
    for (size_t i = 0; i < c->flights_n; i++) {
        if (c->flights[i].package == p) return &c->flights[i];
    }
    return NULL;
}

void kevel_campaign_put(struct adapter_op *op, const struct kevel_campaign *c, bool active, bool archived)
{
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_mut_doc *d = doc_new(op->arena);
    yyjson_mut_val *root = doc_root(d);
    yyjson_obj_foreach(c->shown, i, n, k, v) {
        const char *name = yyjson_get_str(k);
        bool ours = strcmp(name, "IsActive") == 0 || strcmp(name, "IsArchived") == 0 || strcmp(name, "Flights") == 0;
        if (!ours) doc_add_copy(d, root, name, v);
    }
    doc_add_bool(d, root, "IsActive", active);
    doc_add_bool(d, root, "IsArchived", archived);
    (void)kevel_send(op, "PUT", arena_printf(op->arena, "/v1/campaign/" STR_FMT, STR_ARG(c->id)), root);
}
