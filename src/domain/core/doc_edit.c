#include "domain/core/doc_edit.h"

static const struct json_limits stored_limits = { .bytes_max = 16 << 20, .depth_max = 64, .nodes_max = 2000000 };

yyjson_val *doc_parse(struct arena *a, struct str text)
{
    yyjson_doc *doc;
    struct err damaged;
    if (text.n == 0 || json_parse(a, text, &stored_limits, &doc, &damaged)) return NULL;
    return yyjson_doc_get_root(doc);
}

void doc_edit_open(struct arena *a, struct str text, struct doc_edit *out)
{
    yyjson_val *old = doc_parse(a, text);
    out->arena = a;
    out->doc = json_doc_new(a);
    if (!yyjson_is_obj(old)) {
        out->root = json_root_obj(out->doc);
        return;
    }
    out->root = json_copy(out->doc, old);
    yyjson_mut_doc_set_root(out->doc, out->root);
}

void doc_edit_remove(struct doc_edit *d, const char *key)
{
    (void)yyjson_mut_obj_remove_key(d->root, key); /* what was removed is of no use */
}

void doc_edit_set(struct doc_edit *d, const char *key, yyjson_val *value)
{
    if (value == NULL) return;
    doc_edit_remove(d, key);
    json_add_copy(d->doc, d->root, key, value);
}

void doc_edit_set_str(struct doc_edit *d, const char *key, struct str value)
{
    doc_edit_remove(d, key);
    json_add_str(d->doc, d->root, key, value);
}

void doc_edit_set_new(struct doc_edit *d, const char *key, yyjson_mut_val *value)
{
    doc_edit_remove(d, key);
    json_add_val(d->doc, d->root, key, value);
}

struct str doc_edit_text(const struct doc_edit *d)
{
    return json_write(d->arena, d->root);
}

bool doc_same(struct arena *a, struct str x, struct str y)
{
    if (str_eq(x, y)) return true;
    yyjson_val *vx = doc_parse(a, x), *vy = doc_parse(a, y);
    if (!vx || !vy) return false;
    return str_eq(json_canonical(a, vx, NULL), json_canonical(a, vy, NULL));
}
