#include "pool.h"

#define VALUE_BYTES_MAX 600
#define DEPTH_MAX       24

uint64_t rng_below(struct rng *r, uint64_t n)
{
    return n ? rng_u64(r) % n : 0;
}

bool rng_percent(struct rng *r, int percent)
{
    return rng_below(r, 100) < (uint64_t)(percent > 0 ? percent : 0);
}

void pool_init(struct known *p, struct rng *rng)
{
    *p = (struct known){ .rng = rng };
    arena_init(&p->arena);
}

void pool_finish(struct known *p)
{
    arena_finish(&p->arena);
}

/* "media_buy_ids" and "media_buy_id" are one name, and "id" is that of the object it stands in. */
static struct str key_of(struct arena *a, struct str parent, struct str name)
{
    if (name.n > 1 && name.p[name.n - 1] == 's') name.n--;
    if (!str_is(name, "id")) return name;
    if (parent.n > 1 && parent.p[parent.n - 1] == 's') parent.n--;
    return arena_printf(a, STR_FMT ".id", STR_ARG(parent));
}

static struct pool_name *find(struct known *p, struct str key)
{
    for (size_t i = 0; i < p->n; i++) {
        if (str_eq(p->names[i].name, key)) return &p->names[i];
    }
    return NULL;
}

static bool ends(struct str s, const char *with)
{
    struct str w = str_from(with);
    return s.n >= w.n && memcmp(s.p + s.n - w.n, w.p, w.n) == 0;
}

static bool worth(struct str name, yyjson_val *v)
{
    static const char *const endings[] = { "id",       "ids",      "cursor", "_url",  "domain",
                                           "_version", "revision", "_ref",   "token", "etag" };
    if (yyjson_is_obj(v)) {
        if (str_is(name, "account")) return json_has(v, "account_id") || json_has(v, "brand");
        if (str_is(name, "brand")) return json_has(v, "domain");
        return str_is(name, "format_id") && json_has(v, "id");
    }
    if (!yyjson_is_str(v) && !yyjson_is_int(v)) return false;
    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        if (ends(name, endings[i])) return true;
    }
    return false;
}

static void keep(struct known *p, struct str parent, struct str name, yyjson_val *v)
{
    struct str key = key_of(&p->arena, parent, name), text = json_write_val(&p->arena, v);
    struct pool_name *n = find(p, key);
    if (text.n > VALUE_BYTES_MAX) return;
    if (!n) {
        if (p->n == POOL_NAMES) return;
        n = &p->names[p->n++];
        n->name = arena_dup(&p->arena, key);
    }
    for (size_t i = 0; i < n->n; i++) {
        if (str_eq(n->values[i], text)) return;
    }
    size_t at = n->n < POOL_VALUES ? n->n++ : n->seen % POOL_VALUES;
    n->seen++;
    n->values[at] = text;
}

static void walk(struct known *p, struct str parent, struct str name, yyjson_val *v, int depth)
{
    yyjson_val *key, *member;
    size_t i, n;
    if (depth > DEPTH_MAX || str_is(name, "context") || str_is(name, "ext")) return; /* a caller's own, echoed */
    if (worth(name, v)) keep(p, parent, name, v);
    if (yyjson_is_obj(v)) {
        yyjson_obj_foreach(v, i, n, key, member) walk(p, name, json_val_str(key), member, depth + 1);
    }
    if (yyjson_is_arr(v)) {
        yyjson_arr_foreach(v, i, n, member) {
            if (i < 8 || i + 2 >= n) walk(p, parent, name, member, depth + 1);
        }
    }
}

void pool_note(struct known *p, yyjson_val *document)
{
    walk(p, STR_NONE, STR_NONE, document, 0);
}

yyjson_mut_val *pool_pick(struct known *p, yyjson_mut_doc *doc, struct str parent, struct str name)
{
    struct arena scratch;
    arena_init(&scratch);
    struct pool_name *n = find(p, key_of(&scratch, parent, name));
    arena_finish(&scratch);
    if (!n) return NULL;
    struct str text = n->values[rng_below(p->rng, n->n)];
    return json_copy(doc, json_parse_own(&p->arena, text));
}
