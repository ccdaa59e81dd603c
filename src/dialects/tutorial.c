#include "dialects/tutorial.h"

static const char *const tool_names[] = {
    "get_adcp_capabilities", "get_products",     "list_creative_formats",    "list_authorized_properties",
    "create_media_buy",      "update_media_buy", "get_media_buys",           "get_media_buy_delivery",
    "sync_creatives",        "list_creatives",   "update_performance_index",
};

/* --- discovery, up --------------------------------------------------------------------------------------- */

static int products_up(struct shape_up *u, struct err *e)
{
    struct str brief = STR_NONE;
    yyjson_val *filters = NULL;
    if (json_opt_str(JSON_FIELD(u->in, "brief", ""), (struct json_len){ 1, 10000 }, &brief, e)) return -1;
    if (json_opt_obj(JSON_FIELD(u->in, "filters", ""), &filters, e)) return -1;
    json_add_cstr(u->doc, u->out, "buying_mode", brief.n ? "brief" : "wholesale");
    json_add_str_opt(u->doc, u->out, "brief", brief);
    shape_filters_up(u, filters);
    return 0;
}

/* --- discovery, down ------------------------------------------------------------------------------------- */

static void add_targeting(yyjson_mut_doc *doc, yyjson_mut_val *capabilities, yyjson_val *aux)
{
    json_add_copy(doc, capabilities, "supported_targeting", json_obj(aux, "targeting"));
}

/* What AdCP calls time, sold by the day, is cpd here. */
static void add_pricing_models(yyjson_mut_doc *doc, yyjson_mut_val *capabilities, yyjson_val *models)
{
    yyjson_mut_val *list = json_add_arr(doc, capabilities, "supported_pricing_models");
    yyjson_val *model;
    size_t i, n;
    yyjson_arr_foreach(models, i, n, model) {
        struct str name = json_val_str(model);
        json_push_str(doc, list, str_is(name, "time") ? STR("cpd") : name);
    }
}

static yyjson_mut_val *capabilities_down(const struct dialect_down *d)
{
    static const struct shape_member tenant_members[] = {
        { "name", "name" },
        { "portfolio_description", "portfolio_description" },
        { "adapter", "adapter" },
        { 0 },
    };
    static const struct shape_member rest[] = {
        { "currency", "currency" },
        { "min_budget", "min_budget" },
        { "max_budget", "max_budget" },
        { "workflow_required", "workflow_required" },
        { "creative_review_required", "creative_review_required" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *tenant = json_add_obj(d->doc, root, "tenant");
    shape_copy(d->doc, tenant, json_obj(d->aux, "tenant"), tenant_members);
    yyjson_mut_val *protocols = json_add_arr(d->doc, tenant, "protocols");
    json_push_str(d->doc, protocols, STR("mcp"));
    json_push_str(d->doc, protocols, STR("a2a"));
    json_push_str(d->doc, protocols, STR("rest"));
    yyjson_mut_val *capabilities = json_add_obj(d->doc, root, "capabilities");
    shape_add_channels(d->doc, capabilities, "supported_channels", json_arr(d->aux, "channels"));
    add_pricing_models(d->doc, capabilities, json_arr(d->aux, "pricing_models"));
    add_targeting(d->doc, capabilities, d->aux);
    shape_copy(d->doc, capabilities, d->aux, rest);
    yyjson_mut_val *tools = json_add_arr(d->doc, root, "tools");
    for (size_t i = 0; i < ARRAY_LEN(tool_names); i++) json_push_str(d->doc, tools, str_from(tool_names[i]));
    return root;
}

static void add_product(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *p)
{
    static const struct shape_member head[] = {
        { "id", "product_id" },
        { "name", "name" },
        { "description", "description" },
        { 0 },
    };
    static const struct shape_member option_members[] = {
        { "id", "pricing_option_id" }, { "model", "pricing_model" },     { "rate", "rate" },
        { "currency", "currency" },    { "minimum_spend", "min_spend" }, { 0 },
    };
    static const struct shape_member tail[] = {
        { "targeting", "targeting" },
        { "estimated_reach", "estimated_reach" },
        { "relevance_score", "relevance_score" },
        { 0 },
    };
    yyjson_mut_val *out = json_push_obj(doc, list);
    yyjson_val *option;
    size_t i, n;
    shape_copy(doc, out, p, head);
    shape_add_channels(doc, out, "channels", json_arr(p, "channels"));
    yyjson_mut_val *options = json_add_arr(doc, out, "pricing_options");
    yyjson_arr_foreach(json_arr(p, "pricing_options"), i, n, option) {
        shape_copy(doc, json_push_obj(doc, options), option, option_members);
    }
    shape_copy(doc, out, p, tail);
}

static yyjson_mut_val *products_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "products");
    yyjson_val *product;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "products"), i, n, product) add_product(d->doc, list, product);
    json_add_i64(d->doc, root, "total", (int64_t)n);
    json_add_copy(d->doc, root, "ranking_model", yyjson_obj_get(d->aux, "ranking_model"));
    return root;
}

static void add_format(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *f)
{
    static const struct shape_member head[] = {
        { "id", "format_id" }, { "name", "name" }, { "channel", "channel" }, { "mime_types", "mime_types" }, { 0 },
    };
    static const struct shape_member size[] = { { "width", "width" }, { "height", "height" }, { 0 } };
    static const struct shape_member tail[] = {
        { "max_file_size_bytes", "max_file_size_bytes" },
        { "max_animation_duration_seconds", "max_animation_duration_seconds" },
        { "max_duration_seconds", "max_duration_seconds" },
        { "requirements", "requirements" },
        { 0 },
    };
    yyjson_mut_val *out = json_push_obj(doc, list);
    shape_copy(doc, out, f, head);
    if (json_has(f, "width")) shape_copy(doc, json_add_obj(doc, out, "dimensions"), f, size);
    shape_copy(doc, out, f, tail);
}

static yyjson_mut_val *formats_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "formats");
    yyjson_val *format;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "formats"), i, n, format) add_format(d->doc, list, format);
    return root;
}

static yyjson_mut_val *properties_down(const struct dialect_down *d)
{
    static const struct shape_member head[] = {
        { "id", "property_id" },
        { "name", "name" },
        { "domain", "domain" },
        { 0 },
    };
    static const struct shape_member rest[] = {
        { "categories", "categories" },
        { "monthly_pageviews", "monthly_pageviews" },
        { "description", "description" },
        { 0 },
    };
    static const struct shape_member tail[] = {
        { "portfolio_description", "portfolio_description" },
        { "advertising_policies", "advertising_policies" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "properties");
    yyjson_val *property;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "properties"), i, n, property) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        shape_copy(d->doc, out, property, head);
        shape_add_channels(d->doc, out, "channels", json_arr(property, "channels"));
        shape_copy(d->doc, out, property, rest);
    }
    shape_copy(d->doc, root, d->aux, tail);
    return root;
}

/* --- the dialect ----------------------------------------------------------------------------------------- */

#define READS_TIMES(at) at "/start_date", at "/end_date"

static const char *const reads_create[] = { "/name",
                                            "/buyer_ref",
                                            "/po_number",
                                            "/currency",
                                            "/total_budget",
                                            "/packages/*/product_id",
                                            "/packages/*/pricing_option_id",
                                            "/packages/*/name",
                                            "/packages/*/budget",
                                            "/packages/*/bid_price",
                                            "/packages/*/impressions",
                                            "/packages/*/targeting/**",
                                            "/packages/*/creative_format_ids/*",
                                            READS_TIMES("/packages/*"),
                                            NULL };
static const char *const reads_update[] = { "/media_buy_id",
                                            "/paused",
                                            "/canceled",
                                            READS_TIMES(""),
                                            "/packages/*/package_id",
                                            "/packages/*/name",
                                            "/packages/*/budget",
                                            "/packages/*/bid_price",
                                            "/packages/*/impressions",
                                            "/packages/*/paused",
                                            "/packages/*/targeting/**",
                                            READS_TIMES("/packages/*"),
                                            NULL };
static const char *const reads_feedback[] = { "/media_buy_id",
                                              "/feedback/overall_satisfaction",
                                              "/feedback/audience_quality",
                                              "/feedback/delivery_consistency",
                                              "/feedback/notes",
                                              NULL };
const char *const tutorial_reads_sync[] = { "/media_buy_id",
                                            "/creatives/*/name",
                                            "/creatives/*/format_id",
                                            "/creatives/*/id",
                                            "/creatives/*/creative_id",
                                            "/creatives/*/provenance/**",
                                            "/creatives/*/tags/*",
                                            "/creatives/*/alt_text",
                                            "/creatives/*/click_url",
                                            "/creatives/*/assets/*/role",
                                            "/creatives/*/assets/*/type",
                                            "/creatives/*/assets/*/url",
                                            "/creatives/*/assets/*/mime_type",
                                            "/creatives/*/assets/*/width",
                                            "/creatives/*/assets/*/height",
                                            "/creatives/*/assets/*/file_size_bytes",
                                            "/creatives/*/assets/*/duration_seconds",
                                            "/creatives/*/assets/*/content",
                                            NULL };

static const struct shape_tool tools[] = {
    { "get_adcp_capabilities", "get_adcp_capabilities", NULL, capabilities_down, NULL },
    { "get_products", "get_products", products_up, products_down, NULL },
    { "list_creative_formats", "list_creative_formats", NULL, formats_down, NULL },
    { "list_authorized_properties", "list_authorized_properties", NULL, properties_down, NULL },
    { "create_media_buy", "create_media_buy", tutorial_create_up, tutorial_create_down, reads_create },
    { "update_media_buy", "update_media_buy", tutorial_update_up, tutorial_update_down, reads_update },
    { "get_media_buys", "get_media_buys", tutorial_ids_up, tutorial_media_buys_down, NULL },
    { "get_media_buy_delivery", "get_media_buy_delivery", tutorial_ids_up, tutorial_delivery_down, NULL },
    { "sync_creatives", "sync_creatives", tutorial_sync_up, tutorial_sync_down, tutorial_reads_sync },
    { "list_creatives", "list_creatives", tutorial_list_creatives_up, tutorial_list_creatives_down, NULL },
    { "update_performance_index", "x_update_performance_index", tutorial_feedback_up, tutorial_feedback_down,
      reads_feedback },
    { 0 },
};
_Static_assert(ARRAY_LEN(tools) == ARRAY_LEN(tool_names) + 1, "one row for each of the tutorial's tools");

/* Longest first where one is the beginning of another. */
static const struct shape_pointer pointers[] = {
    { "/packages/*/targeting_overlay/geo_countries", "/packages/*/targeting/geographic/countries" },
    { "/packages/*/targeting_overlay/geo_regions", "/packages/*/targeting/geographic/states" },
    { "/packages/*/targeting_overlay/geo_metros", "/packages/*/targeting/geographic/dmas" },
    { "/packages/*/targeting_overlay/device_type", "/packages/*/targeting/device/device_types" },
    { "/packages/*/targeting_overlay", "/packages/*/targeting" },
    { "/packages/*/ext/salesagent", "/packages/*" },
    { "/packages/*/format_ids/*/id", "/packages/*/creative_format_ids/*" },
    { "/packages/*/format_ids", "/packages/*/creative_format_ids" },
    { "/packages/*/start_time", "/packages/*/start_date" },
    { "/packages/*/end_time", "/packages/*/end_date" },
    { "/creatives/*/format_id/id", "/creatives/*/format_id" },
    { "/creatives/*/assets/click_url/url", "/creatives/*/click_url" },
    { "/creatives/*/assets/click_url", "/creatives/*/click_url" },
    { "/creatives/*/ext/salesagent", "/creatives/*" },
    { "/filters/media_buy_ids", "/media_buy_id" },
    { "/total_budget/amount", "/total_budget" },
    { "/total_budget/currency", "/currency" },
    { "/start_time", "/packages/0/start_date" },
    { "/end_time", "/packages/0/end_date" },
    { "/ext/salesagent", "" },
    { 0 },
};

static bool tutorial_has(struct str tool)
{
    return shape_find(tools, tool) != NULL;
}

static int tutorial_up(const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    return shape_up(tools, req, out, e);
}

static yyjson_mut_val *tutorial_down(const struct dialect_down *d)
{
    if (d->failed) return shape_error(d, pointers);
    return shape_dry_run(d, shape_find(tools, d->request->tool)->down(d));
}

const struct dialect dialect_tutorial = {
    .name = "tutorial",
    .has_tool = tutorial_has,
    .up = tutorial_up,
    .down = tutorial_down,
};
