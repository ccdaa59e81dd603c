/* Whether all is well: what the agent knows of itself, jobs by kind, what was set aside and what to do about it. */
#include "admin/pages.h"
#include "desk_templates.h"

static void finish(struct desk_request *r)
{
    yyjson_mut_val *agent = yyjson_mut_obj_get(r->view->root, "agent"), *row, *job, *f;
    yyjson_mut_val *rows = yyjson_mut_obj_get(yyjson_mut_obj_get(r->view->root, "quarantine"), "rows");
    size_t i, n;
    bool well = yyjson_mut_arr_size(yyjson_mut_obj_get(agent, "problems")) == 0;
    yyjson_mut_val *checked = yyjson_mut_obj_get(r->view->root, "checked");
    well = well && yyjson_mut_get_sint(yyjson_mut_obj_get(checked, "errors")) == 0;
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(checked, "findings"), i, n, f) {
        struct str how = desk_text(f, "severity");
        json_add_cstr(r->view, f, "class", str_is(how, "error") ? "bad" : str_is(how, "warning") ? "warn" : "");
    }
    json_add_bool(r->view, r->view->root, "well", well);
    json_add_bool(r->view, r->view->root, "may_look", desk_may(r, "x_health_check"));
    json_add_bool(r->view, r->view->root, "may_work", desk_may(r, "x_quarantine_retry"));
    yyjson_mut_arr_foreach(yyjson_mut_obj_get(agent, "jobs"), i, n, job) {
        bool failed = yyjson_mut_get_sint(yyjson_mut_obj_get(job, "failed")) > 0;
        json_add_cstr(r->view, job, "class", failed ? "bad" : "good");
    }
    yyjson_mut_arr_foreach(rows, i, n, row) {
        struct str kind = desk_text(row, "kind"), id = desk_text(row, "id");
        const char *page = str_is(kind, "flight") ? "/admin/buys/"
                           : str_is(kind, "task") ? "/admin/decisions/"
                                                  : "/admin/messages/";
        if (id_text_valid(id, 255))
            json_add_str(r->view, row, "href", arena_printf(r->arena, "%s" STR_FMT, page, STR_ARG(id)));
        json_add_bool(r->view, row, "aside", str_is(desk_text(row, "state"), "set_aside"));
    }
}

const struct desk_page desk_page_health = {
    .path = "/health",
    .title = "Health",
    .nav = "health",
    .template = &template_health,
    .asks = { { "agent", "x_agent_get", NULL, false },
              { "checked", "x_health_get", NULL, true },
              { "quarantine", "x_quarantine_list", NULL, false } },
    .finish = finish,
};

static bool no_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    return true;
}

static const char *looking(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/health?said=looking";
}

const struct desk_action desk_action_look_again = { .path = "/health",
                                                    .operation = "x_health_check",
                                                    .arguments = no_arguments,
                                                    .then = looking,
                                                    .page = &desk_page_health };

static bool row_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "kind", r->segments[0]);
    json_add_str(doc, args, "id", r->segments[1]);
    return true;
}

static const char *retried(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/health?said=retried";
}

static const char *dropped(struct desk_request *r, yyjson_val *answer)
{
    return "/admin/health?said=dropped";
}

const struct desk_action desk_action_retry_row = { .path = "/health/{kind}/{id}/retry",
                                                   .operation = "x_quarantine_retry",
                                                   .arguments = row_arguments,
                                                   .then = retried,
                                                   .page = &desk_page_health };
const struct desk_action desk_action_drop_row = { .path = "/health/{kind}/{id}/drop",
                                                  .operation = "x_quarantine_drop",
                                                  .arguments = row_arguments,
                                                  .then = dropped,
                                                  .page = &desk_page_health };
