/* What is said before anything is promised: of a product's settings, and of a plan. */
#include "adapters/gam/gam_creative.h"

#include <stdio.h>

#define SIZES_MAX    16
#define PO_MAX       63
#define PACKAGES_MAX 100
#define LIST_MAX     200
#define PRIORITY_MAX 16

/* ---- a product's settings ---- */

struct checking {
    const struct adapter_catalog *catalog;
    struct adapter_problems *out;
};

static void mistake(const struct checking *c, const char *member, const char *what)
{
    adapter_problem_add(c->out, STR_NONE, member, "%s", what);
}

static bool there(const struct checking *c, const char *kind, struct str key)
{
    struct adapter_item item;
    if (!c->catalog->synced_at) return true; /* finding nothing means nothing */
    if (text_is_digits(key, GAM_ID_MAX) && c->catalog->get(c->catalog, kind, key, &item)) return true;
    return c->catalog->find(c->catalog, kind, key, &item);
}

/* A list of names (codes, ids) that the network is to have. */
static void check_names(const struct checking *c, yyjson_val *root, const char *member, const char *kind)
{
    char at[96];
    size_t i, n;
    yyjson_val *list = yyjson_obj_get(root, member), *v;
    if (!list) return;
    if (!yyjson_is_arr(list) || yyjson_arr_size(list) > LIST_MAX) {
        mistake(c, member, "it must be a list of at most 200 names");
        return;
    }
    yyjson_arr_foreach(list, i, n, v) {
        (void)snprintf(at, sizeof(at), "%s/%zu", member, i);
        if (!doc_text(v).n) {
            mistake(c, at, "it must be a name or an id, as a text");
        } else if (!there(c, kind, doc_text(v))) {
            adapter_problem_add(c->out, STR_NONE, at, "the network has no %s \"" STR_FMT "\"", kind,
                                STR_ARG(text_cut(doc_text(v), 80)));
        }
    }
}

static void check_values(const struct checking *c, struct arena *a, yyjson_val *key, yyjson_val *values)
{
    char at[96];
    size_t i, n;
    yyjson_val *v;
    (void)snprintf(at, sizeof(at), "key_values/" STR_FMT, STR_ARG(text_cut(doc_text(key), 60)));
    if (!yyjson_is_arr(values) || !yyjson_arr_size(values)) {
        mistake(c, at, "it must be a list of the key's values");
        return;
    }
    if (!there(c, "key", doc_text(key))) {
        mistake(c, at, "the network has no such targeting key");
        return;
    }
    yyjson_arr_foreach(values, i, n, v) {
        struct str name = arena_printf(a, STR_FMT "=" STR_FMT, STR_ARG(doc_text(key)), STR_ARG(doc_text(v)));
        if (doc_text(v).n && there(c, "value", name)) continue;
        adapter_problem_add(c->out, STR_NONE, at, "the key has no value \"" STR_FMT "\"",
                            STR_ARG(text_cut(doc_text(v), 80)));
    }
}

static void check_key_values(const struct checking *c, struct arena *a, yyjson_val *root)
{
    size_t i, n;
    yyjson_val *k, *v, *pairs = yyjson_obj_get(root, "key_values");
    if (!pairs) return;
    if (!yyjson_is_obj(pairs)) mistake(c, "key_values", "it must be an object: a list of values for each key");
    yyjson_obj_foreach(doc_obj(root, "key_values"), i, n, k, v) check_values(c, a, k, v);
}

static void check_sizes(const struct checking *c, yyjson_val *root)
{
    struct gam_size sizes[1];
    size_t i, n;
    yyjson_val *list = yyjson_obj_get(root, "sizes"), *v;
    if (!list) return;
    if (!yyjson_is_arr(list)) mistake(c, "sizes", "it must be a list like [\"300x250\"]");
    yyjson_arr_foreach(doc_arr(root, "sizes"), i, n, v) {
        struct str text = doc_text(v);
        char json[64];
        int w = snprintf(json, sizeof(json), "{\"sizes\":[\"" STR_FMT "\"]}", STR_ARG(text_cut(text, 20)));
        struct plan_package p = { .settings = { json, (size_t)w } };
        if (gam_sizes_of(&p, sizes, 1) == 0)
            mistake(c, "sizes", "a size is a width and a height in pixels: \"300x250\"");
    }
}

static void check_type(const struct checking *c, yyjson_val *root)
{
    struct str type = doc_str(root, "line_item_type");
    bool known = false;
    for (int i = 0; i < GAM_TYPES_N; i++) known = known || str_is(type, gam_type_name((enum gam_type)i));
    if (doc_has(root, "line_item_type") && !known) {
        mistake(c, "line_item_type", "it must be SPONSORSHIP, STANDARD, NETWORK, BULK or PRICE_PRIORITY");
    }
    int64_t priority = doc_i64(root, "priority", 1);
    if (doc_has(root, "priority") && (priority < 1 || priority > PRIORITY_MAX)) {
        mistake(c, "priority", "it must be a whole number from 1 to 16, within what the type allows");
    }
    if (doc_has(root, "include_descendants") && !yyjson_is_bool(yyjson_obj_get(root, "include_descendants"))) {
        mistake(c, "include_descendants", "it must be true or false");
    }
}

void gam_check_product(const void *config, struct str json, const struct adapter_catalog *catalog,
                       struct adapter_problems *out)
{
    static const char *const known[] = { "name",
                                         "ad_units",
                                         "exclude_ad_units",
                                         "include_descendants",
                                         "placements",
                                         "key_values",
                                         "sizes",
                                         "line_item_type",
                                         "priority",
                                         "template",
                                         NULL };
    struct checking c = { catalog, out };
    struct arena a;
    struct err e;
    (void)config;
    if (!json.n) return;
    arena_init(&a);
    yyjson_val *root = doc_read(&a, json);
    if (!yyjson_is_obj(root)) {
        mistake(&c, "", "a product's settings for Google Ad Manager must be an object");
    } else {
        if (doc_only(root, "", known, &e)) mistake(&c, e.field[0] == '/' ? e.field + 1 : e.field, e.message);
        check_names(&c, root, "ad_units", "ad_unit");
        check_names(&c, root, "exclude_ad_units", "ad_unit");
        check_names(&c, root, "placements", "placement");
        check_key_values(&c, &a, root);
        check_sizes(&c, root);
        check_type(&c, root);
        gam_template_check(root, catalog, out);
    }
    arena_finish(&a);
}

/* ---- a plan ---- */

static void admit_creative_room(const struct plan_package *p, struct adapter_problems *out)
{
    struct gam_size sizes[SIZES_MAX];
    if (gam_sizes_of(p, sizes, SIZES_MAX)) return;
    adapter_problem_add(out, p->package_id, "format_ids",
                        "a line item needs sizes, and neither the formats nor the product's settings name one");
}

static void admit_package(const struct gam_config *c, const struct plan_package *p,
                          const struct adapter_catalog *catalog, struct adapter_problems *out)
{
    struct gam_deal deal;
    const char *member, *why;
    if (p->end_at <= p->start_at)
        adapter_problem_add(out, p->package_id, "end_time", "the flight ends before it starts");
    else if (!gam_deal_of(p, STR_NONE, &deal, &member, &why))
        adapter_problem_add(out, p->package_id, member, "%s", why);
    if (p->medium == MEDIUM_DOOH || p->medium == MEDIUM_BROADCAST) {
        adapter_problem_add(out, p->package_id, "product_id", "Google Ad Manager does not deliver %s",
                            plan_medium_name(p->medium));
    }
    if (p->daily_budget_micros || p->daily_impressions) {
        adapter_problem_add(out, p->package_id, "ext/salesagent",
                            "a line item that has a goal for its flight has no limit of a day in Ad Manager");
    }
    admit_creative_room(p, out);
    gam_admit_targeting(c, p, catalog, out);
}

void gam_admit(const void *config, const struct plan *plan, const struct adapter_catalog *catalog,
               struct adapter_problems *out)
{
    const struct gam_config *c = config;
    struct adapter_item item;
    if (plan->packages_n == 0) adapter_problem_add(out, STR_NONE, "packages", "there is nothing to book");
    if (plan->packages_n > PACKAGES_MAX) {
        adapter_problem_add(out, STR_NONE, "packages", "an order is made of at most %d line items here", PACKAGES_MAX);
    }
    if (catalog->synced_at && !catalog->find(catalog, "currency", str_from(plan->currency), &item)) {
        adapter_problem_add(out, STR_NONE, "currency", "the Ad Manager network does not sell in %s", plan->currency);
    }
    if (!plan->advertiser_remote_id.n && !plan->advertiser.n) {
        adapter_problem_add(out, STR_NONE, "brand", "nobody is named as the advertiser of the order");
    }
    if (plan->po_number.n > PO_MAX) {
        adapter_problem_add(out, STR_NONE, "po_number", "Ad Manager takes %d characters at most", PO_MAX);
    }
    for (size_t i = 0; i < plan->packages_n; i++) admit_package(c, &plan->packages[i], catalog, out);
}
