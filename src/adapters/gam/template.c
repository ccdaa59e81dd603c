/* Creative templates. Which one, and which of a creative's assets its variables are given, are settings of the product:
 *
 *   "template": { "id": "10004520",
 *                 "variables": { "Headline": "headline",                              an asset by its id
 *                                "ClickUrl": { "asset": "click_url", "as": "url" },   what it is taken as
 *                                "Label": { "text": "Sponsored" } } }                 always the same
 *
 * Without "as" a text becomes a text, a URL a URL, an image a file. An asset that a creative does not have leaves its
 * variable out; whether it was needed, Ad Manager says. */
#include "adapters/gam/gam_creative.h"

#include <stdio.h>

#define FILE_BYTES ((size_t)1 << 20)

static const struct {
    const char *as, *type, *kind; /* our word, SOAP's type, and the word by which the catalogue knows the variable */
} types[] = {
    { "text", "StringCreativeTemplateVariableValue", "string" },
    { "url", "UrlCreativeTemplateVariableValue", "url" },
    { "number", "LongCreativeTemplateVariableValue", "long" },
    { "file", "AssetCreativeTemplateVariableValue", "asset" },
};
enum { AS_TEXT, AS_URL, AS_NUMBER, AS_FILE, AS_N };

static int as_of(struct str word)
{
    for (int i = 0; i < AS_N; i++) {
        if (str_is(word, types[i].as)) return i;
    }
    return -1;
}

/* ---- a creative ---- */

static bool refuse(struct gam_creative *c, const char *why)
{
    c->refusal = why;
    return false;
}

static int natural(yyjson_val *asset)
{
    struct str type = doc_str(asset, "asset_type");
    if (str_is(type, "url")) return AS_URL;
    return str_is(type, "image") ? AS_FILE : AS_TEXT;
}

static struct str text_of(yyjson_val *asset)
{
    struct str content = doc_str(asset, "content");
    return content.n ? content : doc_str(asset, "url");
}

static bool add_value(struct gam_creative *c, struct str name, int as, struct str text)
{
    if (c->values_n == GAM_VALUES_MAX) return refuse(c, "its template has more than 32 variables");
    struct gam_value *v = &c->values[c->values_n];
    *v = (struct gam_value){ .name = name, .type = types[as].type, .text = text };
    if (as == AS_NUMBER && !text_is_digits(text, 18)) return refuse(c, "what its template wants as a number is none");
    if (as == AS_FILE) {
        if (c->files_n == GAM_FILES_MAX) return refuse(c, "its template has more than 8 files");
        c->files[c->files_n] = (struct gam_file){ .url = text, .bytes_max = FILE_BYTES };
        v->file = &c->files[c->files_n++];
    }
    c->values_n++;
    return true;
}

/* Trackers that no variable is given would never be called. */
static bool pixels_used(const struct gam_creative *c)
{
    for (size_t i = 0; i < c->urls.pixels_n; i++) {
        bool used = false;
        for (size_t k = 0; k < c->values_n; k++) used = used || str_eq(c->values[k].text, c->urls.pixels[i]);
        if (!used) return false;
    }
    return true;
}

bool gam_template_read(struct gam_creative *c, yyjson_val *settings, yyjson_val *assets)
{
    yyjson_val *t = doc_obj(settings, "template"), *key, *v;
    size_t i, n;
    c->kind = GAM_TEMPLATE;
    c->template_id = doc_str(t, "id");
    yyjson_obj_foreach(doc_obj(t, "variables"), i, n, key, v) {
        struct str fixed = doc_str(v, "text"), id = yyjson_is_str(v) ? doc_text(v) : doc_str(v, "asset");
        yyjson_val *asset = id.n ? yyjson_obj_getn(assets, id.p, id.n) : NULL;
        int as = as_of(doc_str(v, "as"));
        if (yyjson_is_arr(asset)) asset = yyjson_arr_get_first(asset);
        struct str text = fixed.n ? fixed : text_of(asset);
        if (as < 0) as = fixed.n ? AS_TEXT : natural(asset);
        if (text.n && !add_value(c, doc_text(key), as, text)) return false;
    }
    if (!c->values_n) return refuse(c, "it has none of the assets that the product's template is made of");
    return pixels_used(c) || refuse(c, "the product's template has no place for its impression tracker");
}

/* ---- a product's settings ---- */

struct checking {
    struct adapter_problems *out;
    yyjson_val *known; /* the template's variables as the catalogue has them; NULL */
};

static void mistake(const struct checking *c, struct str variable, const char *what)
{
    char at[96];
    (void)snprintf(at, sizeof(at), "template/variables/" STR_FMT, STR_ARG(text_cut(variable, 60)));
    adapter_problem_add(c->out, STR_NONE, at, "%s", what);
}

static yyjson_val *variable_of(yyjson_val *list, struct str name)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(list, i, n, v) {
        if (str_eq(doc_str(v, "name"), name)) return v;
    }
    return NULL;
}

static void check_variable(const struct checking *c, struct str name, yyjson_val *v)
{
    static const char *const known[] = { "asset", "as", "text", NULL };
    struct err e;
    yyjson_val *there = variable_of(c->known, name);
    struct str as = doc_str(v, "as");
    bool named = yyjson_is_str(v) ? doc_text(v).n > 0 : !doc_str(v, "asset").n != !doc_str(v, "text").n;
    if (yyjson_is_obj(v) && doc_only(v, "", known, &e)) mistake(c, name, e.message);
    else if (!named) mistake(c, name, "it must be the id of an asset, or an object with either asset or text");
    else if (doc_has(v, "as") && as_of(as) < 0) mistake(c, name, "as must be text, url, number or file");
    else if (c->known && !there) mistake(c, name, "the template has no such variable");
    else if (there && as.n && !str_is(doc_str(there, "type"), types[as_of(as)].kind))
        mistake(c, name, "the template's variable is of another kind");
}

static void check_required(const struct checking *c, yyjson_val *given)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(c->known, i, n, v) {
        struct str name = doc_str(v, "name");
        if (doc_bool(v, "required", false) && !yyjson_obj_getn(given, name.p, name.n))
            mistake(c, name, "the template cannot do without it");
    }
}

void gam_template_check(yyjson_val *settings, const struct adapter_catalog *catalog, struct adapter_problems *out)
{
    static const char *const members[] = { "id", "variables", NULL };
    struct checking c = { out, NULL };
    struct adapter_item item;
    struct arena a;
    struct err e;
    size_t i, n;
    yyjson_val *t = yyjson_obj_get(settings, "template"), *given = doc_obj(t, "variables"), *key, *v;
    struct str id = doc_str(t, "id");
    if (!t) return;
    if (!yyjson_is_obj(t) || doc_only(t, "template", members, &e) || !text_is_digits(id, GAM_ID_MAX) ||
        !yyjson_obj_size(given)) {
        adapter_problem_add(out, STR_NONE, "template",
                            "it must be an object with the template's id (digits, as a text) and its variables");
        return;
    }
    arena_init(&a);
    if (catalog->get(catalog, "creative_template", id, &item)) c.known = doc_arr(doc_read(&a, item.doc), "variables");
    else if (catalog->synced_at)
        adapter_problem_add(out, STR_NONE, "template/id", "the network has no such creative template");
    yyjson_obj_foreach(given, i, n, key, v) check_variable(&c, doc_text(key), v);
    if (c.known) check_required(&c, given);
    arena_finish(&a);
}

/* ---- the catalogue ---- */

struct str gam_template_doc(struct arena *a, yyjson_val *listed)
{
    static const struct {
        const char *member, *type;
    } kinds[] = { { "stringVariable", "string" },
                  { "listStringVariable", "string" },
                  { "urlVariable", "url" },
                  { "longVariable", "long" },
                  { "assetVariable", "asset" } };
    yyjson_mut_doc *d = doc_new(a);
    yyjson_mut_val *root = doc_root(d), *list = doc_add_arr(d, root, "variables");
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(doc_arr(listed, "variables"), i, n, v) {
        yyjson_mut_val *one = doc_push_obj(d, list);
        doc_add_str(d, one, "name", doc_str(v, "uniqueDisplayName"));
        for (size_t k = 0; k < ARRAY_LEN(kinds); k++) {
            if (doc_has(v, kinds[k].member)) doc_add_str(d, one, "type", str_from(kinds[k].type));
        }
        doc_add_bool(d, one, "required", doc_bool(v, "required", false));
    }
    return doc_write(a, root);
}
