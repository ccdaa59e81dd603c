/* See adcp_walk.h. */
#include "dialects/adcp_walk.h"

#include "contract/error_codes.h"

void adcp_each(yyjson_mut_val *obj, const char *key, void (*f)(yyjson_mut_doc *, yyjson_mut_val *), yyjson_mut_doc *doc)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(obj, key), *item;
    size_t i, n;
    if (!yyjson_mut_is_arr(list)) return;
    yyjson_mut_arr_foreach(list, i, n, item) {
        if (yyjson_mut_is_obj(item)) f(doc, item);
    }
}

struct words {
    enum adcp_line line;
    const char *(*older)(const char *code);
};

static void reword(yyjson_mut_val *e, const struct words *w)
{
    yyjson_mut_val *code = yyjson_mut_obj_get(e, "code"), *recovery = yyjson_mut_obj_get(e, "recovery");
    if (!yyjson_mut_is_str(code)) return;
    const char *older = w->older(yyjson_mut_get_str(code));
    const struct error_code *row = error_code_find(older);
    yyjson_mut_set_str(code, older);
    if (row && yyjson_mut_is_str(recovery)) {
        yyjson_mut_set_str(recovery, error_recovery_name(row->recovery[w->line]));
    }
}

static void reword_list(yyjson_mut_val *obj, const struct words *w)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(obj, "errors"), *e;
    size_t i, n;
    yyjson_mut_arr_foreach(list, i, n, e) reword(e, w);
}

void adcp_reword_errors(yyjson_mut_doc *doc, yyjson_mut_val *reply, enum adcp_line line,
                        const char *(*older)(const char *code))
{
    static const char *const lists[] = { "media_buys", "creatives", "accounts", "audiences", "catalogs" };
    const struct words w = { line, older };
    yyjson_mut_val *failure = yyjson_mut_obj_get(reply, "adcp_error"), *item;
    if (failure) reword(failure, &w);
    reword_list(reply, &w);
    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        yyjson_mut_val *list = yyjson_mut_obj_get(reply, lists[k]);
        size_t i, n;
        yyjson_mut_arr_foreach(list, i, n, item) reword_list(item, &w);
    }
}

bool adcp_among(yyjson_mut_val *v, const char *const *words)
{
    for (; yyjson_mut_is_str(v) && *words; words++) {
        if (yyjson_mut_equals_str(v, *words)) return true;
    }
    return false;
}

/* From the end and by index: the array iterator of yyjson up to 0.10 skips what follows a removed item. */
void adcp_filter_words(yyjson_mut_val *list, const char *const *words, enum adcp_keep keep)
{
    for (size_t i = yyjson_mut_arr_size(list); i-- > 0;) {
        bool drop = adcp_among(yyjson_mut_arr_get(list, i), words) != (keep == ADCP_KEEP_THESE);
        if (drop) (void)yyjson_mut_arr_remove(list, i);
    }
}

#define BRAND_LEVELS 8 /* how deep in a reply a brand stands, and some more */

static void drop_of_brands(yyjson_mut_val *v, const char *member, int levels)
{
    yyjson_mut_val *key, *inner;
    size_t i, n;
    if (levels == 0) return;
    if (yyjson_mut_is_obj(v)) {
        if (yyjson_mut_obj_get(v, "domain")) (void)yyjson_mut_obj_remove_key(v, member);
        yyjson_mut_obj_foreach(v, i, n, key, inner) {
            bool own = yyjson_mut_equals_str(key, "context") || yyjson_mut_equals_str(key, "ext");
            if (!own) drop_of_brands(inner, member, levels - 1);
        }
    }
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_foreach(v, i, n, inner) drop_of_brands(inner, member, levels - 1);
    }
}

void adcp_drop_of_brands(yyjson_mut_val *reply, const char *member)
{
    drop_of_brands(reply, member, BRAND_LEVELS);
}

void adcp_notification_words(yyjson_mut_val *account, const char *const *words)
{
    yyjson_mut_val *configs = yyjson_mut_obj_get(account, "notification_configs");
    for (size_t i = yyjson_mut_is_arr(configs) ? yyjson_mut_arr_size(configs) : 0; i-- > 0;) {
        yyjson_mut_val *types = yyjson_mut_obj_get(yyjson_mut_arr_get(configs, i), "event_types");
        if (!yyjson_mut_is_arr(types)) continue;
        adcp_filter_words(types, words, ADCP_KEEP_OTHERS);
        if (yyjson_mut_arr_size(types) == 0) (void)yyjson_mut_arr_remove(configs, i);
    }
}

static void drop_typed(yyjson_mut_val *list, const char *const *words)
{
    for (size_t i = yyjson_mut_arr_size(list); i-- > 0;) {
        yyjson_mut_val *v = yyjson_mut_arr_get(list, i);
        if (adcp_among(yyjson_mut_is_obj(v) ? yyjson_mut_obj_get(v, "type") : v, words))
            (void)yyjson_mut_arr_remove(list, i);
    }
}

static void drop_of_members(yyjson_mut_val *filters, const char *const *words)
{
    yyjson_mut_obj_iter it;
    yyjson_mut_val *key;
    if (!yyjson_mut_is_obj(filters)) return;
    yyjson_mut_obj_iter_init(filters, &it);
    while ((key = yyjson_mut_obj_iter_next(&it))) {
        yyjson_mut_val *list = yyjson_mut_obj_iter_get_val(key);
        size_t before = yyjson_mut_arr_size(list);
        if (!yyjson_mut_is_arr(list) || before == 0) continue;
        drop_typed(list, words);
        if (yyjson_mut_arr_size(list) == 0) (void)yyjson_mut_obj_iter_remove(&it);
    }
}

void adcp_drop_of_collections(yyjson_mut_val *list, const char *const *words)
{
    drop_of_members(yyjson_mut_obj_get(list, "filters"), words);
    yyjson_mut_val *sources = yyjson_mut_obj_get(list, "base_collections");
    for (size_t i = yyjson_mut_is_arr(sources) ? yyjson_mut_arr_size(sources) : 0; i-- > 0;) {
        yyjson_mut_val *source = yyjson_mut_arr_get(sources, i);
        bool named = yyjson_mut_obj_get(source, "identifiers") != NULL;
        drop_of_members(source, words);
        if (named && !yyjson_mut_obj_get(source, "identifiers")) (void)yyjson_mut_arr_remove(sources, i);
    }
    if (yyjson_mut_is_arr(sources) && yyjson_mut_arr_size(sources) == 0)
        (void)yyjson_mut_obj_remove_key(list, "base_collections");
}
