/* list_products (AdCP 3.2, compact lifecycle): the wholesale feed of get_products with structured criteria, shown as compact
 * products (core/canonical-product.json). One rate card for everybody, so its version is the publisher's. */
#include "contract/narrow.h"
#include "tools/core/renamed.h"
#include "tools/product/catalog_tools.h"
#include "tools/product/products.h"

#define RESULTS_DEFAULT 25

/* ---- the arguments of get_products ---- */

static void add_filters(yyjson_mut_doc *doc, yyjson_mut_val *to, yyjson_val *filters)
{
    yyjson_mut_val *copy = filters ? json_copy(doc, filters) : NULL;
    if (!copy) return;
    json_add_val(doc, to, "property_list", yyjson_mut_obj_remove_key(copy, "property_list"));
    json_add_val(doc, to, "filters", copy);
}

static void add_ids(yyjson_mut_doc *doc, yyjson_mut_val *to, yyjson_val *ids)
{
    if (ids) json_add_copy(doc, json_add_obj(doc, json_add_obj(doc, to, "ext"), "salesagent"), "product_ids", ids);
}

void products_criteria(yyjson_mut_doc *doc, yyjson_mut_val *to, yyjson_val *criteria)
{
    json_add_copy(doc, to, "required_policies", json_arr(criteria, "policy_ids"));
    add_filters(doc, to, json_obj(criteria, "offer_filters"));
    add_ids(doc, to, json_arr(criteria, "product_ids"));
}

/* AdCP: who asks for forecasts is not answered "unchanged", because they change without the feed. */
static bool wants_forecast(yyjson_val *args)
{
    if (json_get_path(args, "/criteria/offer_filters/availability_horizon")) return true;
    return reply_arr_has(json_arr(args, "fields"), STR("forecast"));
}

static yyjson_val *wholesale_args(struct tool_call *c)
{
    yyjson_val *args = c->args, *criteria = json_obj(args, "criteria");
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *to = json_root_obj(doc);
    json_add_cstr(doc, to, "buying_mode", "wholesale");
    json_add_copy(doc, to, "account", yyjson_obj_get(args, "account"));
    json_add_copy(doc, to, "fields", json_arr(args, "fields"));
    products_criteria(doc, to, criteria);
    yyjson_mut_val *page = json_add_obj(doc, to, "pagination");
    json_add_i64(doc, page, "max_results", json_i64_or(args, "max_results", RESULTS_DEFAULT));
    json_add_str_opt(doc, page, "cursor", json_str(args, "cursor"));
    if (!wants_forecast(args)) {
        json_add_str_opt(doc, to, "if_wholesale_feed_version", json_str(args, "if_feed_version"));
        json_add_str_opt(doc, to, "if_pricing_version", json_str(args, "if_pricing_version"));
    }
    return json_parse_own(c->arena, json_write(c->arena, to));
}

static int wholesale_error(struct err *e)
{
    static const struct renamed names[] = {
        { "/filters", "/criteria/offer_filters" },
        { "/property_list", "/criteria/offer_filters/property_list" },
        { "/required_policies", "/criteria/policy_ids" },
        { "/ext/salesagent/product_ids", "/criteria/product_ids" },
        { "/pagination", "" },
        { "/if_wholesale_feed_version", "/if_feed_version" },
    };
    return renamed_error(names, ARRAY_LEN(names), e);
}

/* ---- the reply ---- */

/* The members asked for; those that get_products cannot leave out go. */
static void keep_asked(yyjson_mut_val *product, yyjson_val *fields)
{
    yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(product);
    yyjson_mut_val *key;
    if (!fields) return;
    while ((key = yyjson_mut_obj_iter_next(&it))) {
        struct str name = { yyjson_mut_get_str(key), yyjson_mut_get_len(key) };
        bool always = str_is(name, "product_id") || str_is(name, "name");
        if (!always && !reply_arr_has(fields, name)) (void)yyjson_mut_obj_iter_remove(&it);
    }
}

void compact_products(struct tool_call *c, yyjson_val *products, yyjson_val *fields, yyjson_mut_val *to)
{
    const struct contract *shape = contract_find_document(ADCP_LINE_NEWEST, "core/canonical-product.json");
    yyjson_val *p;
    size_t i, n;
    yyjson_arr_foreach(products, i, n, p) {
        yyjson_mut_val *compact = contract_narrow(shape, c->arena, c->doc, p);
        if (!compact) continue; /* told in the log: the rest of the feed is good */
        keep_asked(compact, fields);
        yyjson_mut_arr_append(to, compact);
    }
}

int products_asked(struct tool_call *c, yyjson_val *args, yyjson_val **reply, struct err *e)
{
    struct tool_call asked = *c;
    asked.args = args;
    asked.doc = json_doc_new(c->arena);
    asked.reply = json_root_obj(asked.doc);
    asked.aux = yyjson_mut_obj(asked.doc);
    if (get_products_run(&asked, e)) return -1;
    *reply = json_parse_own(c->arena, json_write(c->arena, asked.reply));
    c->message = asked.message;
    return 0;
}

int products_by_id(struct tool_call *c, const struct str *ids, size_t n, yyjson_mut_val *to, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(c->arena);
    yyjson_mut_val *args = json_root_obj(doc);
    yyjson_val *got;
    json_add_cstr(doc, args, "buying_mode", "wholesale");
    json_add_i64(doc, json_add_obj(doc, args, "pagination"), "max_results", (int64_t)n);
    yyjson_val *horizon = json_get_path(c->args, "/criteria/offer_filters/availability_horizon");
    if (horizon) json_add_copy(doc, json_add_obj(doc, args, "filters"), "availability_horizon", horizon);
    yyjson_mut_val *list =
        json_add_arr(doc, json_add_obj(doc, json_add_obj(doc, args, "ext"), "salesagent"), "product_ids");
    for (size_t i = 0; i < n; i++) json_push_str(doc, list, ids[i]);
    struct str said = c->message;
    if (products_asked(c, json_parse_own(c->arena, json_write(c->arena, args)), &got, e)) return -1;
    c->message = said;
    compact_products(c, json_arr(got, "products"), NULL, to);
    return 0;
}

int list_products_run(struct tool_call *c, struct err *e)
{
    yyjson_val *got;
    if (products_asked(c, wholesale_args(c), &got, e)) return wholesale_error(e);
    bool unchanged = json_bool_or(got, "unchanged", false);
    json_add_cstr(c->doc, c->reply, "outcome", unchanged ? "unchanged" : "listed");
    if (!unchanged) {
        compact_products(c, json_arr(got, "products"), json_arr(c->args, "fields"),
                         json_add_arr(c->doc, c->reply, "products"));
        json_add_str_opt(c->doc, c->reply, "next_cursor", json_str(json_obj(got, "pagination"), "cursor"));
        json_add_copy(c->doc, c->reply, "incomplete", json_arr(got, "incomplete"));
    }
    json_add_copy(c->doc, c->reply, "feed_version", yyjson_obj_get(got, "wholesale_feed_version"));
    json_add_copy(c->doc, c->reply, "cache_scope", yyjson_obj_get(got, "cache_scope"));
    return 0;
}
