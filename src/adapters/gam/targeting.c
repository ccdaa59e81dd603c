/* What a package may be shown on and to whom, in Ad Manager's words: the product's settings (ad units, placements, keys and values) and
 * the buyer's targeting overlay (places, devices, how often), with the ids that needs.c has found. */
#include "adapters/gam/gam_targeting.h"

struct writing {
    struct adapter_op *op;
    const struct gam_needs *needs;
    const struct plan_package *p;
    yyjson_mut_doc *d;
    bool failed;
};

static struct str id_of(struct writing *w, const char *kind, struct str key, const char *member)
{
    const struct gam_need *n = gam_need_of(w->needs, kind, key);
    if (n && n->id.n) return n->id;
    adapter_problem_add(&w->op->problems, w->p->package_id, member, "Ad Manager has no %s \"" STR_FMT "\"", kind,
                        STR_ARG(text_cut(key, 80)));
    w->failed = true;
    return STR_NONE;
}

static void push_name(struct writing *w, yyjson_mut_val *list, const char *collection, struct str id)
{
    if (id.n) doc_push_str(w->d, list, gam_name(w->op, collection, id));
}

static void push_all(struct writing *w, yyjson_mut_val *list, yyjson_val *words, const char *kind, const char *member)
{
    size_t i, n;
    yyjson_val *v;
    const char *collection = gam_need_collection(kind);
    yyjson_arr_foreach(words, i, n, v) push_name(w, list, collection, id_of(w, kind, doc_text(v), member));
}

static void push_metros(struct writing *w, yyjson_mut_val *list, yyjson_val *metros)
{
    size_t i, n, k, m;
    yyjson_val *one, *v;
    char id[16];
    yyjson_arr_foreach(metros, i, n, one) {
        yyjson_arr_foreach(doc_arr(one, "values"), k, m, v) {
            if (gam_dma_id(doc_text(v), id)) push_name(w, list, "geoTargets", arena_dup(w->op->arena, str_from(id)));
        }
    }
}

static void push_postal(struct writing *w, yyjson_mut_val *list, yyjson_val *areas)
{
    size_t i, n, k, m;
    yyjson_val *area, *v;
    yyjson_arr_foreach(areas, i, n, area) {
        yyjson_arr_foreach(doc_arr(area, "values"), k, m, v) {
            struct str key = gam_postal_key(w->op->arena, area, doc_text(v));
            push_name(w, list, "geoTargets", id_of(w, "postal", key, "targeting_overlay/geo_postal_areas"));
        }
    }
}

static void keep_unless_empty(struct writing *w, yyjson_mut_val *to, const char *key, yyjson_mut_val *list)
{
    if (yyjson_mut_arr_size(list)) doc_add_val(w->d, to, key, list);
}

static void add_geo(struct writing *w, yyjson_mut_val *targeting, yyjson_val *o)
{
    yyjson_mut_val *in = yyjson_mut_arr(w->d), *out = yyjson_mut_arr(w->d), *geo = yyjson_mut_obj(w->d);
    push_all(w, in, doc_arr(o, "geo_countries"), "country", "targeting_overlay/geo_countries");
    push_all(w, in, doc_arr(o, "geo_regions"), "region", "targeting_overlay/geo_regions");
    push_metros(w, in, doc_arr(o, "geo_metros"));
    push_postal(w, in, doc_arr(o, "geo_postal_areas"));
    push_all(w, out, doc_arr(o, "geo_countries_exclude"), "country", "targeting_overlay/geo_countries_exclude");
    push_all(w, out, doc_arr(o, "geo_regions_exclude"), "region", "targeting_overlay/geo_regions_exclude");
    push_metros(w, out, doc_arr(o, "geo_metros_exclude"));
    keep_unless_empty(w, geo, "targetedGeos", in);
    keep_unless_empty(w, geo, "excludedGeos", out);
    if (yyjson_mut_obj_size(geo)) doc_add_val(w->d, targeting, "geoTargeting", geo);
}

static void push_units(struct writing *w, yyjson_mut_val *list, yyjson_val *words, bool descendants)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(words, i, n, v) {
        struct str id = id_of(w, "ad_unit", doc_text(v), "ad_units");
        if (!id.n) continue;
        yyjson_mut_val *unit = doc_push_obj(w->d, list);
        doc_add_str(w->d, unit, "adUnit", gam_name(w->op, "adUnits", id));
        doc_add_bool(w->d, unit, "includeDescendants", descendants);
    }
}

/* Something must be targeted: where the product names nothing, all of the network. */
static void add_inventory(struct writing *w, yyjson_mut_val *targeting, yyjson_val *s, struct str root)
{
    yyjson_mut_val *inv = doc_add_obj(w->d, targeting, "inventoryTargeting");
    yyjson_mut_val *units = yyjson_mut_arr(w->d), *places = yyjson_mut_arr(w->d), *not = yyjson_mut_arr(w->d);
    push_units(w, units, doc_arr(s, "ad_units"), doc_bool(s, "include_descendants", true));
    push_all(w, places, doc_arr(s, "placements"), "placement", "placements");
    push_units(w, not, doc_arr(s, "exclude_ad_units"), true);
    if (!yyjson_mut_arr_size(units) && !yyjson_mut_arr_size(places)) {
        yyjson_mut_val *unit = doc_push_obj(w->d, units);
        doc_add_str(w->d, unit, "adUnit", root);
        doc_add_bool(w->d, unit, "includeDescendants", true);
    }
    keep_unless_empty(w, inv, "targetedAdUnits", units);
    keep_unless_empty(w, inv, "targetedPlacements", places);
    keep_unless_empty(w, inv, "excludedAdUnits", not);
}

/* All keys must match, each with any of its values. */
static void add_keys(struct writing *w, yyjson_mut_val *targeting, yyjson_val *pairs)
{
    size_t i, n, k, m;
    yyjson_val *key, *values, *v;
    if (!yyjson_obj_size(pairs)) return;
    yyjson_mut_val *custom = doc_add_obj(w->d, targeting, "customTargeting");
    yyjson_mut_val *clause = doc_push_obj(w->d, doc_add_arr(w->d, custom, "customTargetingClauses"));
    yyjson_mut_val *literals = doc_add_arr(w->d, clause, "customTargetingLiterals");
    yyjson_obj_foreach(pairs, i, n, key, values) {
        struct str id = id_of(w, "key", doc_text(key), "key_values");
        if (!id.n) continue;
        yyjson_mut_val *l = doc_push_obj(w->d, literals);
        doc_add_str(w->d, l, "customTargetingKey", gam_name(w->op, "customTargetingKeys", id));
        yyjson_mut_val *list = doc_add_arr(w->d, l, "customTargetingValues");
        yyjson_arr_foreach(values, k, m, v) {
            struct str one = gam_value_key(w->op->arena, doc_text(key), doc_text(v));
            push_name(w, list, "customTargetingValues", id_of(w, "value", one, "key_values"));
        }
    }
}

static void push_devices(struct writing *w, yyjson_mut_val *list, yyjson_val *words)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(words, i, n, v) {
        const char *id = gam_device_id(doc_text(v));
        if (id) push_name(w, list, "deviceCategories", str_from(id));
    }
}

static void add_technology(struct writing *w, yyjson_mut_val *targeting, yyjson_val *o)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_mut_val *in = yyjson_mut_arr(w->d), *out = yyjson_mut_arr(w->d), *os = yyjson_mut_arr(w->d);
    push_devices(w, in, doc_arr(o, "device_type"));
    push_devices(w, out, doc_arr(o, "device_type_exclude"));
    yyjson_arr_foreach(doc_arr(o, "device_platform"), i, n, v) {
        const char *name = gam_platform_name(doc_text(v));
        if (name)
            push_name(w, os, "operatingSystems", id_of(w, "os", str_from(name), "targeting_overlay/device_platform"));
    }
    yyjson_mut_val *t = yyjson_mut_obj(w->d), *category = yyjson_mut_obj(w->d);
    keep_unless_empty(w, category, "targetedCategories", in);
    keep_unless_empty(w, category, "excludedCategories", out);
    if (yyjson_mut_obj_size(category)) doc_add_val(w->d, t, "deviceCategoryTargeting", category);
    if (yyjson_mut_arr_size(os)) {
        doc_add_val(w->d, doc_add_obj(w->d, t, "operatingSystemTargeting"), "targetedOperatingSystems", os);
    }
    if (yyjson_mut_obj_size(t)) doc_add_val(w->d, targeting, "technologyTargeting", t);
}

static void add_caps(struct writing *w, yyjson_mut_val *item, yyjson_val *cap)
{
    struct gam_cap caps[2];
    int n = gam_caps_of(cap, caps);
    if (n <= 0) return;
    yyjson_mut_val *list = doc_add_arr(w->d, item, "frequencyCaps");
    for (int i = 0; i < n; i++) {
        yyjson_mut_val *c = doc_push_obj(w->d, list);
        doc_add_str(w->d, c, "maxImpressions", arena_printf(w->op->arena, "%lld", (long long)caps[i].impressions));
        doc_add_str(w->d, c, "timeAmount", arena_printf(w->op->arena, "%lld", (long long)caps[i].amount));
        doc_add_str(w->d, c, "timeUnit", str_from(caps[i].unit));
    }
}

int gam_add_targeting(struct adapter_op *op, const struct gam_needs *needs, const struct plan_package *p,
                      struct str root_ad_unit, yyjson_mut_doc *d, yyjson_mut_val *item)
{
    struct writing w = { op, needs, p, d, false };
    yyjson_val *o = doc_read(op->arena, p->targeting), *s = doc_read(op->arena, p->settings);
    yyjson_mut_val *t = yyjson_mut_obj(d);
    add_inventory(&w, t, s, root_ad_unit);
    add_geo(&w, t, o);
    add_keys(&w, t, doc_obj(s, "key_values"));
    add_technology(&w, t, o);
    doc_add_val(d, item, "targeting", t);
    add_caps(&w, item, doc_obj(o, "frequency_cap"));
    return w.failed ? -1 : 0;
}
