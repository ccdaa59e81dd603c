/* feed_field_mappings (AdCP 3.1 core/catalog-field-mapping.json): which member of an item each field of a record becomes.
 * Dates are turned by the tokens YYYY MM DD; times of day and zones are not read, and are refused when the catalog is
 * synced. */
#include <math.h>
#include <stdlib.h>

#include "domain/feed/feed_internal.h"

#define PARTS_MAX 6

/* ---- what can be honoured ---- */

static int refuse(struct err *e, const char *code, const char *why, const char *field)
{
    (void)err_set(e, code, "%s", why);
    return err_field(e, "%s", field);
}

/* Where the year, the month and the day stand in the format; false when one is missing or anything else is asked. */
struct date_places {
    int year, month, day; /* offsets */
    size_t bytes;
};
static bool read_format(struct str format, struct date_places *out)
{
    struct date_places p = { -1, -1, -1, format.n };
    for (size_t i = 0; i < format.n;) {
        struct str rest = str_skip(format, i);
        if (str_starts(rest, STR("YYYY")) || str_starts(rest, STR("yyyy"))) {
            p.year = (int)i;
            i += 4;
        } else if (str_starts(rest, STR("MM"))) {
            p.month = (int)i;
            i += 2;
        } else if (str_starts(rest, STR("DD")) || str_starts(rest, STR("dd"))) {
            p.day = (int)i;
            i += 2;
        } else if (strchr("-/. ", rest.p[0])) {
            i++;
        } else {
            return false;
        }
    }
    *out = p;
    return p.year >= 0 && p.month >= 0 && p.day >= 0;
}

static int check_transform(yyjson_val *m, struct err *e)
{
    struct str name = STR_NONE, zone = STR_NONE;
    struct date_places ignored;
    if (json_opt_str(JSON_FIELD(m, "transform", ""), (struct json_len){ 1, 32 }, &name, e) ||
        json_opt_str(JSON_FIELD(m, "timezone", ""), (struct json_len){ 1, 64 }, &zone, e)) {
        return -1;
    }
    if (!name.n || str_is(name, "boolean") || str_is(name, "split")) return 0;
    if (str_is(name, "divide")) {
        if (yyjson_get_num(yyjson_obj_get(m, "by")) > 0) return 0;
        return refuse(e, "INVALID_REQUEST", "The transform divide needs a positive number.", "/by");
    }
    if (!str_is(name, "date")) return refuse(e, "UNSUPPORTED_FEATURE", "There is no such transform.", "/transform");
    if (!read_format(json_str(m, "format"), &ignored)) {
        return refuse(e, "UNSUPPORTED_FEATURE", "Dates are read by YYYY, MM and DD only.", "/format");
    }
    if (!zone.n || str_is(zone, "UTC")) return 0;
    return refuse(e, "UNSUPPORTED_FEATURE", "Days are days of UTC.", "/timezone");
}

static int check_one(yyjson_val *m, struct err *e)
{
    static const char *const texts[] = { "feed_field", "catalog_field", "asset_group_id", "separator" };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        struct str s = STR_NONE;
        if (json_opt_str(JSON_FIELD(m, texts[i], ""), (struct json_len){ 1, 200 }, &s, e)) return -1;
    }
    bool from = json_has(m, "feed_field"), value = json_has(m, "value");
    bool field = json_has(m, "catalog_field"), group = json_has(m, "asset_group_id");
    if (from == value || field == group) {
        return refuse(e, "INVALID_REQUEST",
                      "A mapping leads from feed_field or value to catalog_field or asset_group_id.", "");
    }
    return check_transform(m, e);
}

int feed_mappings_check(yyjson_val *mappings, const char *at, struct err *e)
{
    yyjson_val *m;
    size_t i, n;
    yyjson_arr_foreach(mappings, i, n, m) {
        if (check_one(m, e)) return err_in(e, "%s/feed_field_mappings/%zu", at, i);
    }
    return 0;
}

/* ---- transforms ---- */

static struct str text_of(yyjson_mut_val *v)
{
    return yyjson_mut_is_str(v) ? (struct str){ yyjson_mut_get_str(v), yyjson_mut_get_len(v) } : STR_NONE;
}

static bool digits(struct str s, int at, int n)
{
    if ((size_t)at + (size_t)n > s.n) return false;
    for (int i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return true;
}

static yyjson_mut_val *to_date(struct feed_records *r, yyjson_val *m, struct str s)
{
    struct date_places p;
    if (!read_format(json_str(m, "format"), &p) || s.n < p.bytes) return NULL;
    if (!digits(s, p.year, 4) || !digits(s, p.month, 2) || !digits(s, p.day, 2)) return NULL;
    struct str date = arena_printf(r->a, "%.4s-%.2s-%.2s", s.p + p.year, s.p + p.month, s.p + p.day);
    return yyjson_mut_strn(r->doc, date.p, date.n);
}

static yyjson_mut_val *divided(struct feed_records *r, yyjson_val *m, yyjson_mut_val *v)
{
    double x = yyjson_mut_get_num(v), by = yyjson_get_num(yyjson_obj_get(m, "by"));
    struct str s = text_of(v);
    if (s.n) {
        char *end;
        struct str z = arena_dup(r->a, s); /* ends with a NUL */
        x = strtod(z.p, &end);
        if (end == z.p) return NULL;
    }
    if (!s.n && !yyjson_mut_is_num(v)) return NULL;
    return isfinite(x) && isfinite(x / by) ? yyjson_mut_real(r->doc, x / by) : NULL;
}

static yyjson_mut_val *to_boolean(struct feed_records *r, yyjson_mut_val *v)
{
    static const char *const yes[] = { "true", "1", "yes", "y", "in stock", "in_stock", "available" };
    static const char *const no[] = { "false", "0", "no", "n", "out of stock", "out_of_stock", "unavailable" };
    if (yyjson_mut_is_bool(v)) return v;
    if (yyjson_mut_is_num(v)) return yyjson_mut_bool(r->doc, yyjson_mut_get_num(v) != 0);
    struct str s = text_of(v);
    for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
        if (s.n == strlen(yes[i]) && strncasecmp(s.p, yes[i], s.n) == 0) return yyjson_mut_true(r->doc);
    }
    for (size_t i = 0; i < ARRAY_LEN(no); i++) {
        if (s.n == strlen(no[i]) && strncasecmp(s.p, no[i], s.n) == 0) return yyjson_mut_false(r->doc);
    }
    return NULL;
}

static yyjson_mut_val *split(struct feed_records *r, yyjson_val *m, struct str s)
{
    struct str separator = json_str(m, "separator");
    yyjson_mut_val *out = yyjson_mut_arr(r->doc);
    if (!separator.n) separator = STR(",");
    while (s.n) {
        const char *at = memmem(s.p, s.n, separator.p, separator.n);
        struct str part = { s.p, at ? (size_t)(at - s.p) : s.n };
        s = str_skip(s, at ? part.n + separator.n : part.n);
        while (part.n && part.p[0] == ' ') part = str_skip(part, 1);
        while (part.n && part.p[part.n - 1] == ' ') part.n--;
        if (part.n) json_push_str(r->doc, out, part);
    }
    return out;
}

static bool present(yyjson_mut_val *v)
{
    return v && !yyjson_mut_is_null(v) && !(yyjson_mut_is_str(v) && yyjson_mut_get_len(v) == 0);
}

/* By its name; if none has exactly that, by its name in whatever case. */
static yyjson_mut_val *field_of(yyjson_mut_val *record, struct str name)
{
    yyjson_mut_val *found = yyjson_mut_obj_getn(record, name.p, name.n), *k, *v;
    size_t i, n;
    if (found) return found;
    yyjson_mut_obj_foreach(record, i, n, k, v) {
        if (yyjson_mut_get_len(k) == name.n && strncasecmp(yyjson_mut_get_str(k), name.p, name.n) == 0) return v;
    }
    return NULL;
}

/* NULL: the field is not there, cannot be read so, and has no default. */
static yyjson_mut_val *value_of(struct feed_records *r, yyjson_val *m, yyjson_mut_val *record)
{
    struct str transform = json_str(m, "transform"), from = json_str(m, "feed_field");
    if (json_has(m, "value")) return json_copy(r->doc, yyjson_obj_get(m, "value"));
    yyjson_mut_val *v = field_of(record, str_starts(from, STR("g:")) ? str_skip(from, 2) : from), *out = NULL;
    if (present(v)) {
        if (!transform.n) out = yyjson_mut_val_mut_copy(r->doc, v);
        else if (str_is(transform, "date")) out = to_date(r, m, text_of(v));
        else if (str_is(transform, "divide")) out = divided(r, m, v);
        else if (str_is(transform, "boolean")) out = to_boolean(r, v);
        else out = split(r, m, text_of(v));
    }
    return present(out) || !json_has(m, "default") ? out : json_copy(r->doc, yyjson_obj_get(m, "default"));
}

/* ---- where it goes ---- */

static void set_path(struct feed_records *r, yyjson_mut_val *item, struct str path, yyjson_mut_val *v)
{
    yyjson_mut_val *o = item;
    for (int i = 0; i < PARTS_MAX; i++) {
        const char *dot = memchr(path.p, '.', path.n);
        struct str key = { path.p, dot ? (size_t)(dot - path.p) : path.n };
        key = arena_dup(r->a, key);
        if (!dot || i == PARTS_MAX - 1) {
            (void)yyjson_mut_obj_remove_keyn(o, key.p, key.n);
            json_add_val(r->doc, o, key.p, v);
            return;
        }
        path = str_skip(path, key.n + 1);
        yyjson_mut_val *next = yyjson_mut_obj_getn(o, key.p, key.n);
        if (!yyjson_mut_is_obj(next)) {
            (void)yyjson_mut_obj_remove_keyn(o, key.p, key.n);
            next = json_add_obj(r->doc, o, key.p);
        }
        o = next;
    }
}

static void add_asset(struct feed_records *r, yyjson_mut_val *item, struct str group, yyjson_mut_val *url)
{
    const char *type = str_is(group, "video") ? "video" : "image";
    yyjson_mut_val *groups = yyjson_mut_obj_get(item, "assets");
    if (!yyjson_mut_is_arr(groups)) {
        (void)yyjson_mut_obj_remove_key(item, "assets");
        groups = json_add_arr(r->doc, item, "assets");
    }
    yyjson_mut_val *o = json_push_obj(r->doc, groups);
    json_add_str(r->doc, o, "asset_group_id", group);
    json_add_cstr(r->doc, o, "asset_type", type);
    yyjson_mut_val *asset = json_push_obj(r->doc, json_add_arr(r->doc, o, "items"));
    json_add_cstr(r->doc, asset, "asset_type", type);
    json_add_val(r->doc, asset, "url", url);
}

yyjson_mut_val *feed_map(struct feed_records *r, yyjson_val *mappings, yyjson_mut_val *record, yyjson_mut_val *item)
{
    yyjson_val *m;
    size_t i, n;
    yyjson_arr_foreach(mappings, i, n, m) {
        yyjson_mut_val *v = value_of(r, m, record);
        if (!present(v)) continue;
        if (json_has(m, "catalog_field")) set_path(r, item, json_str(m, "catalog_field"), v);
        else add_asset(r, item, json_str(m, "asset_group_id"), v);
    }
    return item;
}
