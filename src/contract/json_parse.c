/* Parsing. yyjson itself reads iteratively and is strict; what it does not do (limits, duplicate names, NUL) is
 * one more iterative walk over the parsed values, with a stack as deep as the limit. */
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "contract/json.h"

static void *alc_malloc(void *ctx, size_t size)
{
    return arena_alloc_raw(ctx, size);
}

static void *alc_realloc(void *ctx, void *ptr, size_t old_size, size_t size)
{
    if (size <= old_size) return ptr;
    void *p = arena_alloc_raw(ctx, size);
    if (ptr) memcpy(p, ptr, old_size);
    return p;
}

static void alc_free(void *ctx, void *ptr)
{
    (void)ctx; /* the arena frees everything at once */
    (void)ptr;
}

yyjson_alc json_arena_alc(struct arena *a)
{
    return (yyjson_alc){ alc_malloc, alc_realloc, alc_free, a };
}

struct frame {
    yyjson_val *container;
    yyjson_val *key; /* of the member being visited; NULL in an array */
    yyjson_val *next;
    size_t index, count;
};

struct walk {
    struct arena *arena;
    struct frame stack[JSON_DEPTH_HARD];
    int depth;
};

/* The JSON Pointer of where the walk stands, cut where it would pass the error's field. */
static void pointer_of(const struct walk *w, struct err *e)
{
    size_t n = 0;
    char out[ERR_FIELD_MAX];
    for (int i = 0; i < w->depth; i++) {
        const struct frame *f = &w->stack[i];
        if (n + 24 >= sizeof(out)) break;
        out[n++] = '/';
        if (!f->key) {
            n += (size_t)snprintf(out + n, sizeof(out) - n, "%zu", f->index - 1);
            continue;
        }
        const char *k = yyjson_get_str(f->key);
        size_t len = yyjson_get_len(f->key);
        for (size_t j = 0; j < len && n + 3 < sizeof(out); j++) {
            if (k[j] == '~' || k[j] == '/') {
                out[n++] = '~';
                out[n++] = k[j] == '~' ? '0' : '1';
            } else {
                out[n++] = k[j] ? k[j] : '?';
            }
        }
    }
    (void)err_field(e, STR_FMT, (int)n, out); /* returns -1 by convention; there is nothing to learn from it */
}

static int key_order(const void *x, const void *y)
{
    yyjson_val *a = *(yyjson_val *const *)x, *b = *(yyjson_val *const *)y;
    size_t an = yyjson_get_len(a), bn = yyjson_get_len(b);
    if (an != bn) return an < bn ? -1 : 1;
    return memcmp(yyjson_get_str(a), yyjson_get_str(b), an);
}

#define FEW_KEYS 16 /* up to here comparing each with each is quicker than sorting */

/* A name that occurs twice in the object, or NULL. */
static yyjson_val *duplicate_key(struct arena *a, yyjson_val *obj)
{
    size_t n = yyjson_obj_size(obj), count = 0;
    if (n < 2) return NULL;
    yyjson_val *few[FEW_KEYS], **keys = n <= FEW_KEYS ? few : ARENA_ARRAY(a, yyjson_val *, n);
    yyjson_obj_iter it = yyjson_obj_iter_with(obj);
    for (yyjson_val *k; (k = yyjson_obj_iter_next(&it));) {
        for (size_t i = 0; n <= FEW_KEYS && i < count; i++) {
            if (key_order(&keys[i], &k) == 0) return k;
        }
        keys[count++] = k;
    }
    if (n <= FEW_KEYS) return NULL;
    qsort(keys, count, sizeof(keys[0]), key_order);
    for (size_t i = 1; i < count; i++) {
        if (key_order(&keys[i - 1], &keys[i]) == 0) return keys[i];
    }
    return NULL;
}

static int refuse_nul(const struct walk *w, yyjson_val *s, struct err *e)
{
    if (!s || !yyjson_is_str(s) || !memchr(yyjson_get_str(s), 0, yyjson_get_len(s))) return 0;
    err_set(e, "INVALID_REQUEST", "the request contains the character U+0000, which is not accepted");
    pointer_of(w, e);
    return -1;
}

/* Enters a container; its limit and its names are checked before anything inside it is looked at. */
static int push(struct walk *w, yyjson_val *container, int depth_max, struct err *e)
{
    if (w->depth >= depth_max) {
        err_set(e, "INVALID_REQUEST", "the JSON is nested deeper than %d levels", depth_max);
        pointer_of(w, e);
        return -1;
    }
    yyjson_val *twice = yyjson_is_obj(container) ? duplicate_key(w->arena, container) : NULL;
    w->stack[w->depth++] = (struct frame){ .container = container,
                                           .next = unsafe_yyjson_get_first(container),
                                           .count = unsafe_yyjson_get_len(container) };
    if (!twice) return 0;
    w->stack[w->depth - 1].key = twice;
    err_set(e, "INVALID_REQUEST", "the member \"%.100s\" occurs twice in one object", yyjson_get_str(twice));
    pointer_of(w, e);
    return -1;
}

static int check_values(struct arena *a, yyjson_val *root, int depth_max, struct err *e)
{
    struct walk w = { .arena = a };
    if (refuse_nul(&w, root, e)) return -1;
    if (yyjson_is_ctn(root) && push(&w, root, depth_max, e)) return -1;
    while (w.depth > 0) {
        struct frame *f = &w.stack[w.depth - 1];
        if (f->index == f->count) {
            w.depth--;
            continue;
        }
        f->index++;
        f->key = NULL;
        if (yyjson_is_obj(f->container)) {
            f->key = f->next;
            f->next = unsafe_yyjson_get_next(f->key);
        }
        yyjson_val *v = f->next;
        f->next = unsafe_yyjson_get_next(v);
        if (refuse_nul(&w, f->key, e) || refuse_nul(&w, v, e)) return -1;
        if (yyjson_is_ctn(v) && push(&w, v, depth_max, e)) return -1;
    }
    return 0;
}

static int syntax_error(struct str text, const yyjson_read_err *re, struct err *e)
{
    size_t line = 1, pos = re->pos < text.n ? re->pos : text.n;
    for (size_t i = 0; i < pos; i++) line += text.p[i] == '\n';
    return err_set(e, "INVALID_REQUEST", "not valid JSON at line %zu, byte %zu: %s", line, pos, re->msg);
}

int json_parse(struct arena *a, struct str text, const struct json_limits *limits, yyjson_doc **doc, struct err *e)
{
    ENSURE(limits->depth_max > 0 && limits->depth_max <= JSON_DEPTH_HARD);
    if (text.n > limits->bytes_max) {
        return err_set(e, "INVALID_REQUEST", "the JSON is %zu bytes long; at most %zu are accepted", text.n,
                       limits->bytes_max);
    }
    if (text.n == 0) return err_set(e, "INVALID_REQUEST", "empty text where JSON was expected");
    yyjson_alc alc = json_arena_alc(a);
    yyjson_read_err re = { 0 };
    /* Without YYJSON_READ_INSITU the text is not written to, whatever the parameter's type says. */
    yyjson_doc *d = yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, &alc, &re);
    if (!d) return syntax_error(text, &re, e);
    if (yyjson_doc_get_val_count(d) > limits->nodes_max) {
        return err_set(e, "INVALID_REQUEST", "the JSON has more than %zu values", limits->nodes_max);
    }
    if (check_values(a, yyjson_doc_get_root(d), limits->depth_max, e)) return -1;
    *doc = d;
    return 0;
}

yyjson_val *json_parse_own(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err e;
    if (json_parse(a, text, &json_limits_own, &doc, &e) == 0) return yyjson_doc_get_root(doc);
    log_event(LOG_ERROR, "json", "ill-formed text of ours", "why", e.message, "at", e.field, NULL);
    yyjson_alc alc = json_arena_alc(a);
    doc =
        text.n ? yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, &alc, /* err= */ NULL) : NULL;
    return doc ? yyjson_doc_get_root(doc) : NULL;
}
