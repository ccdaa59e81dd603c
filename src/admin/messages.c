/* What leaves the agent: webhooks, calls of ad servers, notifications; and sending one again. */
#include "admin/pages.h"
#include "desk_templates.h"

#define PAGE 50

static const char *const states[][2] = {
    { "", "Every state" }, { "ready", "Waits" }, { "dead", "Failed" }, { "done", "Arrived" }
};

static bool list_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    int64_t before;
    json_add_str_opt(doc, args, "state", str_from(desk_choice(r, "state", states, ARRAY_LEN(states))));
    json_add_str_opt(doc, args, "kind", desk_query(r, "kind"));
    json_add_i64(doc, args, "limit", PAGE);
    if (desk_whole(desk_query(r, "before"), &before) && before > 0) json_add_i64(doc, args, "before_seq", before);
    return true;
}

static void finish_job(struct desk_request *r, yyjson_mut_val *job)
{
    struct str state = desk_text(job, "state");
    bool dead = str_is(state, "dead"), done = str_is(state, "done");
    bool tried = !dead && !done && desk_text(job, "last_error").n;
    json_add_cstr(r->view, job, "word", dead ? "failed" : done ? "arrived" : tried ? "tried again" : "waits");
    json_add_cstr(r->view, job, "class", dead ? "bad" : done ? "good" : tried ? "warn" : "");
}

static void finish_list(struct desk_request *r)
{
    const char *state = desk_choice(r, "state", states, ARRAY_LEN(states));
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter"), *job = NULL;
    yyjson_mut_val *jobs = yyjson_mut_obj_get(yyjson_mut_obj_get(root, "jobs"), "jobs");
    size_t i, n;
    json_add_cstr(r->view, filter, "state", state);
    json_add_str(r->view, filter, "kind", desk_query(r, "kind"));
    json_add_bool(r->view, filter, "any", *state || desk_query(r, "kind").n);
    desk_choices_add(r, "states", states, ARRAY_LEN(states), state);
    yyjson_mut_arr_foreach(jobs, i, n, job) finish_job(r, job);
    json_add_bool(r->view, root, "has_more", yyjson_mut_arr_size(jobs) == PAGE);
    json_add_i64(r->view, root, "last_seq",
                 yyjson_mut_get_sint(yyjson_mut_obj_get(yyjson_mut_arr_get_last(jobs), "seq")));
}

const struct desk_page desk_page_messages = {
    .path = "/messages",
    .title = "Messages",
    .nav = "messages",
    .template = &template_messages,
    .asks = { { "jobs", "x_job_list", list_arguments, false } },
    .finish = finish_list,
};

static bool job_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "job_id", r->segments[0]);
    return true;
}

static void finish_one(struct desk_request *r)
{
    yyjson_mut_val *job = desk_lift(r, "found", "job");
    bool over = !str_is(desk_text(job, "state"), "ready");
    if (!job) return;
    finish_job(r, job);
    json_add_bool(r->view, r->view->root, "may_send", over && desk_may(r, "x_job_redeliver"));
}

const struct desk_page desk_page_message = {
    .path = "/messages/{job_id}",
    .title = "A message",
    .nav = "messages",
    .template = &template_message,
    .asks = { { "found", "x_job_get", job_argument, false } },
    .finish = finish_one,
};

static const char *sent(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 1, "said=again");
}

const struct desk_action desk_action_send_again = { .path = "/messages/{job_id}/again",
                                                    .operation = "x_job_redeliver",
                                                    .arguments = job_argument,
                                                    .then = sent,
                                                    .page = &desk_page_message };
