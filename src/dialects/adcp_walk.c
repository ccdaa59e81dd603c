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
