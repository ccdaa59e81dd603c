/* What waits, what is behind, what comes: where the day begins. */
#include "admin/pages.h"
#include "desk_templates.h"

#define WAITING_SHOWN 6
#define FAILED_SHOWN  5
#define RECENT_SHOWN  8

static bool queue_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_i64(doc, args, "limit", WAITING_SHOWN);
    if (desk_role(r) == ROLE_OPERATOR) json_add_cstr(doc, args, "decider", "operator");
    return true;
}

static bool failed_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_cstr(doc, args, "state", "dead");
    json_add_i64(doc, args, "limit", FAILED_SHOWN);
    return true;
}

static bool recent_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_i64(doc, args, "limit", RECENT_SHOWN);
    return true;
}

static void add_bars(struct desk_request *r, yyjson_mut_val *buys)
{
    size_t i, n;
    yyjson_mut_val *b;
    yyjson_mut_arr_foreach(buys, i, n, b) desk_bar_add(r, b);
}

static void finish(struct desk_request *r)
{
    yyjson_mut_val *today = yyjson_mut_obj_get(r->view->root, "today");
    size_t week = yyjson_mut_arr_size(yyjson_mut_obj_get(today, "lacking_creatives")) +
                  yyjson_mut_arr_size(yyjson_mut_obj_get(today, "starting")) +
                  yyjson_mut_arr_size(yyjson_mut_obj_get(today, "ending"));
    add_bars(r, yyjson_mut_obj_get(today, "behind"));
    if (today) json_add_i64(r->view, today, "week", (int64_t)week);
    desk_tasks_finish(r, yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "queue"), "tasks"));
}

const struct desk_page desk_page_today = {
    .path = "",
    .title = "Today",
    .nav = "today",
    .template = &template_today,
    .asks = { { "queue", "x_task_queue", queue_arguments, false },
              { "today", "x_today_get", NULL, false },
              { "jobs", "x_job_list", failed_arguments, true },
              { "recent", "x_audit_list", recent_arguments, true } },
    .finish = finish,
};
