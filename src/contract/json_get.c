/* Readers over parsed values. */
#include <math.h>

#include <salesagent/money.h>

#include "base/rfc3339.h"
#include "contract/json.h"

struct str json_val_str(yyjson_val *v)
{
    if (!yyjson_is_str(v)) return STR_NONE;
    return (struct str){ yyjson_get_str(v), yyjson_get_len(v) };
}

struct str json_str(yyjson_val *obj, const char *key)
{
    return json_val_str(yyjson_obj_get(obj, key));
}

bool json_has(yyjson_val *obj, const char *key)
{
    return yyjson_obj_get(obj, key) != NULL;
}

/* Whole numbers inside int64; a double counts when it holds one exactly. */
static bool val_i64(yyjson_val *v, int64_t *out)
{
    if (yyjson_is_uint(v)) {
        if (yyjson_get_uint(v) > INT64_MAX) return false;
        *out = (int64_t)yyjson_get_uint(v);
        return true;
    }
    if (yyjson_is_sint(v)) {
        *out = yyjson_get_sint(v);
        return true;
    }
    if (!yyjson_is_real(v)) return false;
    double d = yyjson_get_real(v);
    if (d != nearbyint(d) || fabs(d) > 9007199254740992.0) return false;
    *out = (int64_t)d;
    return true;
}

int64_t json_i64_or(yyjson_val *obj, const char *key, int64_t fallback)
{
    int64_t out;
    return val_i64(yyjson_obj_get(obj, key), &out) ? out : fallback;
}

bool json_bool_or(yyjson_val *obj, const char *key, bool fallback)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : fallback;
}

double json_real_or(yyjson_val *obj, const char *key, double fallback)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_num(v) ? yyjson_get_num(v) : fallback;
}

yyjson_val *json_obj(yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_obj(v) ? v : NULL;
}

yyjson_val *json_arr(yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_arr(v) ? v : NULL;
}

yyjson_val *json_get_path(yyjson_val *root, const char *pointer)
{
    return yyjson_ptr_get(root, pointer);
}

static int name_field(struct json_field f, struct err *e)
{
    return err_field(e, "%s/%s", f.at, f.key);
}

static int wrong(struct json_field f, const char *expected, struct err *e)
{
    err_set(e, "INVALID_REQUEST", "%s must be %s", f.key, expected);
    return name_field(f, e);
}

static int missing(struct json_field f, struct err *e)
{
    err_set(e, "INVALID_REQUEST", "%s is required", f.key);
    return name_field(f, e);
}

int json_opt_str(struct json_field f, struct json_len len, struct str *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    if (!v) return 0;
    if (!yyjson_is_str(v)) return wrong(f, "a string", e);
    struct str s = json_val_str(v);
    if (s.n < len.min || s.n > len.max) {
        if (len.min == len.max) err_set(e, "INVALID_REQUEST", "%s must have %zu bytes, not %zu", f.key, len.min, s.n);
        else err_set(e, "INVALID_REQUEST", "%s must have %zu to %zu bytes, not %zu", f.key, len.min, len.max, s.n);
        return name_field(f, e);
    }
    *out = s;
    return 0;
}

int json_opt_i64(struct json_field f, struct json_range range, int64_t *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    int64_t i;
    if (!v) return 0;
    if (!val_i64(v, &i)) return wrong(f, "a whole number", e);
    if (i < range.min || i > range.max) {
        err_set(e, "INVALID_REQUEST", "%s must be from %lld to %lld, not %lld", f.key, (long long)range.min,
                (long long)range.max, (long long)i);
        return name_field(f, e);
    }
    *out = i;
    return 0;
}

int json_opt_bool(struct json_field f, bool *out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    if (!v) return 0;
    if (!yyjson_is_bool(v)) return wrong(f, "true or false", e);
    *out = yyjson_get_bool(v);
    return 0;
}

int json_opt_obj(struct json_field f, yyjson_val **out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    if (!v) return 0;
    if (!yyjson_is_obj(v)) return wrong(f, "an object", e);
    *out = v;
    return 0;
}

int json_opt_arr(struct json_field f, struct json_len len, yyjson_val **out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    if (!v) return 0;
    if (!yyjson_is_arr(v)) return wrong(f, "an array", e);
    size_t n = yyjson_arr_size(v);
    if (n < len.min || n > len.max) {
        err_set(e, "INVALID_REQUEST", "%s must have %zu to %zu items, not %zu", f.key, len.min, len.max, n);
        return name_field(f, e);
    }
    *out = v;
    return 0;
}

int json_opt_time(struct json_field f, int64_t *at, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    int64_t t;
    if (!v) return 0;
    if (!yyjson_is_str(v) || rfc3339_parse(json_val_str(v), &t)) {
        return wrong(f, "an RFC 3339 date-time with an offset, like 2026-03-09T14:30:00Z", e);
    }
    *at = t;
    return 0;
}

int json_opt_money(struct json_field f, int64_t *micros, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    if (!v) return 0;
    if (!yyjson_is_num(v)) return wrong(f, "a number", e);
    if (money_micros_from_double(yyjson_get_num(v), micros, e)) return name_field(f, e);
    return 0;
}

int json_req_str(struct json_field f, struct json_len len, struct str *out, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_str(f, len, out, e) : missing(f, e);
}

int json_req_i64(struct json_field f, struct json_range range, int64_t *out, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_i64(f, range, out, e) : missing(f, e);
}

int json_req_bool(struct json_field f, bool *out, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_bool(f, out, e) : missing(f, e);
}

int json_req_obj(struct json_field f, yyjson_val **out, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_obj(f, out, e) : missing(f, e);
}

int json_req_arr(struct json_field f, struct json_len len, yyjson_val **out, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_arr(f, len, out, e) : missing(f, e);
}

int json_req_time(struct json_field f, int64_t *at, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_time(f, at, e) : missing(f, e);
}

int json_money(struct json_field f, int64_t *micros, struct err *e)
{
    return json_has(f.obj, f.key) ? json_opt_money(f, micros, e) : missing(f, e);
}
