/* buy_products (AdCP 3.2, compact lifecycle): published offers, bought as create_media_buy does, under the feed version in which
 * they were listed. */
#include "domain/commitment/commitment.h"
#include "store/q/q_catalog.h"
#include "tools/commitment/commitment_tools.h"
#include "tools/core/renamed.h"
#include "tools/media_buy/targeting_patch.h"
#include "tools/product/catalog_tools.h"

/* ---- the offers as they are now ---- */

static int check_feed(struct tool_call *c, struct err *e)
{
    struct str token, feed = json_str(c->args, "feed_version"), pricing = json_str(c->args, "pricing_version");
    if (feed_version(c, &token, e)) return -1;
    bool stale = !str_eq(feed, token);
    if (!stale && (!pricing.n || str_eq(pricing, token))) return 0;
    (void)err_set(e, "CONFLICT", "The offers have changed since they were listed under this version.");
    (void)err_suggest(e, "Call list_products again and buy under its feed_version.");
    return err_field(e, stale ? "/feed_version" : "/pricing_version");
}

/* Prices that the caller repeats are those of the option. */
static int check_price(struct tool_call *c, size_t index, yyjson_val *purchase, struct err *e)
{
    static const char *const members[] = { "pricing_option_id", "pricing_model", "currency", "fixed_price",
                                           "floor_price" };
    yyjson_val *stated = json_obj(purchase, "pricing");
    struct product p;
    if (!stated) return 0;
    int found = product_load(c->act->tx, c->arena, c->act->tenant->tenant_id, json_str(purchase, "product_id"), &p, e);
    if (found < 0) return -1;
    const struct pricing_option *o = found ? product_pricing_option(&p, json_str(purchase, "pricing_option_id")) : NULL;
    for (size_t i = 0; o && i < ARRAY_LEN(members); i++) { /* without one, buying says what is wrong */
        yyjson_val *theirs = yyjson_obj_get(stated, members[i]), *ours = yyjson_obj_get(o->doc, members[i]);
        if (!theirs || (ours && str_eq(json_canonical(c->arena, theirs, NULL), json_canonical(c->arena, ours, NULL))))
            continue;
        (void)err_set(e, "INVALID_PRICING_OPTION", "%s is not what the pricing option says.", members[i]);
        (void)err_suggest(e, "Leave pricing out, or repeat it as list_products shows it.");
        return err_field(e, "/purchases/%zu/pricing/%s", index, members[i]);
    }
    return 0;
}

/* ---- the arguments of create_media_buy ---- */

static void add_package(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *purchase, yyjson_val *alone)
{
    static const char *const same[] = { "product_id",
                                        "pricing_option_id",
                                        "budget",
                                        "impressions",
                                        "start_time",
                                        "end_time",
                                        "pacing",
                                        "daily_budget_cap",
                                        "optimization_goals",
                                        "format_option_refs",
                                        "measurement_terms",
                                        "agency_estimate_number",
                                        "performance_standards" };
    yyjson_mut_val *to = json_push_obj(doc, list);
    for (size_t i = 0; i < ARRAY_LEN(same); i++) json_add_copy(doc, to, same[i], yyjson_obj_get(purchase, same[i]));
    if (!json_has(purchase, "budget")) json_add_copy(doc, to, "budget", alone);
    json_add_copy(doc, to, "bid_price", yyjson_obj_get(json_obj(purchase, "bidding"), "bid_amount"));
    json_add_val(doc, to, "targeting_overlay", targeting_new(doc, json_obj(purchase, "targeting_overlay")));
}

static yyjson_val *create_args(struct tool_call *c)
{
    static const char *const same[] = { "idempotency_key",
                                        "account",
                                        "name",
                                        "advertiser_industry",
                                        "total_budget",
                                        "start_time",
                                        "end_time",
                                        "paused",
                                        "invoice_recipient",
                                        "context",
                                        "agency_estimate_number",
                                        "reporting_webhook",
                                        "governance_context",
                                        "push_notification_config",
                                        "ext" };
    yyjson_val *args = c->args, *brand = json_obj(args, "brand"), *purchases = json_arr(args, "purchases"), *p;
    /* The whole budget is that of a purchase which is the only one. */
    yyjson_val *alone =
        yyjson_arr_size(purchases) == 1 ? yyjson_obj_get(json_obj(args, "total_budget"), "amount") : NULL;
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *to = json_root_obj(doc);
    size_t i, n;
    for (i = 0; i < ARRAY_LEN(same); i++) json_add_copy(doc, to, same[i], yyjson_obj_get(args, same[i]));
    json_add_copy(doc, to, "brand", brand ? brand : json_obj(json_obj(args, "account"), "brand"));
    json_add_copy(doc, to, "po_number", yyjson_obj_get(args, "purchase_order_ref"));
    yyjson_mut_val *packages = json_add_arr(doc, to, "packages");
    yyjson_arr_foreach(purchases, i, n, p) add_package(doc, packages, p, alone);
    return json_parse_own(c->arena, json_write(c->arena, to));
}

static int create_error(struct err *e)
{
    static const struct renamed names[] = { { "/packages", "/purchases" }, { "/po_number", "/purchase_order_ref" } };
    return renamed_error(names, ARRAY_LEN(names), e);
}

/* ---- the tool ---- */

int buy_products_run(struct tool_call *c, struct err *e)
{
    struct media_buy_created r;
    yyjson_val *p;
    size_t i, n;
    if (check_feed(c, e)) return -1;
    yyjson_arr_foreach(json_arr(c->args, "purchases"), i, n, p) {
        if (check_price(c, i, p, e)) return -1;
    }
    if (media_buy_create(c->act, create_args(c), &r, e)) return create_error(e);
    if (commitment_record(c->act, &r.buy, c->args, e)) return -1;
    if (r.submitted) {
        c->outcome = TOOL_SUBMITTED;
        c->task_id = r.task.task_id;
        c->message = STR("The publisher reviews this purchase; follow the task for the decision.");
        return task_called_as(c->act, &r.task, "buy_products", e);
    }
    c->message = arena_printf(c->arena, "Media buy " STR_FMT " created.%s" STR_FMT, STR_ARG(r.buy.row.media_buy_id),
                              r.warning.n ? " " : "", STR_ARG(r.warning));
    return commitment_encode(c->act, &r.buy, c->doc, c->reply, e);
}
