/* See delivery_missing.h. */
#include "tools/delivery/delivery_missing.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/product/product.h"

static bool is_there(yyjson_mut_val *reported, struct str metric)
{
    return yyjson_mut_obj_getn(reported, metric.p, metric.n) != NULL;
}

static yyjson_mut_val *next_entry(struct tool_call *c, yyjson_mut_val *reported)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(reported, "missing_metrics");
    return json_push_obj(c->doc, list ? list : json_add_arr(c->doc, reported, "missing_metrics"));
}

/* Vendors' metrics are never among what ad servers tell us. */
static void compare_committed(struct tool_call *c, yyjson_mut_val *reported, yyjson_val *committed, int64_t until)
{
    static const char *const same[] = { "scope", "metric_id", "vendor", "qualifier" };
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(committed, i, n, v) {
        int64_t at = TIME_NONE;
        bool standard = str_is(json_str(v, "scope"), "standard");
        if (rfc3339_parse(json_str(v, "committed_at"), &at) == 0 && at >= until) continue;
        if (standard && is_there(reported, json_str(v, "metric_id"))) continue;
        yyjson_mut_val *entry = next_entry(c, reported);
        for (size_t k = 0; k < ARRAY_LEN(same); k++) json_add_copy(c->doc, entry, same[k], yyjson_obj_get(v, same[k]));
    }
}

static void compare_available(struct tool_call *c, yyjson_mut_val *reported, yyjson_val *available)
{
    size_t i, n;
    yyjson_val *v;
    yyjson_arr_foreach(available, i, n, v) {
        if (!yyjson_is_str(v) || is_there(reported, json_val_str(v))) continue;
        yyjson_mut_val *entry = next_entry(c, reported);
        json_add_cstr(c->doc, entry, "scope", "standard");
        json_add_str(c->doc, entry, "metric_id", json_val_str(v));
    }
}

int delivery_add_missing(struct tool_call *c, yyjson_mut_val *reported, const struct package_row *row,
                         const struct delivery *d, struct err *e)
{
    struct product product;
    yyjson_val *committed = json_arr(document_read(c->arena, row->doc), "committed_metrics");
    if (yyjson_mut_get_int(yyjson_mut_obj_get(reported, "impressions")) <= 0) return 0;
    if (committed) {
        compare_committed(c, reported, committed, d->until_at);
        return 0;
    }
    int found = product_load(c->act->tx, c->arena, c->act->tenant->tenant_id, row->product_id, &product, e);
    if (found == 1) {
        compare_available(c, reported, json_arr(json_obj(product.doc, "reporting_capabilities"), "available_metrics"));
    }
    return found < 0 ? -1 : 0;
}
