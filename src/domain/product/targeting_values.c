/* See targeting_values.h. */
#include "domain/product/targeting_values.h"

#include "contract/document.h"
#include "store/q/q_buyer_object.h"
#include "store/q/q_catalog.h"

#define AUDIENCE_MINIMUM 100 /* unless the publisher's "minimum_audience_size" says otherwise */

/* ---- places ---- */

static bool is_country(struct str s)
{
    return s.n == 2 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'A' && s.p[1] <= 'Z';
}

static bool any_in(yyjson_val *places, struct str country)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(places, i, n, v) {
        if (str_starts(json_val_str(v), country)) return true; /* "US" and "US-CA" */
    }
    return false;
}

bool product_sold_in(const struct product *p, yyjson_val *countries, yyjson_val *regions)
{
    yyjson_val *sold = json_arr(p->doc, "countries"), *v;
    size_t i, n;
    bool says = false;
    if (yyjson_arr_size(sold) == 0) sold = json_arr(json_get_path(p->doc, "/ext/salesagent/targeting"), "geographic");
    if (!countries && !regions) return true;
    yyjson_arr_foreach(sold, i, n, v) {
        struct str country = json_val_str(v);
        if (!is_country(country)) continue; /* a publisher's own word for a place */
        says = true;
        if (any_in(countries, country) || any_in(regions, country)) return true;
    }
    return !says;
}

static int no_place(struct str code, const char *kind, struct err *e)
{
    (void)err_set(e, "VALIDATION_ERROR", STR_FMT " is no %s.", STR_ARG(code), kind);
    if (str_is(code, "UK")) return err_suggest(e, "The United Kingdom is GB.");
    return err_suggest(e, "Use ISO 3166 codes: US for a country, US-CA for a region of it.");
}

static int places_exist(yyjson_val *overlay, struct str at, struct err *e)
{
    static const struct {
        const char *member, *kind;
        bool (*exists)(struct str code);
    } lists[] = {
        { "geo_countries", "country", country_exists },
        { "geo_countries_exclude", "country", country_exists },
        { "geo_regions", "region", region_exists },
        { "geo_regions_exclude", "region", region_exists },
    };
    yyjson_val *v;
    size_t i, n;
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        yyjson_arr_foreach(json_arr(overlay, lists[k].member), i, n, v) {
            if (lists[k].exists(json_val_str(v))) continue;
            (void)no_place(json_val_str(v), lists[k].kind, e);
            return err_field(e, STR_FMT "/%s/%zu", STR_ARG(at), lists[k].member, i);
        }
    }
    return 0;
}

/* What get_adcp_capabilities declares. */
static int metros_declared(yyjson_val *overlay, struct str at, struct err *e)
{
    static const char *const members[] = { "geo_metros", "geo_metros_exclude" };
    yyjson_val *v;
    size_t i, n;
    for (size_t k = 0; k < ARRAY_LEN(members); k++) {
        yyjson_arr_foreach(json_arr(overlay, members[k]), i, n, v) {
            if (str_is(json_str(v, "system"), "nielsen_dma")) continue;
            (void)err_set(e, "UNSUPPORTED_FEATURE", "Metro areas are those of nielsen_dma here.");
            (void)err_suggest(e, "get_adcp_capabilities lists the systems that are supported.");
            return err_field(e, STR_FMT "/%s/%zu/system", STR_ARG(at), members[k], i);
        }
    }
    return 0;
}

static int sold_there(const struct product *p, yyjson_val *overlay, struct str at, struct err *e)
{
    yyjson_val *countries = json_arr(overlay, "geo_countries"), *regions = json_arr(overlay, "geo_regions");
    if (product_sold_in(p, countries, regions)) return 0;
    (void)err_set(e, "VALIDATION_ERROR", "Product " STR_FMT " is not sold in any of these places.",
                  STR_ARG(p->product_id));
    (void)err_suggest(e, "Ask get_products with filters.countries which products are.");
    return err_field(e, STR_FMT "/%s", STR_ARG(at), countries ? "geo_countries" : "geo_regions");
}

/* ---- audiences ---- */

int64_t audience_minimum(const struct act *act)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    int64_t n = json_i64_or(ts.doc, "minimum_audience_size", AUDIENCE_MINIMUM);
    return n > 0 ? n : 1;
}

static int audience_exists(const struct act *act, struct str id, struct buyer_object_row *row, struct err *e)
{
    struct buyer_object_key key = { .tenant_id = act->tenant->tenant_id,
                                    .kind = BUYER_OBJECT_AUDIENCE,
                                    .principal_id = act->principal->principal_id,
                                    .object_id = id };
    int rc = q_buyer_object_get(act->tx, act->arena, &key, row, e);
    if (rc != 0) return rc < 0 ? -1 : 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no audience of that id.");
    return err_suggest(e, "Create it with sync_audiences first; called without audiences it lists those there are.");
}

/* Too few to be shown to without showing who they are; excluding few harms nobody. */
static int audience_large(const struct act *act, const struct buyer_object_row *row, struct err *e)
{
    int64_t members, least = audience_minimum(act);
    bool forced = row->status.n > 0 && !str_is(row->status, "too_small");
    if (q_buyer_object_parts_count(act->tx, &row->key, &members, e)) return -1;
    if (forced || (members >= least && !row->status.n)) return 0;
    (void)err_set(e, "AUDIENCE_TOO_SMALL", "The audience has fewer than the %lld members that targeting needs.",
                  (long long)least);
    (void)err_details(e, "{\"minimum_size\":%lld}", (long long)least);
    return err_suggest(e, "Add members with sync_audiences, or leave the audience out.");
}

static int audiences_accept(const struct act *act, yyjson_val *overlay, struct str at, struct err *e)
{
    static const char *const members[] = { "audience_include", "audience_exclude" };
    yyjson_val *v;
    size_t i, n;
    for (size_t k = 0; k < ARRAY_LEN(members) && act->principal; k++) {
        yyjson_arr_foreach(json_arr(overlay, members[k]), i, n, v) {
            struct buyer_object_row row;
            if (audience_exists(act, json_val_str(v), &row, e) == 0 && (k == 1 || audience_large(act, &row, e) == 0))
                continue;
            return err_field(e, STR_FMT "/%s/%zu", STR_ARG(at), members[k], i);
        }
    }
    return 0;
}

/* ---- signals ---- */

static struct str signal_named(yyjson_val *entry)
{
    yyjson_val *ref = json_obj(entry, "signal_ref"), *id = json_obj(entry, "signal_id");
    struct str name = json_str(ref, "signal_id");
    if (!name.n) name = json_str(id, "id");
    return name.n ? name : json_str(entry, "signal_id");
}

static int signals_exist(const struct act *act, yyjson_val *list, struct str at, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        struct catalog_row row;
        struct str id = signal_named(v);
        int rc = id.n ? q_catalog_get(act->tx, act->arena, CATALOG_SIGNAL, act->tenant->tenant_id, id, &row, e) : 0;
        if (rc < 0) return -1;
        if (rc == 1) continue;
        (void)err_set(e, "SIGNAL_NOT_FOUND", "There is no signal of that id.");
        (void)err_suggest(e, "get_signals lists the signals of this publisher.");
        return err_field(e, STR_FMT "/%zu", STR_ARG(at), i);
    }
    return 0;
}

static int signals_accept(const struct act *act, const struct product *p, yyjson_val *overlay, struct str at,
                          struct err *e)
{
    yyjson_val *flat = json_arr(overlay, "signal_targeting"), *v;
    yyjson_val *groups = json_obj(overlay, "signal_targeting_groups");
    struct arena *a = act->arena;
    size_t i, n;
    if (!flat && !groups) return 0;
    if (!json_bool_or(p->doc, "signal_targeting_allowed", false)) {
        (void)err_set(e, "UNSUPPORTED_FEATURE", "Product " STR_FMT " is not targeted by signals.",
                      STR_ARG(p->product_id));
        (void)err_suggest(e, "Choose a product with signal_targeting_allowed, or leave the signals out.");
        return err_field(e, STR_FMT "/%s", STR_ARG(at), flat ? "signal_targeting" : "signal_targeting_groups");
    }
    if (signals_exist(act, flat, arena_printf(a, STR_FMT "/signal_targeting", STR_ARG(at)), e)) return -1;
    yyjson_arr_foreach(json_arr(groups, "groups"), i, n, v) {
        struct str where = arena_printf(a, STR_FMT "/signal_targeting_groups/groups/%zu/signals", STR_ARG(at), i);
        if (signals_exist(act, json_arr(v, "signals"), where, e)) return -1;
    }
    return 0;
}

static int overlay_accept(const struct act *act, const struct product *p, yyjson_val *overlay, struct str at,
                          struct err *e)
{
    if (!overlay) return 0;
    if (places_exist(overlay, at, e) || metros_declared(overlay, at, e) || sold_there(p, overlay, at, e)) return -1;
    return audiences_accept(act, overlay, at, e) || signals_accept(act, p, overlay, at, e) ? -1 : 0;
}

/* ---- what else a package refers to ---- */

/* 1 the buyer has it, 0 not, -1 failed. */
static int buyer_has(const struct act *act, const char *kind, struct str id, struct err *e)
{
    struct buyer_object_row row;
    struct buyer_object_key key = {
        .tenant_id = act->tenant->tenant_id, .kind = kind, .principal_id = act->principal->principal_id, .object_id = id
    };
    return q_buyer_object_get(act->tx, act->arena, &key, &row, e);
}

int catalog_ref_accept(const struct act *act, yyjson_val *catalog, const char *at, struct err *e)
{
    struct str id = json_str(catalog, "catalog_id");
    int rc = act->principal && id.n ? buyer_has(act, BUYER_OBJECT_CATALOG, id, e) : 1;
    if (rc != 0) return rc < 0 ? -1 : 0;
    (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no catalog of that id.");
    (void)err_suggest(e, "Create it with sync_catalogs first; called without catalogs it lists those there are.");
    return err_field(e, "%s/catalog_id", at);
}

static int catalogs_exist(const struct act *act, yyjson_val *package, const char *at, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(package, "catalogs"), i, n, v) {
        if (catalog_ref_accept(act, v, arena_printf(act->arena, "%s/catalogs/%zu", at, i).p, e)) return -1;
    }
    return 0;
}

static int event_sources_exist(const struct act *act, yyjson_val *package, const char *at, struct err *e)
{
    yyjson_val *goal, *v;
    size_t i, n, k, m;
    yyjson_arr_foreach(json_arr(package, "optimization_goals"), i, n, goal) {
        yyjson_arr_foreach(json_arr(goal, "event_sources"), k, m, v) {
            struct str id = json_str(v, "event_source_id");
            int rc = id.n ? buyer_has(act, BUYER_OBJECT_EVENT_SOURCE, id, e) : 1;
            if (rc < 0) return -1;
            if (rc == 1) continue;
            (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no event source of that id.");
            (void)err_suggest(e, "Create it with sync_event_sources first.");
            return err_field(e, "%s/optimization_goals/%zu/event_sources/%zu/event_source_id", at, i, k);
        }
    }
    return 0;
}

bool product_has_option(const struct product *p, struct str id)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(p->doc, "format_options"), i, n, v) {
        if (str_eq(json_str(v, "format_option_id"), id)) return true;
    }
    /* Of a product that declares none, get_products shows its formats as options of the same ids. */
    for (i = 0; !json_has(p->doc, "format_options") && i < p->formats_n; i++) {
        if (str_eq(p->formats[i].id, id)) return true;
    }
    return false;
}

static int options_exist(const struct product *p, yyjson_val *package, const char *at, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(package, "format_option_refs"), i, n, v) {
        if (product_has_option(p, json_str(v, "format_option_id"))) continue;
        (void)err_set(e, "REFERENCE_NOT_FOUND", "Product " STR_FMT " has no format option of that id.",
                      STR_ARG(p->product_id));
        (void)err_suggest(e, "Name one of the product's format_options, or its format_ids.");
        return err_field(e, "%s/format_option_refs/%zu", at, i);
    }
    return 0;
}

int package_refs_accept(const struct act *act, const struct product *p, yyjson_val *package, const char *at,
                        struct err *e)
{
    struct str overlay_at = arena_printf(act->arena, "%s/targeting_overlay", at);
    if (overlay_accept(act, p, json_obj(package, "targeting_overlay"), overlay_at, e)) return -1;
    if (act->principal && (catalogs_exist(act, package, at, e) || event_sources_exist(act, package, at, e))) return -1;
    return options_exist(p, package, at, e);
}
