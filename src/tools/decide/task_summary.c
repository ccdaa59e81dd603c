#include "tools/decide/task_summary.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/secrets.h"
#include "domain/creative/creative.h"
#include "domain/product/forecast.h"
#include "store/q/q_account.h"
#include "store/q/q_catalog.h"
#include "store/q/q_media_buy.h"
#include "store/q/q_task.h"
#include "tools/creative/creative_reply.h"

#define NAMES_SHORT 2 /* products named in a list's row; the rest is counted */

static int encode_account(struct tool_call *c, yyjson_mut_val *o, struct str principal_id, struct str account_id,
                          struct err *e)
{
    struct account_row account,
        key = { .tenant_id = c->act->tenant->tenant_id, .principal_id = principal_id, .account_id = account_id };
    int rc = account_id.n ? q_account_get(c->act->tx, c->arena, &key, &account, e) : 0;
    if (rc < 1) return rc;
    json_add_str_opt(c->doc, o, "advertiser", account.brand_domain.n ? account.brand_domain : account.name);
    json_add_str_opt(c->doc, o, "account_status", account.status);
    json_add_time(c->doc, o, "account_since", account.created_at);
    return 0;
}

/* --- packages --------------------------------------------------------------------------------------------------- */

static int encode_inventory(struct tool_call *c, yyjson_mut_val *o, const struct package_row *p,
                            const struct product *product, struct err *e)
{
    struct forecast f;
    struct forecast_window w = { .start_at = p->start_at, .end_at = p->end_at, .except_buy = p->media_buy_id };
    if (p->end_at <= c->act->now || forecast_product(c->act, product, w, &f, e))
        return p->end_at <= c->act->now ? 0 : -1;
    if (f.available < 0) return 0;
    json_add_i64(c->doc, o, "available", f.available);
    json_add_i64(c->doc, o, "capacity", f.capacity);
    if (p->impressions_goal > f.available) json_add_bool(c->doc, o, "short", true);
    return 0;
}

static void encode_formats(struct tool_call *c, yyjson_mut_val *o, yyjson_val *doc)
{
    yyjson_val *format;
    size_t i, n;
    yyjson_mut_val *list = json_add_arr(c->doc, o, "formats");
    yyjson_arr_foreach(json_arr(doc, "format_ids"), i, n, format) {
        struct str id = yyjson_is_str(format) ? json_val_str(format) : json_str(format, "id");
        if (id.n) json_push_str(c->doc, list, id);
    }
}

static int encode_package(struct tool_call *c, yyjson_mut_val *o, const struct package_row *p, struct err *e)
{
    struct product product;
    yyjson_val *doc = document_read(c->arena, p->doc);
    int rc = product_load(c->act->tx, c->arena, c->act->tenant->tenant_id, p->product_id, &product, e);
    if (rc < 0) return -1;
    json_add_str(c->doc, o, "package_id", p->package_id);
    json_add_str(c->doc, o, "product_id", p->product_id);
    json_add_str(c->doc, o, "product", rc == 1 ? product.name : p->product_id);
    json_add_str_opt(c->doc, o, "name", p->name);
    json_add_str(c->doc, o, "pricing_model", p->pricing_model);
    json_add_money(c->doc, o, "rate", p->rate_micros);
    json_add_money(c->doc, o, "budget", p->budget_micros);
    if (p->impressions_goal >= 0) json_add_i64(c->doc, o, "impressions", p->impressions_goal);
    json_add_time(c->doc, o, "start_time", p->start_at);
    json_add_time(c->doc, o, "end_time", p->end_at);
    json_add_copy(c->doc, o, "targeting", json_obj(doc, "targeting_overlay"));
    encode_formats(c, o, doc);
    return rc == 1 ? encode_inventory(c, o, p, &product, e) : 0;
}

static int encode_packages(struct tool_call *c, yyjson_mut_val *o, const struct package_rows *packages, struct err *e)
{
    yyjson_mut_val *list = json_add_arr(c->doc, o, "packages");
    int64_t impressions = 0;
    bool all = packages->n > 0;
    for (size_t i = 0; i < packages->n; i++) {
        if (encode_package(c, json_push_obj(c->doc, list), &packages->rows[i], e)) return -1;
        all = all && packages->rows[i].impressions_goal >= 0 &&
              !__builtin_add_overflow(impressions, packages->rows[i].impressions_goal, &impressions);
    }
    if (all) json_add_i64(c->doc, o, "impressions", impressions);
    return 0;
}

static bool named_before(const struct package_rows *packages, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (str_eq(packages->rows[k].product_id, packages->rows[i].product_id)) return true;
    }
    return false;
}

/* The first few products by name, and how many packages there are. */
static int encode_products(struct tool_call *c, yyjson_mut_val *o, const struct package_rows *packages, struct err *e)
{
    yyjson_mut_val *list = json_add_arr(c->doc, o, "products");
    size_t named = 0, products = 0;
    for (size_t i = 0; i < packages->n; i++) {
        struct catalog_row row;
        if (named_before(packages, i)) continue;
        products++;
        if (named == NAMES_SHORT) continue;
        int rc = q_catalog_get(c->act->tx, c->arena, CATALOG_PRODUCT, c->act->tenant->tenant_id,
                               packages->rows[i].product_id, &row, e);
        if (rc < 0) return -1;
        json_push_str(c->doc, list, rc == 1 ? row.name : packages->rows[i].product_id);
        named++;
    }
    if (products > named) json_add_i64(c->doc, o, "more_products", (int64_t)(products - named));
    json_add_i64(c->doc, o, "packages_count", (int64_t)packages->n);
    return 0;
}

/* --- subjects --------------------------------------------------------------------------------------------------- */

static int encode_buy(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, enum task_summary_depth depth,
                      struct err *e)
{
    struct media_buy_key key = { .tenant_id = t->tenant_id, .media_buy_id = t->subject_id };
    struct media_buy_row buy;
    struct package_rows packages;
    int rc = q_media_buy_get(c->act->tx, c->arena, &key, &buy, e);
    if (rc < 1) return rc;
    if (q_packages_of_buy(c->act->tx, c->arena, buy.media_buy_id, &packages, e)) return -1;
    json_add_str_opt(c->doc, o, "name", buy.name);
    json_add_money(c->doc, o, "total_budget", buy.total_budget_micros);
    json_add_str(c->doc, o, "currency", arena_dup(c->arena, str_from(buy.currency)));
    json_add_time(c->doc, o, "start_time", buy.start_at);
    json_add_time(c->doc, o, "end_time", buy.end_at);
    json_add_str_opt(c->doc, o, "buyer_ref", buy.buyer_ref);
    json_add_str_opt(c->doc, o, "po_number", buy.po_number);
    if (encode_account(c, o, buy.principal_id, buy.account_id, e) || encode_products(c, o, &packages, e)) return -1;
    return depth == SUMMARY_WHOLE ? encode_packages(c, o, &packages, e) : 0;
}

static int encode_creative(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t,
                           enum task_summary_depth depth, struct err *e)
{
    struct creative_row row;
    int rc = creative_get(c->act, t->principal_id, t->subject_id, &row, e);
    if (rc < 1) return rc;
    json_add_str(c->doc, o, "name", row.name);
    json_add_str(c->doc, o, "format", row.format_id);
    json_add_str(c->doc, o, "status", row.status);
    if (depth == SUMMARY_WHOLE) creative_reply_parts(c, o, "assets", &row);
    return encode_account(c, o, t->principal_id, row.account_id, e);
}

int task_summary_add(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, enum task_summary_depth depth,
                     struct err *e)
{
    yyjson_mut_val *subject = json_add_obj(c->doc, o, "subject");
    if (str_is(t->subject_type, "media_buy")) return encode_buy(c, subject, t, depth, e);
    if (str_is(t->subject_type, "creative")) return encode_creative(c, subject, t, depth, e);
    return encode_account(c, subject, t->principal_id, t->account_id, e);
}
