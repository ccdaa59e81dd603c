/* See targeting_patch.h. */
#include "tools/media_buy/targeting_patch.h"

#include "contract/document.h"
#include "domain/media_buy/media_buy.h"

static void apply(yyjson_mut_doc *doc, yyjson_mut_val *to, yyjson_val *patch)
{
    yyjson_val *key, *value;
    size_t i, n;
    yyjson_obj_foreach(patch, i, n, key, value) {
        const char *name = yyjson_get_str(key);
        (void)yyjson_mut_obj_remove_key(to, name); /* absent is fine */
        if (!yyjson_is_null(value)) json_add_copy(doc, to, name, value);
    }
}

yyjson_mut_val *targeting_new(yyjson_mut_doc *doc, yyjson_val *overlay)
{
    if (!yyjson_is_obj(overlay)) return NULL;
    yyjson_mut_val *to = yyjson_mut_obj(doc);
    apply(doc, to, overlay);
    return to;
}

static const struct package_row *package_of(const struct media_buy *buy, struct str package_id)
{
    for (size_t i = 0; i < buy->packages.n; i++) {
        if (str_eq(buy->packages.rows[i].package_id, package_id)) return &buy->packages.rows[i];
    }
    return NULL;
}

static bool any_overlay(yyjson_val *packages)
{
    yyjson_val *v;
    size_t i, n;
    yyjson_arr_foreach(packages, i, n, v) {
        if (json_obj(v, "targeting_overlay")) return true;
    }
    return false;
}

static void patch_one(struct tool_call *c, yyjson_mut_doc *doc, yyjson_mut_val *to, yyjson_val *package,
                      const struct package_row *row)
{
    yyjson_val *patch = json_obj(package, "targeting_overlay");
    if (!patch || !row) return;
    yyjson_val *stored = json_obj(document_read(c->arena, row->doc), "targeting_overlay");
    yyjson_mut_val *whole = stored ? json_copy(doc, stored) : yyjson_mut_obj(doc);
    apply(doc, whole, patch);
    (void)yyjson_mut_obj_remove_key(to, "targeting_overlay");
    json_add_val(doc, to, "targeting_overlay", whole);
}

int targeting_patch(struct tool_call *c, struct err *e)
{
    yyjson_val *packages = json_arr(c->args, "packages"), *v;
    struct media_buy buy;
    struct err nobody;
    yyjson_doc *parsed;
    size_t i, n;
    if (!any_overlay(packages) || media_buy_require(c->act, json_str(c->args, "media_buy_id"), &buy, &nobody)) return 0;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *args = json_copy(doc, c->args), *list = yyjson_mut_obj_get(args, "packages");
    yyjson_arr_foreach(packages, i, n, v) {
        patch_one(c, doc, yyjson_mut_arr_get(list, i), v, package_of(&buy, json_str(v, "package_id")));
    }
    if (json_parse(c->arena, json_write(c->arena, args), &json_limits_own, &parsed, e)) return -1;
    c->args = yyjson_doc_get_root(parsed);
    return 0;
}
