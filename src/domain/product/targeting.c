/* Which members of a targeting overlay this seller honours: those here that need nothing of the publisher, and those for
 * which the publisher states the dimension (capabilities.targeting of the import file, as get_adcp_capabilities shows
 * it). Any other is refused: dropping a restriction silently would deliver where the buyer said not to. */
#include "base/first_occurrence.h"
#include "domain/product/package_request.h"

static const char *const always[] = {
    "audience_include",
    "audience_exclude",
    "signal_targeting_groups",
    "signal_targeting",
    "property_list",
    "collection_list",
    "collection_list_exclude",
    "language",
    "context",
    "ext",
};

/* A publisher that states no dimensions at all is taken to have the common ones, and none of those to be named. */
static const struct dimension {
    const char *member;
    const char *kind, *words[3];
    bool to_be_named;
} dimensions[] = {
    { "geo_countries", "geographic", { "country" }, false },
    { "geo_countries_exclude", "geographic", { "country" }, false },
    { "geo_regions", "geographic", { "state", "region" }, false },
    { "geo_regions_exclude", "geographic", { "state", "region" }, false },
    { "geo_metros", "geographic", { "dma", "metro" }, false },
    { "geo_metros_exclude", "geographic", { "dma", "metro" }, false },
    { "geo_postal_areas", "geographic", { "postal_code", "postal", "zip" }, true },
    { "geo_postal_areas_exclude", "geographic", { "postal_code", "postal", "zip" }, true },
    { "device_type", "device", { "device_type" }, false },
    { "device_type_exclude", "device", { "device_type" }, false },
    { "device_platform", "device", { "os", "platform" }, false },
    { "age_restriction", "demographic", { "age_range", "age" }, false },
    { "keyword_targets", "contextual", { "keyword" }, false },
    { "negative_keywords", "contextual", { "keyword" }, false },
    { "daypart_targets", "delivery", { "daypart" }, true },
    { "frequency_cap", "delivery", { "frequency_cap" }, true },
};

/* Lists of words of which none may be both wanted and excluded. */
static const struct {
    const char *include, *exclude;
} pairs[] = {
    { "geo_countries", "geo_countries_exclude" },
    { "geo_regions", "geo_regions_exclude" },
    { "device_type", "device_type_exclude" },
    { "audience_include", "audience_exclude" },
};

static bool stated(yyjson_val *stated_dimensions, const struct dimension *d)
{
    yyjson_val *v;
    size_t i, n;
    if (!stated_dimensions) return !d->to_be_named;
    yyjson_arr_foreach(json_arr(stated_dimensions, d->kind), i, n, v) {
        for (size_t k = 0; k < ARRAY_LEN(d->words) && d->words[k]; k++) {
            if (str_is(json_val_str(v), d->words[k])) return true;
        }
    }
    return false;
}

static bool is_honoured(const struct tenant_settings *ts, struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(always); i++) {
        if (str_is(name, always[i])) return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(dimensions); i++) {
        if (!str_is(name, dimensions[i].member)) continue;
        return stated(json_obj(json_obj(ts->doc, "capabilities"), "targeting"), &dimensions[i]);
    }
    return false;
}

static int unsupported(struct str name, const char *at, struct err *e)
{
    (void)err_set(e, "UNSUPPORTED_FEATURE", "This seller cannot honour targeting by " STR_FMT ".", STR_ARG(name));
    (void)err_suggest(e, "Leave it out; get_adcp_capabilities lists the targeting that is supported.");
    return err_field(e, "%s/" STR_FMT, at, STR_ARG(name));
}

static void add_words(struct str *words, size_t *n, yyjson_val *list)
{
    yyjson_val *v;
    size_t i, max;
    yyjson_arr_foreach(list, i, max, v) words[(*n)++] = json_val_str(v);
}

static int overlaps(yyjson_val *overlay, size_t pair, const char *at, struct err *e)
{
    yyjson_val *in = json_arr(overlay, pairs[pair].include), *out = json_arr(overlay, pairs[pair].exclude);
    size_t in_n = yyjson_arr_size(in), out_n = yyjson_arr_size(out), n = 0;
    struct arena a;
    int rc = 0;
    if (!in_n || !out_n) return 0;
    arena_init(&a);
    struct str *words = ARENA_ARRAY(&a, struct str, in_n + out_n);
    add_words(words, &n, in);
    add_words(words, &n, out);
    const size_t *first = first_occurrences(&a, words, n);
    for (size_t i = in_n; i < n && rc == 0; i++) {
        if (first[i] >= in_n) continue;
        (void)err_set(e, "VALIDATION_ERROR", STR_FMT " is both in %s and in %s.", STR_ARG(words[i]),
                      pairs[pair].include, pairs[pair].exclude);
        rc = err_field(e, "%s/%s/%zu", at, pairs[pair].exclude, i - in_n);
    }
    arena_finish(&a);
    return rc;
}

static bool lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* A range of AdCP 3.2 may narrow a language to a script or a region; nobody here is told apart by these. */
static int languages_whole(yyjson_val *overlay, const char *at, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(overlay, "language"), i, n, v) {
        struct str s = json_val_str(v);
        if (s.n == 2 && lower(s.p[0]) && lower(s.p[1])) continue;
        (void)err_set(e, "UNSUPPORTED_FEATURE", "This seller targets whole languages by their two letters, like fr.");
        (void)err_suggest(e, "Leave script and region out: fr, not fr-CA.");
        return err_field(e, "%s/language/%zu", at, i);
    }
    return 0;
}

static int dayparts_local(yyjson_val *overlay, const char *at, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(overlay, "daypart_targets"), i, n, v) {
        if (!json_has(v, "timezone")) continue;
        (void)err_set(e, "UNSUPPORTED_FEATURE", "Hours are those of the product's own time zone here.");
        (void)err_suggest(e, "Leave timezone out.");
        return err_field(e, "%s/daypart_targets/%zu/timezone", at, i);
    }
    return 0;
}

static int countries_valid(yyjson_val *overlay, const char *key, const char *at, struct err *e)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(json_arr(overlay, key), i, n, v) {
        struct str s = json_val_str(v);
        if (s.n == 2 && upper(s.p[0]) && upper(s.p[1])) continue;
        (void)err_set(e, "INVALID_REQUEST", "a country is an ISO 3166-1 code of two capital letters, like US");
        return err_field(e, "%s/%s/%zu", at, key, i);
    }
    return 0;
}

static int list_ref_valid(yyjson_val *overlay, const char *key, const char *at, struct err *e)
{
    yyjson_val *ref = yyjson_obj_get(overlay, key);
    if (!ref) return 0;
    if (json_str(ref, "agent_url").n && json_str(ref, "list_id").n) return 0;
    (void)err_set(e, "INVALID_REQUEST", "%s must be {agent_url, list_id}", key);
    return err_field(e, "%s/%s", at, key);
}

int targeting_accept(const struct tenant_settings *ts, yyjson_val *overlay, const char *at, struct err *e)
{
    yyjson_val *key, *v;
    size_t i, n;
    yyjson_obj_foreach(overlay, i, n, key, v) {
        struct str name = json_val_str(key);
        if (!is_honoured(ts, name)) return unsupported(name, at, e);
    }
    for (size_t p = 0; p < ARRAY_LEN(pairs); p++) {
        if (overlaps(overlay, p, at, e)) return -1;
    }
    if (countries_valid(overlay, "geo_countries", at, e) || countries_valid(overlay, "geo_countries_exclude", at, e)) {
        return -1;
    }
    if (languages_whole(overlay, at, e) || dayparts_local(overlay, at, e)) return -1;
    if (list_ref_valid(overlay, "property_list", at, e) || list_ref_valid(overlay, "collection_list", at, e)) return -1;
    return list_ref_valid(overlay, "collection_list_exclude", at, e);
}
