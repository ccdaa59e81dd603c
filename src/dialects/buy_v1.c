#include "dialects/buy_v1.h"

/* --- shared ---------------------------------------------------------------------------------------------- */

static yyjson_mut_val *list_in(yyjson_mut_doc *doc, yyjson_mut_val *obj, const char *key)
{
    yyjson_mut_val *list = yyjson_mut_obj_get(obj, key);
    return list ? list : json_add_arr(doc, obj, key);
}

/* "US" is a country, "US-CA" a region, "501" a Nielsen metro. */
static int one_place(struct shape_up *u, struct str place, yyjson_mut_val *overlay)
{
    bool digits = place.n == 3;
    for (size_t i = 0; i < place.n; i++) digits = digits && place.p[i] >= '0' && place.p[i] <= '9';
    if (place.n == 2) {
        json_push_str(u->doc, list_in(u->doc, overlay, "geo_countries"), place);
    } else if (place.n >= 4 && place.n <= 6 && place.p[2] == '-') {
        json_push_str(u->doc, list_in(u->doc, overlay, "geo_regions"), place);
    } else if (digits) {
        yyjson_mut_val *metros = list_in(u->doc, overlay, "geo_metros"), *metro = yyjson_mut_arr_get_first(metros);
        if (!metro) {
            metro = json_push_obj(u->doc, metros);
            json_add_cstr(u->doc, metro, "system", "nielsen_dma");
        }
        json_push_str(u->doc, list_in(u->doc, metro, "values"), place);
    } else {
        return -1;
    }
    return 0;
}

int buy_v1_targeting(struct shape_up *u, struct json_field f, yyjson_mut_val *obj, struct err *e)
{
    yyjson_val *targeting = NULL, *places = NULL, *devices = NULL, *place;
    size_t i, n;
    if (json_opt_obj(f, &targeting, e)) return -1;
    if (!targeting) return 0;
    const char *in = arena_printf(u->arena, "%s/%s", f.at, f.key).p;
    if (shape_strings(JSON_FIELD(targeting, "geography", in), (struct json_len){ 0, 500 }, &places, e)) return -1;
    if (shape_strings(JSON_FIELD(targeting, "device_types", in), (struct json_len){ 0, 10 }, &devices, e)) return -1;
    yyjson_mut_val *overlay = yyjson_mut_obj(u->doc);
    yyjson_arr_foreach(places, i, n, place) {
        if (one_place(u, json_val_str(place), overlay) == 0) continue;
        err_set(e, "VALIDATION_ERROR", "geography takes countries (US), regions (US-CA) and metros (501)");
        return err_field(e, "%s/geography/%zu", in, i);
    }
    if (yyjson_arr_size(devices) > 0) json_add_copy(u->doc, overlay, "device_type", devices);
    if (yyjson_mut_obj_size(overlay) > 0) json_add_val(u->doc, obj, "targeting_overlay", overlay);
    json_add_copy(u->doc, shape_ext(u, obj), "targeting", targeting);
    return 0;
}

static bool creatives_under_review(yyjson_val *buy)
{
    yyjson_val *c;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "creatives"), i, n, c) {
        if (str_is(json_str(c, "status"), "pending_review") || str_is(json_str(c, "status"), "processing")) return true;
    }
    return false;
}

/* Somebody has to grant something before this goes on. */
static bool permission_awaited(yyjson_val *buy)
{
    static const char *const before[] = { "pending_approval", "pending_creatives", "pending_start" };
    yyjson_val *task = buy_v1_open_task(buy);
    if (!task || !str_is(json_str(task, "type"), "permission_exception")) return false;
    for (size_t i = 0; i < ARRAY_LEN(before); i++) {
        if (str_is(json_str(buy, "status"), before[i])) return true;
    }
    return false;
}

const char *buy_v1_status(yyjson_val *buy)
{
    static const struct {
        const char *canonical, *v1;
    } words[] = {
        { "pending_approval", "pending_manual" },
        { "pending_creatives", "pending_activation" },
        { "pending_start", "active" },
        { "active", "active" },
        { "paused", "paused" },
        { "completed", "completed" },
        { "rejected", "failed" },
        { "canceled", "failed" },
    };
    struct str status = json_str(buy, "status");
    if (permission_awaited(buy)) return "pending_permission";
    if (str_is(status, "pending_creatives") && creatives_under_review(buy)) return "pending_approval";
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (str_is(status, words[i].canonical)) return words[i].v1;
    }
    return "failed";
}

yyjson_val *buy_v1_open_task(yyjson_val *buy)
{
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(json_arr(buy, "tasks"), i, n, task) {
        struct str status = json_str(task, "status");
        if (!str_is(status, "completed") && !str_is(status, "failed")) return task;
    }
    return NULL;
}

struct str buy_v1_package_name(yyjson_val *package)
{
    struct str ref = json_str(package, "package_ref");
    return ref.n ? ref : json_str(package, "package_id");
}

/* --- the dialect ----------------------------------------------------------------------------------------- */

static const struct shape_tool tools[] = {
    { "discover_products", "get_products", buy_v1_discover_up, buy_v1_discover_down },
    { "describe_product", "get_products", buy_v1_describe_up, buy_v1_describe_down },
    { "get_avails", "x_get_avails", buy_v1_avails_up, buy_v1_avails_down },
    { "create_media_buy", "create_media_buy", buy_v1_create_up, buy_v1_create_down },
    { "add_creative_assets", "sync_creatives", buy_v1_assets_up, buy_v1_assets_down },
    { "check_media_buy_status", "get_media_buys", buy_v1_status_up, buy_v1_status_down },
    { "get_media_buy_delivery", "get_media_buy_delivery", buy_v1_delivery_up, buy_v1_delivery_down },
    { "update_media_buy_performance_index", "x_update_performance_index", buy_v1_performance_up,
      buy_v1_performance_down },
    { "update_media_buy", "update_media_buy", buy_v1_update_up, buy_v1_update_down },
    { "update_package", "update_media_buy", buy_v1_update_package_up, buy_v1_update_down },
    { "create_human_task", "x_create_task", buy_v1_task_create_up, buy_v1_task_create_down },
    { "get_pending_tasks", "x_list_tasks", buy_v1_task_list_up, buy_v1_task_list_down },
    { "assign_task", "x_task_assign", buy_v1_task_assign_up, buy_v1_task_assign_down },
    { "complete_task", "x_complete_task", buy_v1_task_complete_up, buy_v1_task_complete_down },
    { "verify_task", "x_verify_task", buy_v1_task_verify_up, buy_v1_task_verify_down },
    { "mark_task_complete", "x_complete_task", buy_v1_task_mark_up, buy_v1_task_mark_down },
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
    if (d->failed) return answers_with_status(d) ? buy_v1_update_failed(d) : shape_error(d, pointers);
    return shape_dry_run(d, shape_find(tools, d->request->tool)->down(d));
}

const struct dialect dialect_buy_v1 = {
    .name = "buy-v1",
    .has_tool = buy_v1_has,
    .up = buy_v1_up,
    .down = buy_v1_down,
};
