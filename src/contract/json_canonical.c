/* RFC 8785 (JCS): no white space, members in UTF-16 order, ECMAScript numbers, minimal escapes. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "contract/json.h"

#define SKIP_MAX     16
#define NUMBER_BYTES 40

struct jcs {
    struct arena *arena;
    char *p;
    size_t n, cap;
    yyjson_val *skip[SKIP_MAX]; /* values whose members are left out; a parsed value has one address */
    int skip_count;
};

static void put(struct jcs *o, const char *p, size_t n)
{
    if (o->cap - o->n < n) {
        size_t cap = o->cap ? 2 * o->cap : 1024;
        while (cap - o->n < n) cap *= 2;
        char *grown = arena_alloc(o->arena, cap);
        if (o->n) memcpy(grown, o->p, o->n);
        o->p = grown;
        o->cap = cap;
    }
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void put_cstr(struct jcs *o, const char *s)
{
    put(o, s, strlen(s));
}

static void put_string(struct jcs *o, struct str s)
{
    put(o, "\"", 1);
    size_t start = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != '"' && c != '\\') continue;
        put(o, s.p + start, i - start);
        start = i + 1;
        static const char short_form[] = "btn\0fr"; /* U+0008 ... U+000D; U+000B has none */
        char esc[8];
        if (c == '"' || c == '\\') {
            snprintf(esc, sizeof(esc), "\\%c", c);
        } else if (c >= 8 && c <= 13 && c != 11) {
            snprintf(esc, sizeof(esc), "\\%c", short_form[c - 8]);
        } else {
            snprintf(esc, sizeof(esc), "\\u%04x", c);
        }
        put_cstr(o, esc);
    }
    put(o, s.p + start, s.n - start);
    put(o, "\"", 1);
}

/* A decimal number digits[0].digits[1]... * 10^exp10. */
struct decimal {
    char digits[24];
    int count, exp10;
};

/* The significant digits of "d.ddde±x" as printf writes it, without trailing zeros. */
static void decimal_of(const char *text, struct decimal *d)
{
    d->count = 0;
    for (; *text && *text != 'e'; text++) {
        if (*text >= '0' && *text <= '9') d->digits[d->count++] = *text;
    }
    int exp10 = 0;
    for (const char *t = text + 2; *t; t++) exp10 = 10 * exp10 + (*t - '0');
    d->exp10 = text[1] == '-' ? -exp10 : exp10;
    while (d->count > 1 && d->digits[d->count - 1] == '0') d->count--;
}

/* Does precision `p` (digits after the first) name exactly v? At a power of two the interval below is half as
 * wide, so the nearest decimal may miss while the next one up still reads back as v: that one is tried too. */
static bool reads_back(double v, int p, struct decimal *d)
{
    char text[NUMBER_BYTES];
    snprintf(text, sizeof(text), "%.*e", p, v);
    decimal_of(text, d);
    if (strtod(text, NULL) == v) return true;
    int mantissa_exp;
    if (frexp(v, &mantissa_exp) != 0.5) return false;
    char *e = strchr(text, 'e');
    if (e[-1] == '9' || e[-1] == '.') return false;
    e[-1]++;
    decimal_of(text, d);
    return strtod(text, NULL) == v;
}

/* ECMA-262 Number::toString: the fewest digits that read back as v (v > 0, finite). */
static void shortest(double v, struct decimal *d)
{
    /* Up to 15 digits every decimal survives a double, so cutting zeros finds the shortest; subnormals have fewer. */
    for (int p = v < 2.2250738585072014e-308 ? 0 : 14; p < 17; p++) {
        if (reads_back(v, p, d)) return;
    }
}

static void put_number(struct jcs *o, double v)
{
    char text[NUMBER_BYTES];
    ENSURE(isfinite(v)); /* the parser refuses anything else */
    if (v == 0) {
        put(o, "0", 1); /* also for -0 */
        return;
    }
    if (fabs(v) < 9007199254740992.0 && v == nearbyint(v)) {
        snprintf(text, sizeof(text), "%" PRId64, (int64_t)v);
        put_cstr(o, text);
        return;
    }
    struct decimal d;
    shortest(fabs(v), &d);
    int k = d.count, n = d.exp10 + 1; /* the names of ECMA-262 */
    if (v < 0) put(o, "-", 1);
    if (k <= n && n <= 21) {
        put(o, d.digits, (size_t)k);
        for (int i = k; i < n; i++) put(o, "0", 1);
    } else if (0 < n && n <= 21) {
        put(o, d.digits, (size_t)n);
        put(o, ".", 1);
        put(o, d.digits + n, (size_t)(k - n));
    } else if (-6 < n && n <= 0) {
        put(o, "0.", 2);
        for (int i = n; i < 0; i++) put(o, "0", 1);
        put(o, d.digits, (size_t)k);
    } else {
        put(o, d.digits, 1);
        if (k > 1) put(o, ".", 1);
        put(o, d.digits + 1, (size_t)(k - 1));
        snprintf(text, sizeof(text), "e%+d", n - 1);
        put_cstr(o, text);
    }
}

/* UTF-16 code unit order over UTF-8: surrogates (lead byte F0+) sort before U+E000..U+FFFF (lead byte EE, EF). */
static int utf16_order(const void *x, const void *y)
{
    struct str a = json_val_str(*(yyjson_val *const *)x), b = json_val_str(*(yyjson_val *const *)y);
    for (size_t i = 0; i < a.n && i < b.n; i++) {
        unsigned ca = (unsigned char)a.p[i], cb = (unsigned char)b.p[i];
        if (ca == cb) continue;
        if (ca >= 0xEE && cb >= 0xEE) {
            if (ca < 0xF0) ca += 0x20;
            if (cb < 0xF0) cb += 0x20;
        }
        return ca < cb ? -1 : 1;
    }
    return a.n == b.n ? 0 : a.n < b.n ? -1 : 1;
}

static bool skipped(const struct jcs *o, yyjson_val *v)
{
    for (int i = 0; i < o->skip_count; i++) {
        if (o->skip[i] == v) return true;
    }
    return false;
}

static void put_value(struct jcs *o, yyjson_val *v, int depth);

static void put_object(struct jcs *o, yyjson_val *obj, int depth)
{
    size_t n = 0;
    yyjson_val **keys = ARENA_ARRAY(o->arena, yyjson_val *, yyjson_obj_size(obj) + 1);
    yyjson_obj_iter it = yyjson_obj_iter_with(obj);
    for (yyjson_val *k; (k = yyjson_obj_iter_next(&it));) {
        if (!skipped(o, yyjson_obj_iter_get_val(k))) keys[n++] = k;
    }
    qsort(keys, n, sizeof(keys[0]), utf16_order);
    put(o, "{", 1);
    for (size_t i = 0; i < n; i++) {
        if (i) put(o, ",", 1);
        put_string(o, json_val_str(keys[i]));
        put(o, ":", 1);
        put_value(o, yyjson_obj_iter_get_val(keys[i]), depth + 1);
    }
    put(o, "}", 1);
}

static void put_array(struct jcs *o, yyjson_val *arr, int depth)
{
    yyjson_arr_iter it = yyjson_arr_iter_with(arr);
    bool first = true;
    put(o, "[", 1);
    for (yyjson_val *v; (v = yyjson_arr_iter_next(&it)); first = false) {
        if (!first) put(o, ",", 1);
        put_value(o, v, depth + 1);
    }
    put(o, "]", 1);
}

static void put_value(struct jcs *o, yyjson_val *v, int depth)
{
    ENSURE(depth <= JSON_DEPTH_HARD); /* json_parse has refused deeper ones */
    switch (yyjson_get_type(v)) {
    case YYJSON_TYPE_OBJ: put_object(o, v, depth); break;
    case YYJSON_TYPE_ARR: put_array(o, v, depth); break;
    case YYJSON_TYPE_STR: put_string(o, json_val_str(v)); break;
    case YYJSON_TYPE_NUM: put_number(o, yyjson_get_num(v)); break;
    case YYJSON_TYPE_BOOL: put_cstr(o, yyjson_get_bool(v) ? "true" : "false"); break;
    default: put_cstr(o, "null"); break;
    }
}

struct str json_canonical(struct arena *a, yyjson_val *value, const char *const *skip_paths)
{
    struct jcs o = { .arena = a };
    for (; skip_paths && *skip_paths; skip_paths++) {
        ENSURE(o.skip_count < SKIP_MAX);
        yyjson_val *v = yyjson_ptr_get(value, *skip_paths);
        if (v) o.skip[o.skip_count++] = v;
    }
    put_value(&o, value, 0);
    return (struct str){ o.p, o.n };
}
