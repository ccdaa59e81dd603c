/* Targeting before the promise: what Ad Manager cannot say, and what is not there as far as the catalogue knows. */
#include "adapters/gam/gam_targeting.h"

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
            if (!gam_device_id(doc_text(v)))
                object(x, lists_of_devices[l], doc_text(v), "Ad Manager knows no such device");
        }
    }
    yyjson_arr_foreach(doc_arr(o, "device_platform"), i, n, v) {
        if (!gam_platform_name(doc_text(v)))
            object(x, "device_platform", doc_text(v), "Ad Manager knows no such platform");
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
                if (!gam_dma_id(doc_text(code), id))
                    object(x, metros[l], doc_text(code), "a DMA is named by three digits");
            }
        }
        yyjson_arr_foreach(doc_arr(o, regions[l]), i, n, v) {
            struct str own = doc_str(c->regions, arena_cstr(a, doc_text(v)));
            if (own.n || gam_region_name(doc_text(v), &name, &type)) continue;
            object(x, regions[l], doc_text(v), "this publisher has not said which place of Ad Manager that is");
        }
    }
    yyjson_arr_foreach(doc_arr(o, "geo_postal_areas"), i, n, v) {
        if (!gam_postal_known(v))
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
    struct gam_cap caps[2];
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
    if (gam_caps_of(doc_obj(o, "frequency_cap"), caps) < 0) {
        object(&x, "frequency_cap", STR("frequency_cap"),
               "it must count a person's, device's or cookie's impressions in "
               "minutes, hours, days, weeks, months or the campaign");
    }
    admit_inventory(&x, c, &a, catalog);
    arena_finish(&a);
}
