/* What an import changes, told before it is done: two exports are compared object by object, and the objects that both have
 * member by member. Lists of lists are told whole. */
#include "domain/publisher/catalog_import.h"

#include "contract/limits.h"

#define DEPTH_MAX 16

/* --- lists of objects, by id -------------------------------------------------------------------------------- */

static const struct {
    const char *list, *id;
} lists[] = { { "principals", "principal_id" }, { "accounts", "account_id" }, { "formats", "format_id" },
              { "properties", "property_id" },  { "slots", "slot_id" },       { "products", "product_id" },
              { "signals", "signal_id" } };

static struct str id_of(yyjson_val *v, const char *member)
{
    yyjson_val *id = yyjson_obj_get(v, member);
    return yyjson_is_obj(id) ? json_str(id, "id") : json_val_str(id); /* a format's id is an object */
}

/* Open addressing; a slot without id is free. */
struct index {
    struct {
        struct str id;
        yyjson_val *v;
        bool met;
    } *slots;
    size_t cap;
};

static size_t slot_of(const struct index *x, struct str id)
{
    size_t h = 5381;
    for (size_t i = 0; i < id.n; i++) h = h * 33 + (uint8_t)id.p[i];
    for (h &= x->cap - 1; x->slots[h].id.n && !str_eq(x->slots[h].id, id); h = (h + 1) & (x->cap - 1)) {
    }
    return h;
}

static struct index index_list(struct arena *a, yyjson_val *arr, const char *member)
{
    struct index x = { .cap = 16 };
    while (x.cap < 2 * yyjson_arr_size(arr)) x.cap *= 2;
    x.slots = arena_alloc(a, x.cap * sizeof(*x.slots));
    memset(x.slots, 0, x.cap * sizeof(*x.slots));
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(arr, i, n, v) {
        struct str id = id_of(v, member);
        if (!id.n) continue;
        size_t at = slot_of(&x, id);
        x.slots[at].id = id;
        x.slots[at].v = v;
    }
    return x;
}

/* --- differences -------------------------------------------------------------------------------------------- */

struct telling {
    struct arena *arena;
    struct catalog_diff *out;
    struct str object;
};

static yyjson_mut_val *tell(struct telling *t, const char *change)
{
    if (yyjson_mut_arr_size(t->out->list) >= CATALOG_DIFF_MAX) {
        t->out->left_out++;
        return NULL;
    }
    yyjson_mut_val *o = json_push_obj(t->out->doc, t->out->list);
    json_add_str(t->out->doc, o, "change", str_from(change));
    json_add_str(t->out->doc, o, "object", t->object);
    return o;
}

static void tell_member(struct telling *t, struct str at, yyjson_val *from, yyjson_val *to)
{
    yyjson_mut_val *o = tell(t, "changed");
    if (!o) return;
    json_add_str(t->out->doc, o, "member", at);
    if (from) json_add_copy(t->out->doc, o, "from", from);
    if (to) json_add_copy(t->out->doc, o, "to", to);
}

/* Bounded by DEPTH_MAX; what lies deeper is told whole. */
static void compare_members(struct telling *t, struct str at, yyjson_val *from, yyjson_val *to, int depth)
{
    size_t i, n;
    yyjson_val *key, *val;
    if (yyjson_equals(from, to)) return;
    if (!yyjson_is_obj(from) || !yyjson_is_obj(to) || depth == DEPTH_MAX) {
        tell_member(t, at, from, to);
        return;
    }
    yyjson_obj_foreach(from, i, n, key, val) {
        struct str below = arena_printf(t->arena, STR_FMT "/%s", STR_ARG(at), yyjson_get_str(key));
        compare_members(t, below, val, yyjson_obj_getn(to, yyjson_get_str(key), yyjson_get_len(key)), depth + 1);
    }
    yyjson_obj_foreach(to, i, n, key, val) {
        if (yyjson_obj_getn(from, yyjson_get_str(key), yyjson_get_len(key))) continue;
        tell_member(t, arena_printf(t->arena, STR_FMT "/%s", STR_ARG(at), yyjson_get_str(key)), NULL, val);
    }
}

static void compare_lists(struct telling *t, const char *list, const char *member, yyjson_val *from, yyjson_val *to)
{
    struct index had = index_list(t->arena, from, member);
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(to, i, n, v) {
        struct str id = id_of(v, member);
        size_t at = slot_of(&had, id);
        t->object = arena_printf(t->arena, "%s/" STR_FMT, list, STR_ARG(id));
        if (!had.slots[at].v) {
            (void)tell(t, "added"); /* what does not fit is counted */
            continue;
        }
        had.slots[at].met = true;
        compare_members(t, STR_NONE, had.slots[at].v, v, 0);
    }
    for (size_t at = 0; at < had.cap; at++) {
        if (!had.slots[at].v || had.slots[at].met) continue;
        t->object = arena_printf(t->arena, "%s/" STR_FMT, list, STR_ARG(had.slots[at].id));
        (void)tell(t, "removed"); /* what does not fit is counted */
    }
}

int catalog_compare(struct arena *a, const struct catalog_counts *c, struct catalog_diff *out, struct err *e)
{
    yyjson_doc *before = NULL, *after;
    struct telling t = { .arena = a, .out = out, .object = STR("tenant") };
    if (c->before.n && json_parse(a, c->before, &json_limits_export, &before, e)) return -1;
    if (json_parse(a, c->after, &json_limits_export, &after, e)) return -1;
    yyjson_val *had = before ? yyjson_doc_get_root(before) : NULL, *has = yyjson_doc_get_root(after);
    out->left_out = 0;
    if (had) compare_members(&t, STR_NONE, yyjson_obj_get(had, "tenant"), yyjson_obj_get(has, "tenant"), 0);
    else (void)tell(&t, "added"); /* the first fits */
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        compare_lists(&t, lists[i].list, lists[i].id, json_arr(had, lists[i].list), json_arr(has, lists[i].list));
    }
    return 0;
}
