#include "dialects/data_model.h"

#include "contract/limits.h"
#include "dialects/tutorial.h"

/* --- shared ---------------------------------------------------------------------------------------------- */

int data_model_number(struct shape_up *u, struct json_field f, yyjson_val **out, struct err *e)
{
    yyjson_val *v = yyjson_obj_get(f.obj, f.key);
    yyjson_doc *doc;
    struct err ignored; /* what the text is instead does not matter */
    *out = v;
    if (!v || yyjson_is_num(v)) return 0;
    struct str text = json_val_str(v);
    if (text.n && text.n <= 32 && json_parse(u->arena, text, &json_limits_scalar, &doc, &ignored) == 0) {
        *out = yyjson_doc_get_root(doc);
        if (yyjson_is_num(*out)) return 0;
    }
    err_set(e, "INVALID_REQUEST", "%s must be a number", f.key);
    return err_field(e, "%s/%s", f.at, f.key);
}

static yyjson_mut_val *error_root(yyjson_mut_doc *doc, const char *code)
{
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "error_code", code);
    return root;
}

yyjson_mut_val *data_model_not_found(yyjson_mut_doc *doc, const char *what)
{
    yyjson_mut_val *root = error_root(doc, "not_found");
    json_add_cstr(doc, root, "message", what);
    json_add_arr(doc, root, "details");
    return root;
}

/* --- products -------------------------------------------------------------------------------------------- */

static int products_up(struct shape_up *u, struct err *e)
{
    struct str brief = STR_NONE;
    yyjson_val *filters = NULL, *list = NULL;
    static const char *const lists[] = { "channels", "countries" };
    if (json_opt_str(JSON_FIELD(u->in, "brief", ""), (struct json_len){ 1, 10000 }, &brief, e)) return -1;
    if (json_opt_obj(JSON_FIELD(u->in, "filters", ""), &filters, e)) return -1;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        if (shape_strings(JSON_FIELD(filters, lists[i], "/filters"), (struct json_len){ 0, 250 }, &list, e)) return -1;
    }
    json_add_cstr(u->doc, u->out, "buying_mode", brief.n ? "brief" : "wholesale");
    json_add_str_opt(u->doc, u->out, "brief", brief);
    shape_filters_up(u, filters);
    return 0;
}

static void add_product(yyjson_mut_doc *doc, yyjson_mut_val *list, yyjson_val *p)
{
    static const struct shape_member head[] = {
        { "product_id", "product_id" },   { "name", "name" },
        { "description", "description" }, { "delivery_type", "delivery_type" },
        { "format_ids", "format_ids" },   { 0 },
    };
    static const struct shape_member price[] = {
        { "model", "pricing_model" },
        { "amount", "rate" },
        { "currency", "currency" },
        { 0 },
    };
    yyjson_mut_val *out = json_push_obj(doc, list);
    yyjson_val *option, *reach = json_obj(p, "estimated_reach");
    size_t i, n;
    shape_copy(doc, out, p, head);
    yyjson_mut_val *options = json_add_arr(doc, out, "pricing_options");
    yyjson_arr_foreach(json_arr(p, "pricing_options"), i, n, option) {
        yyjson_mut_val *o = json_push_obj(doc, options);
        shape_copy(doc, o, option, price);
        if (shape_micros_or(option, "min_spend", 0) > 0) {
            json_add_copy(doc, o, "minimum_spend", yyjson_obj_get(option, "min_spend"));
        }
    }
    if (json_has(p, "estimated_exposures")) {
        json_add_copy(doc, out, "estimated_exposures", yyjson_obj_get(p, "estimated_exposures"));
    } else if (json_has(reach, "daily_impressions")) {
        /* One known number is both bounds. */
        yyjson_mut_val *exposures = json_add_obj(doc, out, "estimated_exposures");
        json_add_copy(doc, exposures, "min_impressions", yyjson_obj_get(reach, "daily_impressions"));
        json_add_copy(doc, exposures, "max_impressions", yyjson_obj_get(reach, "daily_impressions"));
        json_add_cstr(doc, exposures, "period", "daily");
    }
    shape_add_channels(doc, out, "channels", json_arr(p, "channels"));
    json_add_copy(doc, out, "countries", yyjson_obj_get(p, "countries"));
}

static yyjson_mut_val *products_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "products");
    yyjson_val *product;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "products"), i, n, product) add_product(d->doc, list, product);
    json_add_i64(d->doc, root, "total_results", (int64_t)n);
    return root;
}

/* --- creatives ------------------------------------------------------------------------------------------- */

static void add_creative(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *c, const char *while_reviewed)
{
    static const struct shape_member head[] = {
        { "creative_id", "creative_id" },
        { "name", "name" },
        { "format_id", "format_id" },
        { 0 },
    };
    struct str status = json_str(c, "status");
    if (str_is(status, "suspended") || str_is(status, "archived")) status = STR("rejected");
    shape_copy(doc, out, c, head);
    json_add_str(doc, out, "status", str_is(status, "pending_review") ? str_from(while_reviewed) : status);
    json_add_str(doc, out, "approval_status", str_is(status, "processing") ? STR("pending_review") : status);
}

/* A creative that has just come in is "processing" while its approval is pending. */
static yyjson_mut_val *sync_down(const struct dialect_down *d)
{
    static const struct shape_member tail[] = {
        { "created_at", "created_at" },
        { "ad_server_creative_id", "ad_server_creative_id" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "creatives");
    yyjson_val *c;
    size_t i, n, settled = 0;
    yyjson_arr_foreach(json_arr(d->aux, "creatives"), i, n, c) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        add_creative(d->doc, out, c, "processing");
        shape_copy(d->doc, out, c, tail);
        settled += str_is(json_str(c, "status"), "approved") || str_is(json_str(c, "status"), "rejected");
    }
    json_add_cstr(d->doc, root, "sync_status", settled == n ? "completed" : "submitted");
    return root;
}

static yyjson_mut_val *list_creatives_down(const struct dialect_down *d)
{
    static const struct shape_member tail[] = {
        { "assets", "assets" },
        { "created_at", "created_at" },
        { "tags", "tags" },
        { 0 },
    };
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "creatives");
    yyjson_val *c;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "creatives"), i, n, c) {
        yyjson_mut_val *out = json_push_obj(d->doc, list);
        add_creative(d->doc, out, c, "pending_review");
        shape_copy(d->doc, out, c, tail);
    }
    json_add_i64(d->doc, root, "total_results", json_i64_or(d->aux, "total", (int64_t)n));
    return root;
}

/* --- tasks ----------------------------------------------------------------------------------------------- */

static int list_tasks_up(struct shape_up *u, struct err *e)
{
    struct str status = STR_NONE;
    if (json_opt_str(JSON_FIELD(u->in, "status", ""), (struct json_len){ 1, 64 }, &status, e)) return -1;
    json_add_str_opt(u->doc, u->out, "status", status);
    return 0;
}

static int get_task_up(struct shape_up *u, struct err *e)
{
    struct str id;
    if (json_req_str(JSON_FIELD(u->in, "task_id", ""), (struct json_len){ 1, 255 }, &id, e)) return -1;
    json_add_str(u->doc, u->out, "task_id", id);
    return 0;
}

static int complete_task_up(struct shape_up *u, struct err *e)
{
    struct str status = STR("completed"), reason = STR_NONE, who = STR_NONE;
    if (get_task_up(u, e)) return -1;
    if (json_opt_str(JSON_FIELD(u->in, "status", ""), (struct json_len){ 1, 64 }, &status, e)) return -1;
    if (json_opt_str(JSON_FIELD(u->in, "error_message", ""), (struct json_len){ 0, 2000 }, &reason, e)) return -1;
    if (json_opt_str(JSON_FIELD(u->in, "resolved_by", ""), (struct json_len){ 1, 255 }, &who, e)) return -1;
    bool approve = str_is(status, "completed") || str_is(status, "approved");
    if (!approve && !str_is(status, "failed") && !str_is(status, "rejected")) {
        err_set(e, "INVALID_REQUEST", "status must be completed or failed");
        return err_field(e, "/status");
    }
    json_add_cstr(u->doc, u->out, "decision", approve ? "approve" : "reject");
    json_add_cstr(u->doc, u->out, "resolution", approve ? "completed" : "rejected");
    json_add_str_opt(u->doc, u->out, "resolution_detail", reason);
    json_add_str_opt(u->doc, u->out, "resolved_by", who);
    return 0;
}

static void add_task(yyjson_mut_doc *doc, yyjson_mut_val *out, yyjson_val *task)
{
    static const struct shape_member members[] = {
        { "task_id", "task_id" },
        { "task_type", "type" },
        { "status", "status" },
        { "description", "description" },
        { "media_buy_id", "media_buy_id" },
        { "creative_id", "creative_id" },
        { "assigned_to", "assigned_to" },
        { "created_at", "created_at" },
        { "due_by", "due_at" },
        { "completed_at", "completed_at" },
        { "error_message", "resolution_detail" },
        { 0 },
    };
    shape_copy(doc, out, task, members);
}

static yyjson_mut_val *list_tasks_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    yyjson_mut_val *list = json_add_arr(d->doc, root, "tasks");
    yyjson_val *task;
    size_t i, n;
    yyjson_arr_foreach(json_arr(d->aux, "tasks"), i, n, task) add_task(d->doc, json_push_obj(d->doc, list), task);
    json_add_i64(d->doc, root, "total", (int64_t)n);
    return root;
}

static yyjson_mut_val *get_task_down(const struct dialect_down *d)
{
    yyjson_val *task = json_get_path(d->aux, "/tasks/0");
    if (!task) return data_model_not_found(d->doc, "There is no task of that id.");
    yyjson_mut_val *root = json_root_obj(d->doc);
    add_task(d->doc, root, task);
    return root;
}

static yyjson_mut_val *complete_task_down(const struct dialect_down *d)
{
    yyjson_mut_val *root = json_root_obj(d->doc);
    bool approved = !str_is(json_str(d->request->args, "status"), "failed") &&
                    !str_is(json_str(d->request->args, "status"), "rejected");
    yyjson_val *failure = json_obj(d->aux, "failure");
    json_add_copy(d->doc, root, "task_id", yyjson_obj_get(d->request->args, "task_id"));
    if (failure) { /* it stays as it was, to be decided again */
        json_add_cstr(d->doc, root, "status", "pending");
        json_add_str(d->doc, root, "error_message", json_str(failure, "message"));
        return root;
    }
    bool executing = json_bool_or(d->aux, "executing", false);
    json_add_cstr(d->doc, root, "status", executing ? "in_progress" : approved ? "completed" : "failed");
    return root;
}

/* --- the dialect ----------------------------------------------------------------------------------------- */

static const char *const reads_create[] = { "/product_id",
                                            "/advertiser_id",
                                            "/name",
                                            "/budget_cents",
                                            "/start_date",
                                            "/end_date",
                                            "/targeting/**",
                                            "/pricing/pricing_model",
                                            "/pricing/bid_price",
                                            "/pricing/currency",
                                            NULL };
static const char *const reads_update[] = { "/media_buy_id", "/budget_cents", "/paused", "/start_date",
                                            "/end_date",     "/targeting/**", NULL };
static const char *const reads_complete[] = { "/task_id", "/status", "/error_message", "/resolved_by", NULL };

static const struct shape_tool tools[] = {
    { "get_products", "get_products", products_up, products_down, NULL },
    { "create_media_buy", "create_media_buy", data_model_create_up, data_model_create_down, reads_create },
    { "update_media_buy", "update_media_buy", data_model_update_up, data_model_create_down, reads_update },
    { "get_media_buys", "get_media_buys", data_model_ids_up, data_model_media_buys_down, NULL },
    { "get_media_buy_delivery", "get_media_buy_delivery", data_model_ids_up, data_model_delivery_down, NULL },
    { "sync_creatives", "sync_creatives", tutorial_sync_up, sync_down, tutorial_reads_sync },
    { "list_creatives", "list_creatives", tutorial_list_creatives_up, list_creatives_down, NULL },
    { "list_tasks", "x_list_tasks", list_tasks_up, list_tasks_down, NULL },
    { "get_task", "x_list_tasks", get_task_up, get_task_down, NULL },
    { "complete_task", "x_complete_task", complete_task_up, complete_task_down, reads_complete },
    { 0 },
};

/* Printed nowhere in this page: as in the tutorial. */
static const char *const as_in_tutorial[] = {
    "get_adcp_capabilities", "list_creative_formats", "list_authorized_properties", "update_performance_index", NULL,
};

static const struct shape_pointer pointers[] = {
    { "/packages/0/product_id", "/product_id" },
    { "/packages/0/budget", "/budget_cents" },
    { "/packages/0/bid_price", "/pricing/bid_price" },
    { "/packages/0/pricing_option_id", "/pricing" },
    { "/packages/0/ext/salesagent/pricing/offered_price", "/pricing/bid_price" },
    { "/packages/0/ext/salesagent/pricing", "/pricing" },
    { "/packages/0/targeting_overlay", "/targeting" },
    { "/packages/0/ext/salesagent", "" },
    { "/packages/0/start_time", "/start_date" },
    { "/packages/0/end_time", "/end_date" },
    { "/packages/0", "" },
    { "/total_budget", "/budget_cents" },
    { "/start_time", "/start_date" },
    { "/end_time", "/end_date" },
    { "/creatives/*/format_id/id", "/creatives/*/format_id" },
    { "/creatives/*/assets/click_url/url", "/creatives/*/click_url" },
    { "/media_buy_ids/0", "/media_buy_id" },
    { "/ext/salesagent", "" },
    { 0 },
};

static bool in_tutorial(struct str tool)
{
    for (size_t i = 0; as_in_tutorial[i]; i++) {
        if (str_is(tool, as_in_tutorial[i])) return true;
    }
    return false;
}

static bool data_model_has(struct str tool)
{
    return in_tutorial(tool) || shape_find(tools, tool);
}

static int data_model_up(const struct dialect_request *req, struct dialect_up *out, struct err *e)
{
    return in_tutorial(req->tool) ? dialect_tutorial.up(req, out, e) : shape_up(tools, req, out, e);
}

static const char *error_code(yyjson_val *adcp_error)
{
    static const struct {
        const char *older, *code;
    } codes[] = {
        { "AUTHENTICATION_REQUIRED", "authentication_required" },
        { "AUTHENTICATION_FAILED", "authentication_failed" },
        { "PERMISSION_DENIED", "permission_denied" },
        { "NOT_FOUND", "not_found" },
        { "RATE_LIMITED", "rate_limited" },
        { "ADAPTER_ERROR", "adapter_error" },
    };
    struct str older = str_from(shape_error_code(adcp_error));
    for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
        if (str_is(older, codes[i].older)) return codes[i].code;
    }
    return "validation_error";
}

/* details lists the field violations: "field" is the pointer in the caller's names. */
static yyjson_mut_val *failed_down(const struct dialect_down *d)
{
    yyjson_val *from = json_obj(d->reply, "adcp_error"), *issue;
    size_t i, n;
    yyjson_mut_val *root = error_root(d->doc, error_code(from));
    shape_add_message(d, root, "message", from, pointers);
    yyjson_mut_val *details = json_add_arr(d->doc, root, "details");
    yyjson_arr_foreach(json_arr(from, "issues"), i, n, issue) {
        char field[ERR_FIELD_MAX];
        yyjson_mut_val *detail = json_push_obj(d->doc, details);
        shape_map_pointer(pointers, json_str(issue, "pointer"), field);
        json_add_val(d->doc, detail, "field", yyjson_mut_strcpy(d->doc, field));
        json_add_copy(d->doc, detail, "message", yyjson_obj_get(issue, "message"));
    }
    json_add_copy(d->doc, root, "suggestion", yyjson_obj_get(from, "suggestion"));
    json_add_copy(d->doc, root, "retry_after", yyjson_obj_get(from, "retry_after"));
    return root;
}

static yyjson_mut_val *data_model_down(const struct dialect_down *d)
{
    if (d->failed) return failed_down(d);
    if (in_tutorial(d->request->tool)) return dialect_tutorial.down(d);
    return shape_dry_run(d, shape_find(tools, d->request->tool)->down(d));
}

const struct dialect dialect_data_model = {
    .name = "data-model",
    .has_tool = data_model_has,
    .up = data_model_up,
    .down = data_model_down,
};
