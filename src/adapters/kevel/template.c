/* Creative templates, by which Kevel shows what is no image and no HTML: custom creatives, native ads, video. A product's settings name
 * the template, and what its fields are given:
 *
 *   "template": { "id": 31, "ad_type_id": 5,                      the ad type, where its format has no size
 *                 "variables": { "ctHeadline": "headline",        an asset by its id: its content, or its address
 *                                "ctLabel": { "text": "Ad" } } }  always the same
 *
 * An asset that a creative does not have leaves its field out; whether it was needed, Kevel says. */
#include "adapters/kevel/kevel.h"

#include <stdio.h>

#define FIELDS_MAX 64

static struct str text_of(yyjson_val *asset)
{
    struct str content = doc_str(asset, "content");
    return content.n ? content : doc_str(asset, "url");
}

const char *kevel_template_read(struct arena *a, yyjson_val *settings, yyjson_val *assets, struct kevel_template *out)
{
    yyjson_val *t = doc_obj(settings, "template"), *key, *v;
    yyjson_mut_doc *d = doc_new(a);
    yyjson_mut_val *root = doc_root(d);
    size_t i, n;
    *out = (struct kevel_template){ .id = doc_i64(t, "id", 0), .ad_type = doc_i64(t, "ad_type_id", 0) };
    yyjson_obj_foreach(doc_obj(t, "variables"), i, n, key, v) {
        struct str id = doc_text(v), fixed = doc_str(v, "text");
        yyjson_val *asset = id.n ? yyjson_obj_getn(assets, id.p, id.n) : NULL;
        if (yyjson_is_arr(asset)) asset = yyjson_arr_get_first(asset);
        struct str text = fixed.n ? fixed : text_of(asset);
        if (text.n) doc_add_str(d, root, yyjson_get_str(key), text);
    }
    if (!yyjson_mut_obj_size(root)) return "it has none of the assets that the product's template is made of";
    out->values = doc_write(a, root);
    return NULL;
}

void kevel_template_check(yyjson_val *settings, struct adapter_problems *out)
{
    static const char *const members[] = { "id", "ad_type_id", "variables", NULL }, *const one[] = { "text", NULL };
    yyjson_val *t = yyjson_obj_get(settings, "template"), *given = doc_obj(t, "variables"), *key, *v;
    struct err e;
    size_t i, n;
    char at[96];
    if (!t) return;
    bool shaped = yyjson_is_obj(t) && !doc_only(t, "template", members, &e) && doc_i64(t, "id", 0) > 0;
    bool sized = !doc_has(t, "ad_type_id") || doc_i64(t, "ad_type_id", 0) > 0;
    if (!shaped || !sized || !yyjson_obj_size(given) || yyjson_obj_size(given) > FIELDS_MAX) {
        adapter_problem_add(
            out, STR_NONE, "template",
            "it must be an object with the template's id (a number), up to %d variables, and an ad_type_id where its "
            "format has no size",
            FIELDS_MAX);
        return;
    }
    yyjson_obj_foreach(given, i, n, key, v) {
        bool fixed = yyjson_is_obj(v) && !doc_only(v, "", one, &e) && doc_str(v, "text").n;
        if (doc_text(v).n || fixed) continue;
        (void)snprintf(at, sizeof(at), "template/variables/" STR_FMT, STR_ARG(text_cut(doc_text(key), 60)));
        adapter_problem_add(out, STR_NONE, at, "it must be the id of an asset, or an object with text");
    }
}
