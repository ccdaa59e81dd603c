#include "bend.h"

#define PLACES_MAX 4096
#define MANY       250

static void places(yyjson_mut_val *v, struct str parent, struct bend_place *out, size_t max, size_t *n, int depth)
{
    yyjson_mut_val *key, *member;
    size_t i, all;
    if (depth > 40) return;
    if (yyjson_mut_is_obj(v)) {
        yyjson_mut_obj_foreach(v, i, all, key, member) {
            struct str name = { yyjson_mut_get_str(key), yyjson_mut_get_len(key) };
            if (*n == max) return;
            out[(*n)++] = (struct bend_place){ v, member, parent, name, 0 };
            places(member, name, out, max, n, depth + 1);
        }
    }
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, all, member) {
            if (*n == max) return;
            out[(*n)++] = (struct bend_place){ v, member, parent, STR_NONE, i };
            places(member, parent, out, max, n, depth + 1);
        }
    }
}

size_t bend_places(yyjson_mut_val *root, struct bend_place *out, size_t max)
{
    size_t n = 0;
    places(root, STR_NONE, out, max, &n, 0);
    return n;
}

void bend_put(yyjson_mut_doc *doc, const struct bend_place *at, yyjson_mut_val *value)
{
    if (at->key.p) (void)yyjson_mut_obj_put(at->holder, yyjson_mut_strn(doc, at->key.p, at->key.n), value);
    else (void)yyjson_mut_arr_replace(at->holder, at->index, value);
}

void bend_remove(const struct bend_place *at)
{
    if (at->key.p) (void)yyjson_mut_obj_remove_keyn(at->holder, at->key.p, at->key.n);
    else (void)yyjson_mut_arr_remove(at->holder, at->index);
}

static const char *const names[] = { "status",
                                     "errors",
                                     "error",
                                     "ext",
                                     "context",
                                     "packages",
                                     "account",
                                     "creatives",
                                     "media_buy_id",
                                     "name",
                                     "reply",
                                     "aux",
                                     "task_id",
                                     "adcp_version",
                                     "salesagent",
                                     "x",
                                     "",
                                     "/",
                                     "~",
                                     "__proto__",
                                     "paused",
                                     "canceled",
                                     "pagination",
                                     "filters",
                                     "push_notification_config",
                                     "reporting_webhook",
                                     "currency" };

/* A list with its items again and again, each with an id of its own where it has one. */
static void repeat(struct gen *g, yyjson_mut_val *list)
{
    size_t have = yyjson_mut_arr_size(list);
    if (have == 0 || g->nodes <= 0) return;
    for (size_t i = have; i < MANY; i++) {
        yyjson_mut_val *copy = yyjson_mut_val_mut_copy(g->doc, yyjson_mut_arr_get(list, i % have)), *key, *member;
        size_t k, n;
        yyjson_mut_val *id = NULL;
        yyjson_mut_obj_foreach(copy, k, n, key, member) {
            const char *name = yyjson_mut_get_str(key);
            if (yyjson_mut_is_str(member) &&
                (!strcmp(name, "creative_id") || !strcmp(name, "catalog_id") || !strcmp(name, "id") ||
                 !strcmp(name, "buyer_ref") || !strcmp(name, "name") || !strcmp(name, "audience_id")))
                id = key;
        }
        if (id) {
            struct str text = arena_printf(g->arena, "%s-%zu", yyjson_mut_get_str(id), i);
            (void)yyjson_mut_obj_put(copy, yyjson_mut_val_mut_copy(g->doc, id),
                                     yyjson_mut_strn(g->doc, text.p, text.n));
        }
        yyjson_mut_arr_append(list, copy);
        g->nodes -= 10;
    }
}

static void change(struct gen *g, const struct bend_place *at, const struct bend_place *other)
{
    static const double factors[] = { -1, 0, 0.001, 1e6, 1.0000001, 1e12, 1.0 / 3 };
    double d;
    struct str s;
    switch (rng_below(g->rng, 9)) {
    case 0: bend_put(g->doc, at, gen_odd(g)); break;
    case 1: bend_remove(at); break;
    case 2: bend_put(g->doc, at, yyjson_mut_val_mut_copy(g->doc, other->value)); break;
    case 3:
        d = yyjson_mut_is_num(at->value)
                ? yyjson_mut_get_num(at->value) * factors[rng_below(g->rng, ARRAY_LEN(factors))]
                : 1e20;
        bend_put(g->doc, at, yyjson_mut_real(g->doc, d > 1e308 || d < -1e308 ? 1e308 : d));
        break;
    case 4:
        if (yyjson_mut_is_arr(at->value)) repeat(g, at->value);
        else if (yyjson_mut_is_arr(at->holder)) repeat(g, at->holder);
        break;
    case 5:
        s = str_from(names[rng_below(g->rng, ARRAY_LEN(names))]);
        if (yyjson_mut_is_obj(at->holder))
            (void)yyjson_mut_obj_put(at->holder, yyjson_mut_strn(g->doc, s.p, s.n),
                                     yyjson_mut_val_mut_copy(g->doc, other->value));
        break;
    case 6:
        s = str_from(gen_day(g, rng_percent(g->rng, 50), rng_percent(g->rng, 50)));
        if (yyjson_mut_is_str(at->value)) bend_put(g->doc, at, yyjson_mut_strn(g->doc, s.p, s.n));
        break;
    case 7:
        if (yyjson_mut_is_bool(at->value))
            bend_put(g->doc, at, yyjson_mut_bool(g->doc, !yyjson_mut_get_bool(at->value)));
        break;
    default:
        if (yyjson_mut_is_obj(at->holder))
            (void)yyjson_mut_obj_put(at->holder, yyjson_mut_str(g->doc, "ext"), gen_odd(g));
    }
}

void bend(struct gen *g, yyjson_mut_val *args)
{
    struct bend_place *all = ARENA_ARRAY(g->arena, struct bend_place, PLACES_MAX);
    size_t n = bend_places(args, all, PLACES_MAX);
    if (n > 0) change(g, &all[rng_below(g->rng, n)], &all[rng_below(g->rng, n)]);
}

static bool ends(struct str s, const char *with)
{
    size_t n = strlen(with);
    return s.n >= n && memcmp(s.p + s.n - n, with, n) == 0;
}

static yyjson_mut_val *fitting(struct gen *g, const struct bend_place *at)
{
    struct str name = at->key.p ? at->key : at->parent;
    if (str_is(name, "idempotency_key")) {
        struct str s = arena_printf(g->arena, "tool-fuzz-%016llu", (unsigned long long)++g->keys);
        return yyjson_mut_strn(g->doc, s.p, s.n);
    }
    if (yyjson_mut_is_str(at->value)) {
        bool late = ends(name, "end_time") || ends(name, "end_date") || str_is(name, "end");
        if (late || ends(name, "start_time") || ends(name, "start_date") || str_is(name, "start"))
            return yyjson_mut_strcpy(g->doc, gen_day(g, !ends(name, "_date"), late));
    }
    if (str_is(name, "pricing_option_id") && at->key.p) { /* one of the product that stands beside it */
        struct str option =
            gen_pricing_option(g, (struct str){ yyjson_mut_get_str(yyjson_mut_obj_get(at->holder, "product_id")),
                                                yyjson_mut_get_len(yyjson_mut_obj_get(at->holder, "product_id")) });
        if (option.n) return yyjson_mut_strn(g->doc, option.p, option.n);
    }
    if (!yyjson_mut_is_str(at->value) && !yyjson_mut_is_obj(at->value)) return NULL;
    yyjson_mut_val *known = pool_pick(g->pool, g->doc, at->parent, name);
    return known && yyjson_mut_get_type(known) == yyjson_mut_get_type(at->value) ? known : NULL;
}

void bend_ids(struct gen *g, yyjson_mut_val *args)
{
    struct bend_place *all = ARENA_ARRAY(g->arena, struct bend_place, PLACES_MAX);
    for (size_t i = 0; i < bend_places(args, all, PLACES_MAX); i++) {
        bool made_up = yyjson_mut_is_str(all[i].value) && yyjson_mut_get_str(all[i].value)[0] == '$';
        yyjson_mut_val *v = made_up || rng_percent(g->rng, 60) ? fitting(g, &all[i]) : NULL;
        if (v) bend_put(g->doc, &all[i], v);
    }
}
