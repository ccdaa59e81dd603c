/* Seeded products, pricing options and formats. A fixture is laid over what the catalogue has under that id, or over
 * a plain product that can be sold. */
#include "domain/product/catalog.h"
#include "contract/document.h"
#include "domain/product/product.h"
#include "domain/sandbox/sandbox.h"
#include "domain/sandbox/sandbox_seed.h"

#define PLACEHOLDER "sandbox_placeholder" /* the price of a product whose own has not been seeded yet */

static struct catalog_writer writer_of(const struct act *act)
{
    return (struct catalog_writer){ .tx = act->tx,
                                    .arena = act->arena,
                                    .tenant_id = act->tenant->tenant_id,
                                    .now = act->now,
                                    .sandbox = act->sandbox };
}

static int refused(int rc, struct err *e)
{
    if (rc >= 0) return 0;
    if (strcmp(e->code, "INVALID_REQUEST") == 0 || strcmp(e->code, "VALIDATION_ERROR") == 0) {
        e->code = "INVALID_PARAMS";
        (void)err_in(e, "/params/fixture");
    }
    return -1;
}

/* ---- formats ---- */

static bool is_video(struct str id)
{
    static const char *const words[] = { "video", "spot", "vast", "ctv" };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (memmem(id.p, id.n, words[i], strlen(words[i]))) return true;
    }
    return false;
}

static int put_format(const struct act *act, struct str id, yyjson_val *fixture, struct err *e)
{
    struct catalog_writer w = writer_of(act);
    struct document d;
    document_open(act->arena, fixture ? json_write_val(act->arena, fixture) : STR("{}"), &d);
    document_remove(&d, "type"); /* of formats before AdCP 3; the assets say it now */
    yyjson_mut_val *ref = yyjson_mut_obj(d.doc);
    json_add_str(d.doc, ref, "id", id);
    document_set_new(&d, "format_id", ref);
    if (!yyjson_mut_obj_get(d.root, "name")) document_set_str(&d, "name", id);
    if (!yyjson_mut_obj_get(d.root, "assets")) {
        yyjson_mut_val *assets = yyjson_mut_arr(d.doc), *asset = json_push_obj(d.doc, assets);
        json_add_cstr(d.doc, asset, "item_type", "individual");
        json_add_cstr(d.doc, asset, "asset_id", is_video(id) ? "video" : "image");
        json_add_cstr(d.doc, asset, "asset_type", is_video(id) ? "video" : "image");
        json_add_bool(d.doc, asset, "required", true);
        document_set_new(&d, "assets", assets);
    }
    yyjson_val *doc = document_read(act->arena, document_text(&d));
    return refused(catalog_put_format(&w, doc, CATALOG_POSITION_KEEP, e), e);
}

int sandbox_seed_format(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    return put_format(act, json_str(in->params, "format_id"), json_obj(in->params, "fixture"), e);
}

/* A product may be seeded before its formats: those that are ours and missing are made. */
static int ensure_formats(const struct act *act, yyjson_val *format_ids, struct err *e)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(format_ids, i, n, v) {
        struct format_ref ref = { 0 };
        struct catalog_row row;
        if (!format_ref_read(v, &ref) || ref.agent_url.n) continue; /* the catalogue will say what is wrong */
        int found = q_catalog_get(act->tx, act->arena, CATALOG_FORMAT, act->tenant->tenant_id, ref.id, &row, e);
        if (found < 0 || (!found && put_format(act, ref.id, NULL, e))) return -1;
    }
    return 0;
}

/* ---- products ---- */

static yyjson_mut_val *placeholder(const struct act *act, yyjson_mut_doc *doc)
{
    struct tenant_settings ts;
    tenant_settings_read(act->tenant, act->arena, &ts);
    yyjson_mut_val *list = yyjson_mut_arr(doc), *o = json_push_obj(doc, list);
    json_add_cstr(doc, o, "pricing_option_id", PLACEHOLDER);
    json_add_cstr(doc, o, "pricing_model", "cpm");
    json_add_str(doc, o, "currency", arena_dup(act->arena, str_from(ts.currency)));
    json_add_money(doc, o, "fixed_price", 10 * MICROS_PER_UNIT);
    return list;
}

/* "video" is what storyboards say for any video. */
static void fix_channels(struct document *d)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(d->root, "channels"), *v;
    size_t i, n;
    if (!yyjson_mut_is_arr(list)) return;
    yyjson_mut_arr_foreach(list, i, n, v) {
        if (yyjson_mut_is_str(v) && yyjson_mut_equals_str(v, "video")) yyjson_mut_set_str(v, "olv");
    }
}

static void default_str(struct document *d, const char *key, struct str value)
{
    if (!yyjson_mut_obj_get(d->root, key)) document_set_str(d, key, value);
}

static void complete(const struct act *act, struct document *d, struct str id)
{
    document_set_str(d, "product_id", id);
    default_str(d, "name", id);
    default_str(d, "description", arena_printf(act->arena, "Seeded product " STR_FMT ".", STR_ARG(id)));
    default_str(d, "delivery_type", STR("guaranteed"));
    if (!yyjson_mut_obj_get(d->root, "pricing_options"))
        document_set_new(d, "pricing_options", placeholder(act, d->doc));
    fix_channels(d);
}

static int stored(const struct act *act, struct str id, struct str *text, struct err *e)
{
    struct catalog_row row;
    int found = q_catalog_get(act->tx, act->arena, CATALOG_PRODUCT, act->tenant->tenant_id, id, &row, e);
    if (found == 1) *text = row.doc;
    return found;
}

int sandbox_seed_product(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    yyjson_val *params = in->params, *fixture = json_obj(params, "fixture");
    struct str id = json_str(params, "product_id"), text = STR("{}");
    struct catalog_writer w = writer_of(act);
    struct document d;
    size_t i, n;
    yyjson_val *key, *val;
    if (stored(act, id, &text, e) < 0 || ensure_formats(act, json_arr(fixture, "format_ids"), e)) return -1;
    document_open(act->arena, text, &d);
    yyjson_obj_foreach(fixture, i, n, key, val) document_set(&d, yyjson_get_str(key), val);
    complete(act, &d, id);
    return refused(catalog_put_product(&w, document_read(act->arena, document_text(&d)), CATALOG_POSITION_KEEP, e), e);
}

int sandbox_seed_pricing_option(const struct act *act, const struct sandbox_seed *in, struct err *e)
{
    yyjson_val *params = in->params, *fixture = json_obj(params, "fixture");
    struct str product_id = json_str(params, "product_id"), id = json_str(params, "pricing_option_id"), text;
    struct catalog_writer w = writer_of(act);
    struct document d;
    size_t i, n;
    yyjson_val *v;
    int found = stored(act, product_id, &text, e);
    if (found != 1) return found < 0 ? -1 : sandbox_not_found("product", e);
    document_open(act->arena, text, &d);
    yyjson_mut_val *list = yyjson_mut_arr(d.doc);
    yyjson_arr_foreach(json_arr(document_read(act->arena, text), "pricing_options"), i, n, v) {
        struct str other = json_str(v, "pricing_option_id");
        if (!str_eq(other, id) && !str_is(other, PLACEHOLDER)) (void)yyjson_mut_arr_append(list, json_copy(d.doc, v));
    }
    yyjson_mut_val *option = fixture ? json_copy(d.doc, fixture) : yyjson_mut_obj(d.doc);
    (void)yyjson_mut_obj_remove_key(option, "pricing_option_id"); /* absent is fine */
    json_add_str(d.doc, option, "pricing_option_id", id);
    (void)yyjson_mut_arr_append(list, option);
    document_set_new(&d, "pricing_options", list);
    return refused(catalog_put_product(&w, document_read(act->arena, document_text(&d)), CATALOG_POSITION_KEEP, e), e);
}
