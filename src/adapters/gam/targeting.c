/* What a package may be shown on and to whom: the product's settings (ad units, placements, keys and values) and the
 * buyer's targeting overlay (places, devices, how often), in Ad Manager's ids.
 *
 * Ids are found in the catalogue, else asked for; what was asked for is put into the catalogue. Places of the United
 * States' DMA regions and kinds of devices have ids that follow from a rule or do not change. */
#include "adapters/gam/gam.h"

#include "base/buf.h"

/* ---- words and ids ---- */

static const struct {
    const char *word, *id;
} devices[] = { { "desktop", "30000" }, { "mobile", "30001" }, { "tablet", "30002" }, { "ctv", "30004" } };

static const struct {
    const char *word, *name;
} platforms[] = {
    { "ios", "Apple iOS" },   { "android", "Android" }, { "windows", "Windows" },
    { "macos", "Macintosh" }, { "linux", "Linux" },     { "chromeos", "Chrome OS" },
};

static const char *device_id(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        if (str_is(word, devices[i].word)) return devices[i].id;
    }
    return NULL;
}

static const char *platform_name(struct str word)
{
    for (size_t i = 0; i < ARRAY_LEN(platforms); i++) {
        if (str_is(word, platforms[i].word)) return platforms[i].name;
    }
    return NULL;
}

/* Google's id of a Nielsen DMA region is 200000 and its number: 501 -> "200501". */
static bool dma_id(struct str code, char out[16])
{
    if (code.n != 3 || !text_is_digits(code, 3)) return false;
    memcpy(out, "200", 3);
    memcpy(out + 3, code.p, 3);
    out[6] = 0;
    return true;
}

/* ---- needs ---- */

static struct gam_need *need_of(const struct gam_needs *needs, const char *kind, struct str key)
{
    for (size_t i = 0; i < needs->n; i++) {
        if (strcmp(needs->list[i].kind, kind) == 0 && str_eq(needs->list[i].key, key)) return &needs->list[i];
    }
    return NULL;
}

static struct gam_need *need_add(struct arena *a, struct gam_needs *needs, const char *kind, struct str key)
{
    struct gam_need *there = need_of(needs, kind, key);
    if (there) return there;
    if (needs->n == needs->cap) {
        size_t cap = needs->cap ? 2 * needs->cap : 16;
        struct gam_need *more = ARENA_ARRAY(a, struct gam_need, cap);
        if (needs->n) memcpy(more, needs->list, needs->n * sizeof(*more));
        needs->list = more;
        needs->cap = cap;
    }
    needs->list[needs->n] = (struct gam_need){ .kind = kind, .key = arena_dup(a, key), .asked = -1 };
    return &needs->list[needs->n++];
}

/* What is named by its id needs no look-up. */
static void need_item(struct arena *a, struct gam_needs *needs, const char *kind, struct str key)
{
    struct gam_need *n = need_add(a, needs, kind, key);
    if (text_is_digits(key, GAM_ID_MAX)) n->id = n->key;
}

static void need_list(struct arena *a, struct gam_needs *needs, const char *kind, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) need_item(a, needs, kind, doc_text(v));
}

static void need_regions(struct arena *a, const struct gam_config *c, struct gam_needs *needs, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        struct gam_need *one = need_add(a, needs, "region", doc_text(v));
        struct str own = doc_str(c->regions, arena_cstr(a, doc_text(v)));
        if (own.n) one->id = own;
    }
}

/* "US:10001" of { system: "us_zip" } or { country: "US", system: "zip" }. */
static struct str postal_country(yyjson_val *area, char out[3])
{
    struct str country = doc_str(area, "country"), system = doc_str(area, "system");
    struct str two = country.n == 2 ? country : (struct str){ system.p, system.n < 2 ? system.n : 2 };
    for (size_t i = 0; i < 2; i++) {
        char c = i < two.n ? two.p[i] : '?';
        out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    out[2] = 0;
    return (struct str){ out, 2 };
}

/* Systems whose codes Ad Manager lists one by one. */
static bool postal_known(yyjson_val *area)
{
    static const char *const systems[] = { "us_zip", "de_plz", "fr_code_postal", "au_postcode",
                                           "zip",    "plz",    "code_postal",    "postcode" };
    for (size_t i = 0; i < ARRAY_LEN(systems); i++) {
        if (str_is(doc_str(area, "system"), systems[i])) return true;
    }
    return false;
}

static struct str postal_key(struct arena *a, yyjson_val *area, struct str code)
{
    char country[3];
    struct str c = postal_country(area, country);
    return arena_printf(a, STR_FMT ":" STR_FMT, STR_ARG(c), STR_ARG(code));
}

static void need_postal(struct arena *a, struct gam_needs *needs, yyjson_val *areas)
{
    size_t i, n, k, m;
    yyjson_val *area, *v;
    yyjson_arr_foreach(areas, i, n, area) {
        yyjson_arr_foreach(doc_arr(area, "values"), k, m, v) {
            (void)need_add(a, needs, "postal", postal_key(a, area, doc_text(v)));
        }
    }
}

static struct str value_key(struct arena *a, struct str key, struct str value)
{
    return arena_printf(a, STR_FMT "=" STR_FMT, STR_ARG(key), STR_ARG(value));
}

static void need_values(struct arena *a, struct gam_needs *needs, yyjson_val *pairs)
{
    size_t i, n, k, m;
    yyjson_val *key, *values, *v;
    yyjson_obj_foreach(pairs, i, n, key, values) {
        (void)need_add(a, needs, "key", doc_text(key));
        yyjson_arr_foreach(values, k, m, v) {
            (void)need_add(a, needs, "value", value_key(a, doc_text(key), doc_text(v)));
        }
    }
}

static void need_platforms(struct arena *a, struct gam_needs *needs, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        const char *name = platform_name(doc_text(v));
        if (name) (void)need_add(a, needs, "os", str_from(name));
    }
}

void gam_needs_of(struct arena *a, const struct gam_config *c, const struct plan_package *p, struct gam_needs *needs)
{
    yyjson_val *o = doc_read(a, p->targeting), *s = doc_read(a, p->settings);
    need_list(a, needs, "country", doc_arr(o, "geo_countries"));
    need_list(a, needs, "country", doc_arr(o, "geo_countries_exclude"));
    need_regions(a, c, needs, doc_arr(o, "geo_regions"));
    need_regions(a, c, needs, doc_arr(o, "geo_regions_exclude"));
    need_postal(a, needs, doc_arr(o, "geo_postal_areas"));
    need_platforms(a, needs, doc_arr(o, "device_platform"));
    need_list(a, needs, "ad_unit", doc_arr(s, "ad_units"));
    need_list(a, needs, "ad_unit", doc_arr(s, "exclude_ad_units"));
    need_list(a, needs, "placement", doc_arr(s, "placements"));
    need_values(a, needs, doc_obj(s, "key_values"));
}

/* ---- asking ---- */

static struct str split_before(struct str s, char c)
{
    const char *at = memchr(s.p, c, s.n);
    return at ? (struct str){ s.p, (size_t)(at - s.p) } : s;
}

static struct str split_after(struct str s, char c)
{
    struct str head = split_before(s, c);
    return str_skip(s, head.n + 1);
}

/* Kind -> where it is listed, and by which member its name is known. */
static const struct {
    const char *kind, *collection, *member;
} lists[] = {
    { "country", "geoTargets", "geoTargets" },
    { "region", "geoTargets", "geoTargets" },
    { "postal", "geoTargets", "geoTargets" },
    { "ad_unit", "adUnits", "adUnits" },
    { "placement", "placements", "placements" },
    { "key", "customTargetingKeys", "customTargetingKeys" },
    { "value", "customTargetingValues", "customTargetingValues" },
    { "os", "operatingSystems", "operatingSystems" },
};

static size_t list_of(const char *kind)
{
    size_t i = 0;
    while (strcmp(lists[i].kind, kind) != 0) i++;
    return i;
}

/* Empty when it cannot be asked yet (a value, before its key is known) or at all. */
static struct str filter_of(struct adapter_op *op, const struct gam_needs *needs, const struct gam_need *n)
{
    struct arena *a = op->arena;
    const char *name, *type;
    struct str key = n->key, quoted = gam_quoted(a, key);
    if (strcmp(n->kind, "country") == 0) {
        return arena_printf(a, "type = \"Country\" AND regionCode = " STR_FMT, STR_ARG(quoted));
    }
    if (strcmp(n->kind, "region") == 0) {
        if (!gam_region_name(key, &name, &type)) return STR_NONE;
        return arena_printf(a, "type = \"%s\" AND regionCode = \"%.2s\" AND displayName = \"%s\"", type, key.p, name);
    }
    if (strcmp(n->kind, "postal") == 0) {
        struct str country = gam_quoted(a, split_before(key, ':')), code = gam_quoted(a, split_after(key, ':'));
        return arena_printf(a, "type = \"Postal Code\" AND regionCode = " STR_FMT " AND displayName = " STR_FMT,
                            STR_ARG(country), STR_ARG(code));
    }
    if (strcmp(n->kind, "ad_unit") == 0) return arena_printf(a, "adUnitCode = " STR_FMT, STR_ARG(quoted));
    if (strcmp(n->kind, "placement") == 0) {
        return arena_printf(a, "(placementCode = " STR_FMT " OR displayName = " STR_FMT ")", STR_ARG(quoted),
                            STR_ARG(quoted));
    }
    if (strcmp(n->kind, "key") == 0) return arena_printf(a, "adTagName = " STR_FMT, STR_ARG(quoted));
    if (strcmp(n->kind, "os") == 0) return arena_printf(a, "displayName = " STR_FMT, STR_ARG(quoted));
    const struct gam_need *parent = need_of(needs, "key", split_before(key, '='));
    if (!parent || !parent->id.n) return STR_NONE;
    struct str of = gam_quoted(a, gam_name(op, "customTargetingKeys", parent->id));
    struct str value = gam_quoted(a, split_after(key, '='));
    return arena_printf(a, "customTargetingKey = " STR_FMT " AND adTagName = " STR_FMT, STR_ARG(of), STR_ARG(value));
}

static void look_up(const struct adapter_catalog *catalog, struct gam_need *n)
{
    struct adapter_item item;
    if (!n->id.n && catalog->find(catalog, n->kind, n->key, &item)) n->id = item.remote_id;
}

int gam_needs_ask(struct adapter_op *op, struct gam_needs *needs)
{
    for (size_t i = 0; i < needs->n; i++) look_up(op->catalog, &needs->list[i]);
    for (size_t i = 0; i < needs->n && op->calls_n < ADAPTER_CALLS_MAX; i++) {
        struct gam_need *n = &needs->list[i];
        if (n->id.n || n->missing) continue;
        const struct gam_need *parent =
            strcmp(n->kind, "value") == 0 ? need_of(needs, "key", split_before(n->key, '=')) : NULL;
        struct str filter = filter_of(op, needs, n);
        if (filter.n) {
            n->asked = op->calls_n;
            struct gam_list l = { lists[list_of(n->kind)].collection, filter, STR_NONE, 10 };
            (void)gam_list(op, &l);
        } else if (!parent || parent->missing) {
            n->missing = true;
        }
    }
    return op->calls_n;
}

/* Of what a filter finds, the one that can be used. */
static bool usable(const struct gam_need *n, yyjson_val *v)
{
    struct str status = doc_str(v, "status");
    if (status.n && !str_is(status, "ACTIVE")) return false;
    if (!doc_bool(v, "targetable", true)) return false;
    return strcmp(n->kind, "ad_unit") != 0 || str_eq(doc_str(v, "adUnitCode"), n->key);
}

int gam_needs_heard(struct adapter_op *op, struct gam_needs *needs)
{
    for (size_t i = 0; i < needs->n; i++) {
        struct gam_need *n = &needs->list[i];
        yyjson_val *root, *v;
        size_t k, m;
        if (n->id.n || n->missing || n->asked < 0 || n->asked >= op->answers_n) continue;
        if (gam_read(op, &op->answers[n->asked], "read what can be targeted", &root)) return -1;
        n->asked = -1;
        yyjson_arr_foreach(doc_arr(root, lists[list_of(n->kind)].member), k, m, v) {
            if (n->id.n || !usable(n, v)) continue;
            n->id = gam_id(doc_str(v, "name"));
            struct adapter_item item = {
                .kind = str_from(n->kind), .remote_id = n->id, .key = n->key, .name = doc_str(v, "displayName")
            };
            if (n->id.n) adapter_item_add(op, &item);
        }
        n->missing = !n->id.n;
    }
    return 0;
}

/* ---- in Ad Manager's words ---- */

struct writing {
    struct adapter_op *op;
    const struct gam_needs *needs;
    const struct plan_package *p;
    yyjson_mut_doc *d;
    bool failed;
};

static struct str id_of(struct writing *w, const char *kind, struct str key, const char *member)
{
    const struct gam_need *n = need_of(w->needs, kind, key);
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
    const char *collection = lists[list_of(kind)].collection;
    yyjson_arr_foreach(words, i, n, v) push_name(w, list, collection, id_of(w, kind, doc_text(v), member));
}

static void push_metros(struct writing *w, yyjson_mut_val *list, yyjson_val *metros)
{
    size_t i, n, k, m;
    yyjson_val *one, *v;
    char id[16];
    yyjson_arr_foreach(metros, i, n, one) {
        yyjson_arr_foreach(doc_arr(one, "values"), k, m, v) {
            if (dma_id(doc_text(v), id)) push_name(w, list, "geoTargets", arena_dup(w->op->arena, str_from(id)));
        }
    }
}

static void push_postal(struct writing *w, yyjson_mut_val *list, yyjson_val *areas)
{
    size_t i, n, k, m;
    yyjson_val *area, *v;
    yyjson_arr_foreach(areas, i, n, area) {
        yyjson_arr_foreach(doc_arr(area, "values"), k, m, v) {
            struct str key = postal_key(w->op->arena, area, doc_text(v));
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
            struct str one = value_key(w->op->arena, doc_text(key), doc_text(v));
            push_name(w, list, "customTargetingValues", id_of(w, "value", one, "key_values"));
        }
    }
}

static void push_devices(struct writing *w, yyjson_mut_val *list, yyjson_val *words)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(words, i, n, v) {
        const char *id = device_id(doc_text(v));
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
        const char *name = platform_name(doc_text(v));
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

/* ---- how often ---- */

static bool time_unit(struct str unit, const char **out)
{
    static const struct {
        const char *ours, *theirs;
    } units[] = { { "minutes", "MINUTE" }, { "hours", "HOUR" },   { "days", "DAY" },
                  { "weeks", "WEEK" },     { "months", "MONTH" }, { "campaign", "LIFETIME" } };
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (!str_is(unit, units[i].ours)) continue;
        *out = units[i].theirs;
        return true;
    }
    return false;
}

struct cap {
    int64_t impressions, amount;
    const char *unit;
};

/* The caps of an overlay; -1 when one of them cannot be said. */
static int caps_of(yyjson_val *cap, struct cap out[2])
{
    int n = 0;
    yyjson_val *suppress = doc_obj(cap, "suppress"), *window = doc_obj(cap, "window");
    if (suppress) {
        out[n] = (struct cap){ 1, doc_i64(suppress, "interval", 0), NULL };
        if (!time_unit(doc_str(suppress, "unit"), &out[n].unit) || out[n].amount < 1) return -1;
        n++;
    } else if (doc_has(cap, "suppress_minutes")) {
        out[n] = (struct cap){ 1, (int64_t)doc_real(cap, "suppress_minutes", 0), "MINUTE" };
        if (out[n].amount >= 1) n++;
    }
    if (doc_has(cap, "max_impressions")) {
        out[n] = (struct cap){ doc_i64(cap, "max_impressions", 0), doc_i64(window, "interval", 1), NULL };
        struct str per = doc_str(cap, "per");
        bool a_person = !per.n || str_is(per, "individuals") || str_is(per, "devices") || str_is(per, "cookies");
        if (!a_person || !time_unit(doc_str(window, "unit"), &out[n].unit)) return -1;
        if (out[n].impressions < 1 || out[n].amount < 1) return -1;
        n++;
    }
    return n;
}

static void add_caps(struct writing *w, yyjson_mut_val *item, yyjson_val *cap)
{
    struct cap caps[2];
    int n = caps_of(cap, caps);
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

/* ---- before the promise ---- */

static bool member_known(struct str name)
{
    static const char *const known[] = {
        "geo_countries",
        "geo_countries_exclude",
        "geo_regions",
        "geo_regions_exclude",
        "geo_metros",
        "geo_metros_exclude",
        "geo_postal_areas",
        "device_type",
        "device_type_exclude",
        "device_platform",
        "frequency_cap",
        "ext",
        "context",
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (str_is(name, known[i])) return true;
    }
    return false;
}

static bool says_something(yyjson_val *v)
{
    return !yyjson_is_null(v) && !(yyjson_is_ctn(v) && yyjson_get_len(v) == 0);
}

struct admitting {
    const struct plan_package *p;
    struct adapter_problems *out;
};

static void object(const struct admitting *x, const char *member, struct str word, const char *why)
{
    char at[96] = "targeting_overlay/";
    size_t n = strlen(member);
    if (n < sizeof(at) - 19) memcpy(at + 18, member, n + 1);
    adapter_problem_add(x->out, x->p->package_id, at, "\"" STR_FMT "\": %s", STR_ARG(text_cut(word, 60)), why);
}

static void admit_words(const struct admitting *x, yyjson_val *o)
{
    static const char *const lists_of_devices[] = { "device_type", "device_type_exclude" };
    size_t i, n;
    yyjson_val *v;
    for (size_t l = 0; l < ARRAY_LEN(lists_of_devices); l++) {
        yyjson_arr_foreach(doc_arr(o, lists_of_devices[l]), i, n, v) {
            if (!device_id(doc_text(v))) object(x, lists_of_devices[l], doc_text(v), "Ad Manager knows no such device");
        }
    }
    yyjson_arr_foreach(doc_arr(o, "device_platform"), i, n, v) {
        if (!platform_name(doc_text(v))) object(x, "device_platform", doc_text(v), "Ad Manager knows no such platform");
    }
}

static void admit_places(const struct admitting *x, const struct gam_config *c, struct arena *a, yyjson_val *o)
{
    static const char *const metros[] = { "geo_metros", "geo_metros_exclude" };
    static const char *const regions[] = { "geo_regions", "geo_regions_exclude" };
    size_t i, n, k, m;
    yyjson_val *v, *code;
    const char *name, *type;
    char id[16];
    for (size_t l = 0; l < 2; l++) {
        yyjson_arr_foreach(doc_arr(o, metros[l]), i, n, v) {
            bool dma = str_is(doc_str(v, "system"), "nielsen_dma");
            if (!dma) object(x, metros[l], doc_str(v, "system"), "Ad Manager knows metros of nielsen_dma only");
            yyjson_arr_foreach(dma ? doc_arr(v, "values") : NULL, k, m, code) {
                if (!dma_id(doc_text(code), id)) object(x, metros[l], doc_text(code), "a DMA is named by three digits");
            }
        }
        yyjson_arr_foreach(doc_arr(o, regions[l]), i, n, v) {
            struct str own = doc_str(c->regions, arena_cstr(a, doc_text(v)));
            if (own.n || gam_region_name(doc_text(v), &name, &type)) continue;
            object(x, regions[l], doc_text(v), "this publisher has not said which place of Ad Manager that is");
        }
    }
    yyjson_arr_foreach(doc_arr(o, "geo_postal_areas"), i, n, v) {
        if (!postal_known(v))
            object(x, "geo_postal_areas", doc_str(v, "system"), "Ad Manager does not list such codes");
    }
}

/* Only what a complete reading of the inventory would have found. */
static void admit_inventory(const struct admitting *x, const struct gam_config *c, struct arena *a,
                            const struct adapter_catalog *catalog)
{
    static const struct {
        const char *kind, *member, *what;
    } kinds[] = {
        { "country", "targeting_overlay/geo_countries", "country" },
        { "region", "targeting_overlay/geo_regions", "region" },
        { "ad_unit", "product_id", "ad unit" },
        { "placement", "product_id", "placement" },
        { "key", "product_id", "targeting key" },
        { "value", "product_id", "targeting value" },
    };
    struct gam_needs needs = { .n = 0 };
    struct adapter_item item;
    if (!catalog->synced_at) return;
    gam_needs_of(a, c, x->p, &needs);
    for (size_t i = 0; i < needs.n; i++) {
        const struct gam_need *n = &needs.list[i];
        size_t k = 0;
        while (k < ARRAY_LEN(kinds) && strcmp(kinds[k].kind, n->kind) != 0) k++;
        if (k == ARRAY_LEN(kinds)) continue;
        if (n->id.n ? catalog->get(catalog, n->kind, n->id, &item) : catalog->find(catalog, n->kind, n->key, &item))
            continue;
        if (n->id.n && strcmp(n->kind, "region") == 0) continue; /* the publisher's own word for it */
        adapter_problem_add(x->out, x->p->package_id, kinds[k].member, "Ad Manager has no %s \"" STR_FMT "\"",
                            kinds[k].what, STR_ARG(text_cut(n->key, 80)));
    }
}

void gam_admit_targeting(const struct gam_config *c, const struct plan_package *p,
                         const struct adapter_catalog *catalog, struct adapter_problems *out)
{
    struct arena a;
    struct admitting x = { p, out };
    struct cap caps[2];
    yyjson_val *k, *v;
    size_t i, n;
    arena_init(&a);
    yyjson_val *o = doc_read(&a, p->targeting);
    yyjson_obj_foreach(o, i, n, k, v) {
        if (says_something(v) && !member_known(doc_text(k))) {
            object(&x, yyjson_get_str(k), doc_text(k), "Google Ad Manager's API cannot target by this");
        }
    }
    admit_words(&x, o);
    admit_places(&x, c, &a, o);
    if (caps_of(doc_obj(o, "frequency_cap"), caps) < 0) {
        object(&x, "frequency_cap", STR("frequency_cap"),
               "it must count a person's, device's or cookie's impressions in "
               "minutes, hours, days, weeks, months or the campaign");
    }
    admit_inventory(&x, c, &a, catalog);
    arena_finish(&a);
}
