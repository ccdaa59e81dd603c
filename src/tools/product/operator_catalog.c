/* The publisher's formats and properties, and its products as buyers see them, for its people: x_format_list,
 * x_property_list, x_product_try. */
#include "contract/document.h"
#include "domain/buyer/inventory_list.h"
#include "domain/product/format.h"
#include "store/q/q_catalog.h"
#include "tools/operation_tools.h"
#include "tools/product/catalog_tools.h"

#define LIST_MAX  500
#define TRIED_MAX 20

static int read_list(struct tool_call *c, enum catalog_kind kind, struct catalog_rows *out, struct err *e)
{
    struct catalog_slice slice = { 0, LIST_MAX + 1 };
    if (q_catalog_list(c->act->tx, c->arena, kind, c->act->tenant->tenant_id, slice, out, e)) return -1;
    json_add_bool(c->doc, c->reply, "has_more", out->n > LIST_MAX);
    if (out->n > LIST_MAX) out->n = LIST_MAX;
    return 0;
}

int tool_x_format_list(struct tool_call *c, struct err *e)
{
    struct catalog_rows rows;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "formats");
    if (read_list(c, CATALOG_FORMAT, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n; i++) {
        struct format_spec f;
        yyjson_val *doc = document_read(c->arena, rows.rows[i].doc);
        if (!doc || !format_read(c->arena, doc, &f)) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "format_id", rows.rows[i].id);
        json_add_str(c->doc, o, "name", f.name);
        if (f.width > 0) json_add_i64(c->doc, o, "width", f.width);
        if (f.height > 0) json_add_i64(c->doc, o, "height", f.height);
        yyjson_mut_val *assets = json_add_arr(c->doc, o, "assets");
        for (size_t k = 0; k < f.slots_n; k++) json_push_str(c->doc, assets, f.slots[k].asset_id);
    }
    return 0;
}

int tool_x_property_list(struct tool_call *c, struct err *e)
{
    struct catalog_rows rows;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "properties");
    if (read_list(c, CATALOG_PROPERTY, &rows, e)) return -1;
    for (size_t i = 0; i < rows.n; i++) {
        yyjson_val *doc = document_read(c->arena, rows.rows[i].doc), *tag;
        size_t k, n;
        if (!doc) continue;
        yyjson_mut_val *o = json_push_obj(c->doc, list);
        json_add_str(c->doc, o, "property_id", rows.rows[i].id);
        json_add_str(c->doc, o, "name", json_str(doc, "name"));
        json_add_str_opt(c->doc, o, "domain", property_domain(doc));
        yyjson_mut_val *tags = json_add_arr(c->doc, o, "tags");
        yyjson_arr_foreach(json_arr(doc, "tags"), k, n, tag) {
            if (json_val_str(tag).n) json_push_str(c->doc, tags, json_val_str(tag));
        }
    }
    return 0;
}

/* get_products itself, for the person who asks: prices are the same for everybody. */
int tool_x_product_try(struct tool_call *c, struct err *e)
{
    struct act act = *c->act;
    struct tool_call ask = *c;
    struct str brief = json_str(c->args, "brief");
    yyjson_val *only = json_arr(c->args, "product_ids");
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    json_add_cstr(doc, args, "buying_mode", brief.n ? "brief" : "wholesale");
    json_add_str_opt(doc, args, "brief", brief);
    json_add_i64(doc, json_add_obj(doc, args, "pagination"), "max_results", TRIED_MAX);
    if (only) json_add_copy(doc, json_add_obj(doc, json_add_obj(doc, args, "ext"), "salesagent"), "product_ids", only);
    act.outside = NULL; /* nobody waits here for another agent, or for a better order */
    act.rerank_wish = NULL;
    ask.act = &act;
    ask.args = json_parse_own(c->arena, json_write(c->arena, args));
    int rc = get_products_run(&ask, e);
    c->message = ask.message;
    return rc;
}
