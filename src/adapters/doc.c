#include "adapters/doc.h"

#define INT_TEXT_MAX 20

/* ---- memory ---- */

static void *arena_malloc(void *ctx, size_t n)
{
    return arena_alloc_raw(ctx, n);
}

static void *arena_realloc(void *ctx, void *p, size_t old, size_t n)
{
    if (n <= old) return p;
    void *more = arena_alloc_raw(ctx, n);
    memcpy(more, p, old);
    return more;
}

static void arena_free(void *ctx, void *p)
{
    (void)ctx;
    (void)p; /* with the arena */
}

static yyjson_alc alc_of(struct arena *a)
{
    return (yyjson_alc){ arena_malloc, arena_realloc, arena_free, a };
}

/* ---- reading ---- */

yyjson_val *doc_read(struct arena *a, struct str text)
{
    yyjson_alc alc = alc_of(a);
    if (!text.n) return NULL;
    /* Without the flag for reading in place nothing is written through it. */
    char *bytes = arena_alloc_raw(a, text.n + YYJSON_PADDING_SIZE);
    memcpy(bytes, text.p, text.n);
    memset(bytes + text.n, 0, YYJSON_PADDING_SIZE);
    yyjson_doc *doc = yyjson_read_opts(bytes, text.n, YYJSON_READ_INSITU, &alc, NULL);
    return yyjson_doc_get_root(doc);
}

bool doc_has(yyjson_val *obj, const char *key)
{
    return yyjson_obj_get(obj, key) != NULL;
}

struct str doc_text(yyjson_val *v)
{
    return yyjson_is_str(v) ? (struct str){ yyjson_get_str(v), yyjson_get_len(v) } : STR_NONE;
}

struct str doc_str(yyjson_val *obj, const char *key)
{
    return doc_text(yyjson_obj_get(obj, key));
}

static bool int_of(struct str s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    int64_t v = 0;
    if (minus) s = str_skip(s, 1);
    if (!s.n || s.n >= INT_TEXT_MAX) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s.p[i] - '0', &v)) return false;
    }
    *out = minus ? -v : v;
    return true;
}

int64_t doc_i64(yyjson_val *obj, const char *key, int64_t fallback)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    int64_t n;
    if (yyjson_is_sint(v)) return yyjson_get_sint(v);
    if (yyjson_is_uint(v)) return yyjson_get_uint(v) <= INT64_MAX ? (int64_t)yyjson_get_uint(v) : fallback;
    return yyjson_is_str(v) && int_of(doc_text(v), &n) ? n : fallback;
}

double doc_real(yyjson_val *obj, const char *key, double fallback)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_num(v) ? yyjson_get_num(v) : fallback;
}

bool doc_bool(yyjson_val *obj, const char *key, bool fallback)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_bool(v) ? yyjson_get_bool(v) : fallback;
}

yyjson_val *doc_obj(yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_obj(v) ? v : NULL;
}

yyjson_val *doc_arr(yyjson_val *obj, const char *key)
{
    yyjson_val *v = yyjson_obj_get(obj, key);
    return yyjson_is_arr(v) ? v : NULL;
}

yyjson_val *doc_at(yyjson_val *root, const char *pointer)
{
    return yyjson_ptr_get(root, pointer);
}

/* ---- building ---- */

yyjson_mut_doc *doc_new(struct arena *a)
{
    yyjson_alc alc = alc_of(a);
    yyjson_mut_doc *d = yyjson_mut_doc_new(&alc);
    return d;
}

yyjson_mut_val *doc_root(yyjson_mut_doc *d)
{
    yyjson_mut_val *o = yyjson_mut_obj(d);
    yyjson_mut_doc_set_root(d, o);
    return o;
}

void doc_add_val(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, yyjson_mut_val *value)
{
    (void)yyjson_mut_obj_add(obj, yyjson_mut_str(d, key), value); /* memory of an arena does not run out */
}

yyjson_mut_val *doc_add_obj(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *o = yyjson_mut_obj(d);
    doc_add_val(d, obj, key, o);
    return o;
}

yyjson_mut_val *doc_add_arr(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_arr(d);
    doc_add_val(d, obj, key, v);
    return v;
}

yyjson_mut_val *doc_push_obj(yyjson_mut_doc *d, yyjson_mut_val *arr)
{
    yyjson_mut_val *o = yyjson_mut_obj(d);
    (void)yyjson_mut_arr_append(arr, o); /* memory of an arena does not run out */
    return o;
}

static yyjson_mut_val *text_val(yyjson_mut_doc *d, struct str s)
{
    return yyjson_mut_strn(d, s.n ? s.p : "", s.n);
}

void doc_add_str(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, struct str value)
{
    doc_add_val(d, obj, key, text_val(d, value));
}

void doc_add_str_opt(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, struct str value)
{
    if (value.n) doc_add_str(d, obj, key, value);
}

void doc_add_i64(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, int64_t value)
{
    doc_add_val(d, obj, key, yyjson_mut_sint(d, value));
}

void doc_add_bool(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, bool value)
{
    doc_add_val(d, obj, key, yyjson_mut_bool(d, value));
}

void doc_push_str(yyjson_mut_doc *d, yyjson_mut_val *arr, struct str value)
{
    (void)yyjson_mut_arr_append(arr, text_val(d, value)); /* memory of an arena does not run out */
}

void doc_push_i64(yyjson_mut_doc *d, yyjson_mut_val *arr, int64_t value)
{
    (void)yyjson_mut_arr_append(arr, yyjson_mut_sint(d, value)); /* memory of an arena does not run out */
}

void doc_add_copy(yyjson_mut_doc *d, yyjson_mut_val *obj, const char *key, yyjson_val *value)
{
    if (value) doc_add_val(d, obj, key, yyjson_val_mut_copy(d, value));
}

struct str doc_write(struct arena *a, const yyjson_mut_val *value)
{
    yyjson_alc alc = alc_of(a);
    struct str s;
    s.p = yyjson_mut_val_write_opts(value, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &s.n, NULL);
    return s.p ? s : STR_NONE;
}

struct str doc_write_val(struct arena *a, const yyjson_val *value)
{
    yyjson_alc alc = alc_of(a);
    struct str s = STR_NONE;
    if (value) s.p = yyjson_val_write_opts(value, YYJSON_WRITE_ALLOW_INVALID_UNICODE, &alc, &s.n, NULL);
    return s.p ? s : STR_NONE;
}

/* ---- settings ---- */

int doc_only(yyjson_val *obj, const char *at, const char *const *known, struct err *e)
{
    yyjson_val *k, *v;
    size_t i, n;
    yyjson_obj_foreach(obj, i, n, k, v) {
        const char *const *one = known;
        while (*one && !str_is(doc_text(k), *one)) one++;
        if (*one) continue;
        (void)err_set(e, "CONFIGURATION_ERROR", "there is no setting \"" STR_FMT "\" here",
                      STR_ARG(text_cut(doc_text(k), 60)));
        return err_field(e, "%s/" STR_FMT, at, STR_ARG(text_cut(doc_text(k), 60)));
    }
    return 0;
}

int doc_opt_str(struct arena *a, yyjson_val *obj, const char *at, const char *key, size_t max, struct str *out,
                struct err *e)
{
    if (!doc_has(obj, key)) return 0;
    struct str s = doc_str(obj, key);
    if (!s.n || s.n > max || memchr(s.p, 0, s.n)) {
        (void)err_set(e, "CONFIGURATION_ERROR", "%s must be a text of 1 to %zu bytes", key, max);
        return err_field(e, "%s/%s", at, key);
    }
    *out = arena_dup(a, s);
    return 0;
}

/* ---- small texts ---- */

bool text_is_digits(struct str s, size_t max)
{
    if (!s.n || s.n > max) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    }
    return true;
}

static bool unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

struct str text_escaped(struct arena *a, struct str s)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = arena_alloc_raw(a, 3 * s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = (uint8_t)s.p[i];
        if (unreserved(s.p[i])) {
            out[n++] = s.p[i];
            continue;
        }
        out[n++] = '%';
        out[n++] = hex[c >> 4];
        out[n++] = hex[c & 15];
    }
    out[n] = 0;
    return (struct str){ out, n };
}

struct str text_cut(struct str s, size_t max)
{
    if (s.n <= max) return s;
    while (max > 0 && ((uint8_t)s.p[max] & 0xc0) == 0x80) max--;
    return (struct str){ s.p, max };
}

bool text_has(struct str s, struct str part)
{
    if (!part.n) return true;
    for (size_t i = 0; i + part.n <= s.n; i++) {
        if (memcmp(s.p + i, part.p, part.n) == 0) return true;
    }
    return false;
}
