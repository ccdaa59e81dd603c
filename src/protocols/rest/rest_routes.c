#include "protocols/rest/rest_routes.h"

#include "base/buf.h"

static const struct rest_param paging[] = {
    { "limit", "pagination.max_results", REST_INTEGER, "how many at most, 1 to 100" },
    { "cursor", "pagination.cursor", REST_STRING, "where to go on: the cursor of the last page" },
    { 0 },
};
static const struct rest_param product_params[] = {
    { "brief", "brief", REST_STRING, "what the campaign is about, in words" },
    { "buying_mode", "buying_mode", REST_STRING, "brief, wholesale or refine" },
    { "channels", "filters.channels", REST_STRINGS, "channels, comma-separated" },
    { "countries", "filters.countries", REST_STRINGS, "ISO 3166-1 codes, comma-separated" },
    { "delivery_type", "filters.delivery_type", REST_STRING, "guaranteed or non_guaranteed" },
    { "limit", "pagination.max_results", REST_INTEGER, "how many at most, 1 to 100" },
    { "cursor", "pagination.cursor", REST_STRING, "where to go on: the cursor of the last page" },
    { 0 },
};
static const struct rest_param buys_params[] = {
    { "status", "status_filter", REST_STRINGS, "statuses, comma-separated" },
    { "ids", "media_buy_ids", REST_STRINGS, "media buy ids, comma-separated" },
    { "include_snapshot", "include_snapshot", REST_BOOLEAN, "true for delivery snapshots" },
    { "limit", "pagination.max_results", REST_INTEGER, "how many at most, 1 to 100" },
    { "cursor", "pagination.cursor", REST_STRING, "where to go on: the cursor of the last page" },
    { 0 },
};
static const struct rest_param buy_params[] = {
    { "include_snapshot", "include_snapshot", REST_BOOLEAN, "true for delivery snapshots" },
    { "include_history", "include_history", REST_INTEGER, "how many entries of the history" },
    { 0 },
};
static const struct rest_param delivery_params[] = {
    { "start_date", "start_date", REST_STRING, "first day, YYYY-MM-DD" },
    { "end_date", "end_date", REST_STRING, "day after the last, YYYY-MM-DD" },
    { 0 },
};
static const struct rest_param task_params[] = {
    { "include_result", "include_result", REST_BOOLEAN, "true for the result of a finished task" },
    { 0 },
};

const struct rest_route rest_routes[] = {
    { "GET", "capabilities", "get_adcp_capabilities", NULL, NULL, NULL },
    { "GET", "products", "get_products", NULL, NULL, product_params },
    { "GET", "creative-formats", "list_creative_formats", NULL, NULL, paging },
    { "GET", "properties", "list_authorized_properties", NULL, NULL, NULL },
    { "GET", "accounts", "list_accounts", NULL, NULL, paging },
    { "POST", "accounts", "sync_accounts", NULL, NULL, NULL },
    { "GET", "media-buys", "get_media_buys", NULL, NULL, buys_params },
    { "POST", "media-buys", "create_media_buy", NULL, NULL, NULL },
    { "GET", "media-buys/{}", "get_media_buys", "media_buy_ids[]", "media_buys", buy_params },
    { "PATCH", "media-buys/{}", "update_media_buy", "media_buy_id", NULL, NULL },
    { "GET", "media-buys/{}/delivery", "get_media_buy_delivery", "media_buy_ids[]", NULL, delivery_params },
    { "POST", "media-buys/{}/performance-feedback", "provide_performance_feedback", "media_buy_id", NULL, NULL },
    { "GET", "creatives", "list_creatives", NULL, NULL, paging },
    { "POST", "creatives", "sync_creatives", NULL, NULL, NULL },
    { "GET", "tasks", "list_tasks", NULL, NULL, paging },
    { "GET", "tasks/{}", "get_task_status", "task_id", NULL, task_params },
};
const size_t rest_routes_n = ARRAY_LEN(rest_routes);

static struct str next_segment(struct str *path)
{
    size_t n = 0;
    while (n < path->n && path->p[n] != '/') n++;
    struct str s = { path->p, n };
    *path = str_skip(*path, n + 1);
    return s;
}

static bool path_matches(const char *pattern, struct str path, struct str *segment)
{
    struct str want = str_from(pattern);
    while (want.n && path.n) {
        struct str w = next_segment(&want), p = next_segment(&path);
        if (str_is(w, "{}")) {
            if (!p.n) return false;
            *segment = p;
        } else if (!str_eq(w, p)) {
            return false;
        }
    }
    return !want.n && !path.n;
}

void rest_routes_match(struct arena *a, struct str method, struct str path, struct rest_match *out)
{
    *out = (struct rest_match){ 0 };
    for (size_t i = 0; i < rest_routes_n; i++) {
        struct str segment = STR_NONE;
        if (!path_matches(rest_routes[i].path, path, &segment)) continue;
        if (str_is(method, rest_routes[i].method) ||
            (str_is(method, "HEAD") && strcmp(rest_routes[i].method, "GET") == 0)) {
            *out = (struct rest_match){ .route = &rest_routes[i], .segment = segment };
            return;
        }
        const char *comma = out->allow.n ? ", " : "", *head = strcmp(rest_routes[i].method, "GET") == 0 ? ", HEAD" : "";
        out->allow = arena_printf(a, STR_FMT "%s%s%s", STR_ARG(out->allow), comma, rest_routes[i].method, head);
    }
}

/* Sets `a.b` of the arguments, making the object `a` when it is not there. */
static void set_arg(yyjson_mut_doc *doc, yyjson_mut_val *args, const char *name, yyjson_mut_val *value)
{
    const char *dot = strchr(name, '.');
    yyjson_mut_val *target = args;
    if (dot) {
        yyjson_mut_val *outer = yyjson_mut_strncpy(doc, name, (size_t)(dot - name));
        target = yyjson_mut_obj_getn(args, name, (size_t)(dot - name));
        if (!target) {
            target = yyjson_mut_obj(doc);
            yyjson_mut_obj_add(args, outer, target);
        }
        name = dot + 1;
    }
    yyjson_mut_obj_put(target, yyjson_mut_str(doc, name), value);
}

static yyjson_mut_val *strings(yyjson_mut_doc *doc, struct str list)
{
    yyjson_mut_val *arr = yyjson_mut_arr(doc);
    while (list.n) {
        size_t n = 0;
        while (n < list.n && list.p[n] != ',') n++;
        if (n) yyjson_mut_arr_add_strncpy(doc, arr, list.p, n);
        list = str_skip(list, n + 1);
    }
    return arr;
}

static int param_value(yyjson_mut_doc *doc, const struct rest_param *p, struct str v, yyjson_mut_val **out,
                       struct err *e)
{
    switch (p->kind) {
    case REST_STRING: *out = yyjson_mut_strncpy(doc, v.p, v.n); return 0;
    case REST_STRINGS: *out = strings(doc, v); return 0;
    case REST_BOOLEAN:
        if (!str_is(v, "true") && !str_is(v, "false")) break;
        *out = yyjson_mut_bool(doc, str_is(v, "true"));
        return 0;
    case REST_INTEGER: {
        int64_t n = 0;
        bool ok = v.n > 0 && v.n < 10;
        for (size_t i = 0; ok && i < v.n; i++) {
            ok = v.p[i] >= '0' && v.p[i] <= '9';
            n = n * 10 + (v.p[i] - '0');
        }
        if (!ok) break;
        *out = yyjson_mut_sint(doc, n);
        return 0;
    }
    }
    err_set(e, "INVALID_REQUEST", "The query parameter %s must be %s.", p->query,
            p->kind == REST_BOOLEAN ? "true or false" : "a whole number");
    return err_field(e, "/%s", p->query);
}

static int take_query(struct http_exchange *ex, const struct rest_param *params, yyjson_mut_doc *doc,
                      yyjson_mut_val *args, struct err *e)
{
    for (const struct rest_param *p = params; p && p->query; p++) {
        struct str v;
        yyjson_mut_val *value;
        if (!http_req_query(ex, p->query, &v)) continue;
        if (param_value(doc, p, v, &value, e)) return -1;
        set_arg(doc, args, p->arg, value);
    }
    return 0;
}

static int take_segment(struct http_exchange *ex, const struct rest_match *m, yyjson_mut_doc *doc, yyjson_mut_val *args,
                        struct err *e)
{
    const char *name = m->route->path_arg;
    struct str id;
    if (!name) return 0;
    if (http_percent_decode(&ex->arena, m->segment, &id)) {
        return err_set(e, "INVALID_REQUEST", "The path is not percent-encoded correctly.");
    }
    yyjson_mut_val *value = yyjson_mut_strncpy(doc, id.p, id.n);
    size_t n = strlen(name);
    if (n > 2 && strcmp(name + n - 2, "[]") == 0) {
        yyjson_mut_val *arr = yyjson_mut_arr(doc);
        yyjson_mut_arr_append(arr, value);
        yyjson_mut_obj_put(args, yyjson_mut_strncpy(doc, name, n - 2), arr);
    } else {
        yyjson_mut_obj_put(args, yyjson_mut_str(doc, name), value);
    }
    return 0;
}

int rest_routes_args(struct http_exchange *ex, const struct rest_match *m, yyjson_val *body, yyjson_mut_doc *doc,
                     yyjson_mut_val **args, struct err *e)
{
    yyjson_mut_val *o = body ? json_copy(doc, body) : yyjson_mut_obj(doc);
    if (take_query(ex, m->route->params, doc, o, e) || take_segment(ex, m, doc, o, e)) return -1;
    *args = o;
    return 0;
}
