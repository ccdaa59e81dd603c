/* Builders and writers. */
#include <math.h>

#include <salesagent/money.h>

#include "base/encode.h"
#include "base/rfc3339.h"
#include "contract/json.h"

yyjson_mut_doc *json_doc_new(struct arena *a)
{
    yyjson_alc alc = json_arena_alc(a);
    yyjson_mut_doc *doc = yyjson_mut_doc_new(&alc);
    ENSURE(doc != NULL);
    return doc;
}

yyjson_mut_val *json_root_obj(yyjson_mut_doc *doc)
{
    yyjson_mut_val *root = yyjson_mut_obj(doc);
    yyjson_mut_doc_set_root(doc, root);
    return root;
}

static void add(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_mut_val *value)
{
    bool added = yyjson_mut_obj_add(obj, yyjson_mut_str(doc, key), value);
    ENSURE(added || !yyjson_mut_is_obj(obj));
}

static void push(yyjson_mut_val *arr, yyjson_mut_val *value)
{
    bool added = yyjson_mut_arr_append(arr, value);
    ENSURE(added || !yyjson_mut_is_arr(arr));
}

yyjson_mut_val *json_add_obj(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_obj(doc);
    add(doc, obj, key, v);
    return v;
}

yyjson_mut_val *json_add_arr(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *v = yyjson_mut_arr(doc);
    add(doc, obj, key, v);
    return v;
}

yyjson_mut_val *json_push_obj(yyjson_mut_doc *doc, yyjson_mut_val *arr)
{
    yyjson_mut_val *v = yyjson_mut_obj(doc);
    push(arr, v);
    return v;
}

/* The length of the well-formed sequence at the start of s, or 0. */
static size_t utf8_step(struct str s)
{
    for (size_t n = 1; n <= 4 && n <= s.n; n++) {
        if (utf8_valid((struct str){ s.p, n })) return n;
    }
    return 0;
}

static yyjson_mut_val *text_value(yyjson_mut_doc *doc, struct str s)
{
    if (s.n == 0) return yyjson_mut_str(doc, "");
    if (utf8_valid(s)) return yyjson_mut_strn(doc, s.p, s.n);
    char *out = arena_alloc(doc->alc.ctx, 3 * s.n + 1);
    size_t n = 0;
    while (s.n > 0) {
        size_t step = utf8_step(s);
        memcpy(out + n, step ? s.p : "\xEF\xBF\xBD", step ? step : 3);
        n += step ? step : 3;
        s = str_skip(s, step ? step : 1);
    }
    return yyjson_mut_strn(doc, out, n);
}

void json_add_str(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str value)
{
    add(doc, obj, key, text_value(doc, value));
}

void json_add_str_opt(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str value)
{
    if (value.n > 0) json_add_str(doc, obj, key, value);
}

void json_add_cstr(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, const char *value)
{
    json_add_str(doc, obj, key, str_from(value));
}

void json_push_str(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct str value)
{
    push(arr, text_value(doc, value));
}

void json_add_i64(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t value)
{
    add(doc, obj, key, yyjson_mut_sint(doc, value));
}

void json_add_bool(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, bool value)
{
    add(doc, obj, key, yyjson_mut_bool(doc, value));
}

void json_add_null(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    add(doc, obj, key, yyjson_mut_null(doc));
}

void json_add_real(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, double value)
{
    if (isfinite(value)) add(doc, obj, key, yyjson_mut_real(doc, value));
}

void json_add_money(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t micros)
{
    char text[MONEY_TEXT_MAX];
    size_t n = money_print(micros, text);
    add(doc, obj, key, yyjson_mut_rawncpy(doc, text, n));
}

void json_add_cents(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct cents value)
{
    json_add_i64(doc, obj, key, value.n);
}

void json_add_time(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, int64_t at)
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print(at, RFC3339_SECONDS, text);
    add(doc, obj, key, yyjson_mut_strncpy(doc, text, n));
}

void json_add_val(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_mut_val *value)
{
    if (value) add(doc, obj, key, value);
}

yyjson_mut_val *json_copy(yyjson_mut_doc *doc, yyjson_val *value)
{
    return value ? yyjson_val_mut_copy(doc, value) : NULL;
}

void json_add_copy(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, yyjson_val *value)
{
    json_add_val(doc, obj, key, json_copy(doc, value));
}

void json_add_raw(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str json_text)
{
    if (json_text.n > 0) add(doc, obj, key, yyjson_mut_rawn(doc, json_text.p, json_text.n));
}

void json_push_raw(yyjson_mut_doc *doc, yyjson_mut_val *arr, struct str json_text)
{
    if (json_text.n > 0) push(arr, yyjson_mut_rawn(doc, json_text.p, json_text.n));
}

bool json_add_text(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key, struct str json_text)
{
    if (json_text.n == 0) return false;
    yyjson_doc *d = yyjson_read_opts((char *)(uintptr_t)json_text.p, json_text.n, YYJSON_READ_NOFLAG, &doc->alc,
                                     /* err= */ NULL);
    if (!d) return false;
    json_add_copy(doc, obj, key, yyjson_doc_get_root(d));
    return true;
}

struct str json_write(struct arena *a, const yyjson_mut_val *value)
{
    yyjson_alc alc = json_arena_alc(a);
    size_t n = 0;
    char *p = yyjson_mut_val_write_opts(value, YYJSON_WRITE_NOFLAG, &alc, &n, /* err= */ NULL);
    return (struct str){ p, p ? n : 0 };
}

struct str json_write_val(struct arena *a, const yyjson_val *value)
{
    yyjson_alc alc = json_arena_alc(a);
    size_t n = 0;
    char *p = yyjson_val_write_opts(value, YYJSON_WRITE_NOFLAG, &alc, &n, /* err= */ NULL);
    return (struct str){ p, p ? n : 0 };
}
