/* Whether all is well: what the agent knows of itself, jobs by kind, what was set aside and what to do about it. */
#include "admin/pages.h"
#include "base/rfc3339.h"
#include "desk_templates.h"

#define RFC3339_SECONDS_BYTES 20 /* "2026-03-09T14:30:00Z" */

/* What is found is a sentence with moments of UTC in it: they are shown in the publisher's zone. */
static struct str in_zone(struct desk_request *r, struct str text)
{
    struct format_how how = { r->arena, desk_zone(r), loop_now(r->dispatcher->loop) };
    struct buf out;
    buf_init(&out, 4 * text.n + 64);
    while (text.n) {
        struct str at = { text.p, RFC3339_SECONDS_BYTES };
        int64_t moment;
        if (text.n < at.n || text.p[4] != '-' || rfc3339_parse(at, &moment)) {
            buf_add_char(&out, text.p[0]);
            text = str_skip(text, 1);
            continue;
        }
        yyjson_mut_val *v = yyjson_mut_strncpy(r->view, at.p, at.n);
        buf_add(&out, format_value(&how, SHOW_TIME, json_parse_own(r->arena, json_write(r->arena, v)), NULL));
        text = str_skip(text, at.n);
    }
    struct str shown = arena_dup(r->arena, buf_str(&out));
    buf_finish(&out);
    return shown;
}

static void show_times(struct desk_request *r, yyjson_mut_val *o, const char *member)
{
    struct str text = desk_text(o, member);
    if (!text.n) return;
    struct str shown = in_zone(r, text);
    yyjson_mut_obj_put(o, yyjson_mut_str(r->view, member), yyjson_mut_strncpy(r->view, shown.p, shown.n));
}

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
        show_times(r, f, "found");
        show_times(r, f, "remedy");
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
