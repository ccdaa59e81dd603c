#include "dialects/buy_v1.h"

#define READS_ASSET(list)                                                                                              \
    list "/creative_id", list "/name", list "/format", list "/media_url", list "/click_url", list "/width",            \
        list "/height", list "/mime_type", list "/file_size_bytes", list "/duration", list "/template_id",             \
        list "/package_assignments/*"
#define READS_TARGETING(at) at "/targeting_overlay/geography/*", at "/targeting_overlay/device_types/*"
#define READS_PACKAGES                                                                                                 \
    "/packages/*/package_id", "/packages/*/active", "/packages/*/budget", "/packages/*/impressions",                   \
        "/packages/*/cpm", "/packages/*/daily_budget", "/packages/*/daily_impressions", "/packages/*/pacing",          \
        "/packages/*/creative_ids/*", READS_TARGETING("/packages/*")

static const char *const reads_create[] = {
    "/packages/*", "/po_number", "/total_budget",      "/currency",        READS_TARGETING(""),
    "/start_date", "/end_date",  "/flight_start_date", "/flight_end_date", NULL,
};
static const char *const reads_assets[] = { "/media_buy_id", READS_ASSET("/assets/*"), NULL };
static const char *const reads_performance[] = { "/media_buy_id", "/package_performance/*/package_id",
                                                 "/package_performance/*/performance_index", NULL };
static const char *const reads_update[] = { "/media_buy_id",
                                            "/active",
                                            "/flight_start_date",
                                            "/flight_end_date",
                                            "/total_budget",
                                            "/pacing",
                                            "/daily_budget",
                                            "/daily_impressions",
                                            "/today",
                                            "/creative_assignments/**",
                                            READS_TARGETING(""),
                                            READS_PACKAGES,
                                            READS_ASSET("/creatives/*"),
                                            NULL };
static const char *const reads_update_package[] = { "/media_buy_id", "/today", READS_PACKAGES, NULL };
static const char *const reads_task_create[] = {
    "/task_type",    "/priority",    "/context_data/**", "/due_in_hours", "/principal_id",
    "/media_buy_id", "/creative_id", "/operation",       "/error_detail", NULL
};
static const char *const reads_task_assign[] = { "/task_id", "/assigned_to", NULL };
static const char *const reads_task_complete[] = { "/task_id", "/resolution", "/resolution_detail", "/resolved_by",
                                                   NULL };
static const char *const reads_task_mark[] = { "/task_id", "/override_verification", "/completed_by", NULL };

static const struct shape_tool tools[] = {
    { "discover_products", "get_products", buy_v1_discover_up, buy_v1_discover_down, NULL },
    { "describe_product", "get_products", buy_v1_describe_up, buy_v1_describe_down, NULL },
    { "get_avails", "x_get_avails", buy_v1_avails_up, buy_v1_avails_down, NULL },
    { "create_media_buy", "create_media_buy", buy_v1_create_up, buy_v1_create_down, reads_create },
    { "add_creative_assets", "sync_creatives", buy_v1_assets_up, buy_v1_assets_down, reads_assets },
    { "check_media_buy_status", "get_media_buys", buy_v1_status_up, buy_v1_status_down, NULL },
    { "get_media_buy_delivery", "get_media_buy_delivery", buy_v1_delivery_up, buy_v1_delivery_down, NULL },
    { "update_media_buy_performance_index", "x_update_performance_index", buy_v1_performance_up,
      buy_v1_performance_down, reads_performance },
    { "update_media_buy", "update_media_buy", buy_v1_update_up, buy_v1_update_down, reads_update },
    { "update_package", "update_media_buy", buy_v1_update_package_up, buy_v1_update_down, reads_update_package },
    { "create_human_task", "x_create_task", buy_v1_task_create_up, buy_v1_task_create_down, reads_task_create },
    { "get_pending_tasks", "x_list_tasks", buy_v1_task_list_up, buy_v1_task_list_down, NULL },
    { "assign_task", "x_task_assign", buy_v1_task_assign_up, buy_v1_task_assign_down, reads_task_assign },
    { "complete_task", "x_complete_task", buy_v1_task_complete_up, buy_v1_task_complete_down, reads_task_complete },
    { "verify_task", "x_verify_task", buy_v1_task_verify_up, buy_v1_task_verify_down, NULL },
    { "mark_task_complete", "x_complete_task", buy_v1_task_mark_up, buy_v1_task_mark_down, reads_task_mark },
    { 0 },
};

static const struct shape_pointer pointers[] = {
    { "/packages/*/targeting_overlay/geo_countries", "/targeting_overlay/geography" },
    { "/packages/*/targeting_overlay/geo_regions", "/targeting_overlay/geography" },
    { "/packages/*/targeting_overlay/device_type", "/targeting_overlay/device_types" },
    { "/packages/*/ext/salesagent", "/packages/*" },
    { "/packages/*/product_id", "/packages/*" },
    { "/packages/*/pricing_option_id", "/packages/*" },
    { "/packages/*/start_time", "/packages/*" },
    { "/packages/*/end_time", "/packages/*" },
    { "/packages/*/paused", "/packages/*/active" },
    { "/packages/*/bid_price", "/packages/*/cpm" },
    { "/packages/*/creative_assignments/*/creative_id", "/packages/*/creative_ids/*" },
    { "/total_budget/amount", "/total_budget" },
    { "/creatives/*/assets/primary/url", "/assets/*/media_url" },
    { "/creatives/*/assets/primary", "/assets/*" },
    { "/creatives/*/assets/click_url", "/assets/*/click_url" },
    { "/creatives/*/format_kind", "/assets/*/format" },
    { "/creatives", "/assets" },
    { "/assignments/*/package_id", "/assets" },
    { "/paused", "/active" },
    { "/start_time", "/flight_start_date" },
    { "/end_time", "/flight_end_date" },
    { "/media_buy_ids/0", "/media_buy_id" },
    { "/ext/salesagent", "" },
    { 0 },
};

/* What only create_media_buy calls otherwise; the rest is in `pointers`. */
static const struct shape_pointer pointers_of_create[] = {
    { "/start_time", "/start_date" },
    { "/end_time", "/end_date" },
    { 0 },
};

static const struct shape_pointer *pointers_of(const struct dialect_down *d)
{
    struct str at = json_val_str(json_get_path(d->reply, "/adcp_error/issues/0/pointer"));
    bool flight = str_is(at, "/start_time") || str_is(at, "/end_time");
    return flight && str_is(d->request->tool, "create_media_buy") ? pointers_of_create : pointers;
}

static bool buy_v1_has(struct str tool)
{
    return shape_find(tools, tool) != NULL;
}

static int buy_v1_up(const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    return shape_up(tools, req, out, e);
}

/* What is wrong with the caller or with the server is an error; what is wrong with an update is its answer. */
static bool answers_with_status(const struct dialect_down *d)
{
    struct str tool = d->request->tool;
    if (!str_is(tool, "update_media_buy") && !str_is(tool, "update_package")) return false;
    const char *code = shape_error_code(json_obj(d->reply, "adcp_error"));
    return str_is(str_from(code), "INVALID_PARAMETER") || str_is(str_from(code), "NOT_FOUND");
}

static yyjson_mut_val *buy_v1_down(const struct dialect_down *d)
{
    if (d->failed && answers_with_status(d)) return buy_v1_update_failed(d, pointers);
    if (d->failed) return shape_error(d, pointers_of(d));
    return shape_dry_run(d, shape_find(tools, d->request->tool)->down(d));
}

const struct dialect dialect_buy_v1 = {
    .name = "buy-v1",
    .has_tool = buy_v1_has,
    .up = buy_v1_up,
    .down = buy_v1_down,
};
