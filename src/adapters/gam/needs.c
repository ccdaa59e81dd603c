/* Ids that a package's targeting and its product's settings need: found in the catalogue, else asked for; what was asked for is put
 * into the catalogue. */
#include "adapters/gam/gam_targeting.h"

struct gam_need *gam_need_of(const struct gam_needs *needs, const char *kind, struct str key)
{
    for (size_t i = 0; i < needs->n; i++) {
        if (strcmp(needs->list[i].kind, kind) == 0 && str_eq(needs->list[i].key, key)) return &needs->list[i];
    }
    return NULL;
}

static struct gam_need *need_add(struct arena *a, struct gam_needs *needs, const char *kind, struct str key)
{
    struct gam_need *there = gam_need_of(needs, kind, key);
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

static void need_postal(struct arena *a, struct gam_needs *needs, yyjson_val *areas)
{
    size_t i, n, k, m;
    yyjson_val *area, *v;
    yyjson_arr_foreach(areas, i, n, area) {
        yyjson_arr_foreach(doc_arr(area, "values"), k, m, v) {
            (void)need_add(a, needs, "postal", gam_postal_key(a, area, doc_text(v)));
        }
    }
}

static void need_values(struct arena *a, struct gam_needs *needs, yyjson_val *pairs)
{
    size_t i, n, k, m;
    yyjson_val *key, *values, *v;
    yyjson_obj_foreach(pairs, i, n, key, values) {
        (void)need_add(a, needs, "key", doc_text(key));
        yyjson_arr_foreach(values, k, m, v) {
            (void)need_add(a, needs, "value", gam_value_key(a, doc_text(key), doc_text(v)));
        }
    }
}

static void need_platforms(struct arena *a, struct gam_needs *needs, yyjson_val *list)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        const char *name = gam_platform_name(doc_text(v));
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

const char *gam_need_collection(const char *kind)
{
    return lists[list_of(kind)].collection;
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
    const struct gam_need *parent = gam_need_of(needs, "key", split_before(key, '='));
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
            strcmp(n->kind, "value") == 0 ? gam_need_of(needs, "key", split_before(n->key, '=')) : NULL;
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
