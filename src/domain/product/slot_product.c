#include "domain/product/slot_product.h"

#include "contract/document.h"
#include "domain/product/format.h"

#define PRODUCTS_MAX CATALOG_PAGE_MAX /* of a publisher */

static yyjson_val *named_slots(yyjson_val *product)
{
    return json_get_path(product, "/ext/salesagent/ad_server/slots");
}

/* ---- formats ---- */

/* Display, video and audio; anything else may be shown in whatever its product is for. */
static bool medium_of(enum format_type t, enum plan_medium *out)
{
    switch (t) {
    case FORMAT_DISPLAY:
    case FORMAT_NATIVE: *out = MEDIUM_DISPLAY; return true;
    case FORMAT_VIDEO: *out = MEDIUM_VIDEO; return true;
    case FORMAT_AUDIO: *out = MEDIUM_AUDIO; return true;
    case FORMAT_OTHER: return false;
    }
    return false;
}

struct shape {
    enum plan_medium medium;
    int64_t width, height; /* 0: takes that of its place */
};

static bool fits(const struct shape *shape, const struct slot *s)
{
    if (s->medium != shape->medium) return false;
    if (s->medium != MEDIUM_DISPLAY || !shape->width || !shape->height) return true;
    for (size_t i = 0; i < s->sizes_n; i++) {
        if (s->sizes[i].width == shape->width && s->sizes[i].height == shape->height) return true;
    }
    return false;
}

/* 1 and the shape, 0 when the format has none that could be held against a slot, -1 failed. */
static int shape_of(struct catalog_writer *w, const struct format_ref *ref, struct shape *out, struct err *e)
{
    struct format_spec spec;
    int found = format_load(w->tx, w->arena, w->tenant_id, ref, &spec, e);
    if (found != 1 || !medium_of(spec.type, &out->medium)) return found < 0 ? -1 : 0;
    out->width = ref->width ? ref->width : spec.width;
    out->height = ref->height ? ref->height : spec.height;
    return 1;
}

static int refuse_format(size_t i, const struct shape *shape, struct err *e)
{
    bool sized = shape->medium == MEDIUM_DISPLAY && shape->width && shape->height;
    if (sized) {
        (void)err_set(e, "INVALID_REQUEST", "none of the product's slots is %lldx%lld, as this format is",
                      (long long)shape->width, (long long)shape->height);
    } else {
        (void)err_set(e, "INVALID_REQUEST", "none of the product's slots takes the medium of this format");
    }
    return err_field(e, "/format_ids/%zu", i);
}

int slot_check_formats(struct catalog_writer *w, const struct product *p, struct err *e)
{
    yyjson_val *names = named_slots(p->doc), *v;
    struct slot *slots = ARENA_ARRAY(w->arena, struct slot, yyjson_arr_size(names) + 1);
    size_t slots_n = 0, i, n;
    yyjson_arr_foreach(names, i, n, v) {
        struct slot_row row;
        int found = q_slot_get(w->tx, w->arena, w->tenant_id, json_val_str(v), &row, e);
        if (found < 0) return -1;
        if (found && slot_from_row(w->arena, &row, &slots[slots_n])) slots_n++;
    }
    for (i = 0; i < p->formats_n; i++) {
        struct shape shape;
        bool one = false;
        int known = shape_of(w, &p->formats[i], &shape, e);
        if (known < 0) return -1;
        for (size_t k = 0; known && k < slots_n; k++) one = one || fits(&shape, &slots[k]);
        if (known && !one) return refuse_format(i, &shape, e);
    }
    return 0;
}

int slot_uses_of(struct tx *tx, struct arena *a, struct str tenant_id, struct slot_uses *out, struct err *e)
{
    struct catalog_rows rows;
    struct catalog_slice all = { 0, PRODUCTS_MAX };
    size_t cap = 0, n, k;
    yyjson_val *v;
    if (q_catalog_list(tx, a, CATALOG_PRODUCT, tenant_id, all, &rows, e)) return -1;
    yyjson_val **products = ARENA_ARRAY(a, yyjson_val *, rows.n + 1);
    for (size_t i = 0; i < rows.n; i++) {
        products[i] = document_read(a, rows.rows[i].doc);
        cap += yyjson_arr_size(named_slots(products[i]));
    }
    *out = (struct slot_uses){ ARENA_ARRAY(a, struct slot_use, cap + 1), 0 };
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_arr_foreach(named_slots(products[i]), k, n, v)
            out->uses[out->n++] = (struct slot_use){ rows.rows[i].id, json_val_str(v) };
    }
    return 0;
}
