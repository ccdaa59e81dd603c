#include "domain/house/house_targeting.h"

#include "serving/agent.h"

#define SECTION_KEY STR("section")

static void add_codes(struct code_set *set, yyjson_val *list)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) code_set_add(set, code_of(json_val_str(v)));
}

static unsigned device_bits(yyjson_val *list)
{
    unsigned bits = 0;
    enum device d;
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        if (device_parse(json_val_str(v), &d)) bits |= DEVICE_BIT(d);
    }
    return bits;
}

static unsigned platform_bits(yyjson_val *list)
{
    unsigned bits = 0;
    enum platform p;
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(list, i, n, v) {
        if (platform_parse(json_val_str(v), &p)) bits |= PLATFORM_BIT(p);
    }
    return bits;
}

static void add_daypart(struct week_set *hours, yyjson_val *part)
{
    static const char *const days[] = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" };
    int64_t from = json_i64_or(part, "start_hour", 0), to = json_i64_or(part, "end_hour", 24);
    yyjson_val *v;
    size_t i, n;
    if (from < 0 || to > 24) return;
    yyjson_arr_foreach(json_arr(part, "days"), i, n, v) {
        for (int d = 0; d < 7; d++) {
            if (!str_is(json_val_str(v), days[d])) continue;
            for (int64_t h = from; h < to; h++) week_set_add(hours, d * 24 + (int)h);
        }
    }
}

/* {interval, unit}; the campaign is for ever. */
static int64_t seconds_of(yyjson_val *duration)
{
    static const struct {
        const char *unit;
        int64_t seconds;
    } units[] = { { "seconds", 1 }, { "minutes", 60 }, { "hours", 3600 }, { "days", 86400 } };
    int64_t interval = json_i64_or(duration, "interval", 0);
    if (str_is(json_str(duration, "unit"), "campaign")) return INT64_MAX;
    for (size_t i = 0; i < ARRAY_LEN(units); i++) {
        if (str_is(json_str(duration, "unit"), units[i].unit) && interval > 0 && interval < 100000) {
            return interval * units[i].seconds;
        }
    }
    return 0;
}

static void add_cap(struct frequency_cap *out, yyjson_val *cap)
{
    int64_t max = json_i64_or(cap, "max_impressions", 0), window = seconds_of(json_obj(cap, "window"));
    double minutes = json_real_or(cap, "suppress_minutes", 0);
    out->max = max > 0 && max < 1000000 ? (int)max : 0;
    out->window_s = window > 0 ? window : INT64_MAX; /* without one: ever */
    out->suppress_s = seconds_of(json_obj(cap, "suppress"));
    if (out->suppress_s == 0 && minutes > 0 && minutes < 1000000) out->suppress_s = (int64_t)(minutes * 60);
}

const uint64_t *house_pairs(struct arena *a, struct str section, yyjson_val *key_values, size_t *n)
{
    yyjson_val *key, *values, *v;
    size_t i, m, k, l, count = 1;
    yyjson_obj_foreach(key_values, i, m, key, values) count += yyjson_arr_size(values);
    uint64_t *pairs = ARENA_ARRAY(a, uint64_t, count);
    *n = 0;
    if (section.n) pairs[(*n)++] = pair_of(SECTION_KEY, section);
    yyjson_obj_foreach(key_values, i, m, key, values) {
        yyjson_arr_foreach(values, k, l, v) pairs[(*n)++] = pair_of(json_val_str(key), json_val_str(v));
    }
    return pairs;
}

static void add_groups(struct arena *a, yyjson_val *key_values, struct targeting *out)
{
    struct pair_group *groups = ARENA_ARRAY(a, struct pair_group, yyjson_obj_size(key_values) + 1);
    yyjson_val *key, *values, *v;
    size_t i, n, k, m;
    yyjson_obj_foreach(key_values, i, n, key, values) {
        uint64_t *pairs = ARENA_ARRAY(a, uint64_t, yyjson_arr_size(values) + 1);
        struct pair_group *g = &groups[out->groups_n++];
        yyjson_arr_foreach(values, k, m, v) pairs[g->n++] = pair_of(json_val_str(key), json_val_str(v));
        g->pairs = pairs;
    }
    out->groups = groups;
}

void house_targeting(struct arena *a, yyjson_val *overlay, yyjson_val *key_values, struct targeting *out)
{
    yyjson_val *v;
    size_t i, n;
    targeting_init(out);
    out->countries_wanted = json_arr(overlay, "geo_countries") != NULL;
    add_codes(&out->countries, json_arr(overlay, "geo_countries"));
    add_codes(&out->countries_excluded, json_arr(overlay, "geo_countries_exclude"));
    out->languages_wanted = json_arr(overlay, "language") != NULL;
    add_codes(&out->languages, json_arr(overlay, "language"));
    if (json_arr(overlay, "device_type")) out->devices = device_bits(json_arr(overlay, "device_type"));
    out->devices &= ~device_bits(json_arr(overlay, "device_type_exclude"));
    if (json_arr(overlay, "device_platform")) out->platforms = platform_bits(json_arr(overlay, "device_platform"));
    out->hours_wanted = json_arr(overlay, "daypart_targets") != NULL;
    yyjson_arr_foreach(json_arr(overlay, "daypart_targets"), i, n, v) add_daypart(&out->hours, v);
    if (json_obj(overlay, "frequency_cap")) add_cap(&out->cap, json_obj(overlay, "frequency_cap"));
    if (yyjson_obj_size(key_values)) add_groups(a, key_values, out);
}
