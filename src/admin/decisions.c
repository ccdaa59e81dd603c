/* The queue of what a person must decide, and one task whole. */
#include "base/rfc3339.h"
#include "admin/pages.h"
#include "desk_templates.h"

#define SOON          (INT64_C(4) * 3600 * USEC_PER_SEC)
#define CHOSEN_MAX    200
#define TEXT_MAX      100
#define TARGETING_MAX 300 /* bytes of it on the page */

/* --- what is worked out ----------------------------------------------------------------------------------------- */

static bool may_decide(struct desk_request *r, yyjson_mut_val *task)
{
    bool administrator = str_is(desk_text(task, "decider"), "administrator");
    return desk_may(r, "x_task_resolve") && (!administrator || desk_role(r) == ROLE_ADMINISTRATOR);
}

static void finish_task(struct desk_request *r, yyjson_mut_val *t)
{
    int64_t due, now = loop_now(r->dispatcher->loop);
    bool dated = rfc3339_parse(desk_text(t, "due_at"), &due) == 0;
    if (dated && due <= now) json_add_bool(r->view, t, "late", true);
    json_add_cstr(r->view, t, "due_class", !dated ? "" : due <= now ? "bad" : due <= now + SOON ? "warn" : "");
    if (!may_decide(r, t)) json_add_bool(r->view, t, "not_mine", true);
    bool approved = str_is(desk_text(t, "decision"), "approved"),
         rejected = str_is(desk_text(t, "decision"), "rejected");
    json_add_cstr(r->view, t, "decision_class", approved ? "good" : rejected ? "bad" : "");
}

void desk_tasks_finish(struct desk_request *r, yyjson_mut_val *tasks)
{
    size_t i, n;
    yyjson_mut_val *t;
    yyjson_mut_arr_foreach(tasks, i, n, t) finish_task(r, t);
}

/* --- the queue -------------------------------------------------------------------------------------------------- */

static const char *const kinds[][2] = { { "", "Every kind" },
                                        { "create_media_buy", "New buys" },
                                        { "update_media_buy", "Changes" },
                                        { "creative_review", "Creatives" },
                                        { "account", "Accounts" },
                                        { "proposal", "Proposals" },
                                        { "ad_server", "Ad server" } };
static const char *const whose[][2] = { { "", "Everybody's" },
                                        { "operator", "An operator's" },
                                        { "decided", "Decided" } };

static bool wants_decided(struct desk_request *r)
{
    return strcmp(desk_choice(r, "who", whose, ARRAY_LEN(whose)), "decided") == 0;
}

static bool queue_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    if (wants_decided(r)) return false;
    const char *kind = desk_choice(r, "kind", kinds, ARRAY_LEN(kinds));
    json_add_str_opt(doc, args, "text", desk_search(r, "text", TEXT_MAX));
    json_add_str_opt(doc, args, "kind", str_from(kind));
    json_add_str_opt(doc, args, "decider", str_from(desk_choice(r, "who", whose, ARRAY_LEN(whose))));
    json_add_str_opt(doc, args, "after_id", desk_query(r, "after"));
    return true;
}

static bool decided_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_cstr(doc, args, "state", "decided");
    json_add_str_opt(doc, args, "before_id", desk_query(r, "after"));
    return wants_decided(r);
}

static void finish_list(struct desk_request *r)
{
    yyjson_mut_val *root = r->view->root, *filter = json_add_obj(r->view, root, "filter");
    yyjson_mut_val *list = yyjson_mut_obj_get(root, wants_decided(r) ? "decided" : "queue");
    yyjson_mut_val *tasks = yyjson_mut_obj_get(list, "tasks");
    const char *kind = desk_choice(r, "kind", kinds, ARRAY_LEN(kinds)),
               *who = desk_choice(r, "who", whose, ARRAY_LEN(whose));
    json_add_str(r->view, filter, "text", desk_search(r, "text", TEXT_MAX));
    json_add_cstr(r->view, filter, "kind", kind);
    json_add_cstr(r->view, filter, "who", who);
    json_add_bool(r->view, filter, "any", desk_search(r, "text", TEXT_MAX).n || *kind || *who);
    desk_choices_add(r, "kinds", kinds, ARRAY_LEN(kinds), kind);
    desk_choices_add(r, "whose", whose, ARRAY_LEN(whose), who);
    json_add_bool(r->view, root, "may_decide", desk_may(r, "x_task_resolve"));
    json_add_str(r->view, root, "last_id", desk_text(yyjson_mut_arr_get_last(tasks), "task_id"));
    desk_tasks_finish(r, tasks);
}

const struct desk_page desk_page_decisions = {
    .path = "/decisions",
    .title = "Decisions",
    .nav = "decisions",
    .template = &template_decisions,
    .asks = { { "queue", "x_task_queue", queue_arguments, false },
              { "decided", "x_task_list", decided_arguments, false } },
    .finish = finish_list,
};

/* --- deciding --------------------------------------------------------------------------------------------------- */

/* What the form says, in both forms: the button, and the reason, without which nothing is rejected. */
static bool decision_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str decision = desk_field(r, "decision"), reason = desk_field(r, "reason");
    desk_keep(r, "reason");
    if (!str_is(decision, "approve") && !str_is(decision, "reject")) {
        desk_complain(r, "Say whether to approve or to reject.");
        return false;
    }
    if (str_is(decision, "reject") && !reason.n) {
        desk_complain(r, "Say why: the buyer reads the reason of a rejection.");
        return false;
    }
    json_add_str(doc, args, "decision", decision);
    json_add_str_opt(doc, args, "reason", reason);
    return true;
}

static bool several_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct desk_fields chosen = desk_fields_start(r, "task");
    struct str id;
    yyjson_mut_val *ids = yyjson_mut_arr(doc);
    while (desk_fields_next(r, &chosen, &id)) {
        if (id.n) json_push_str(doc, ids, id);
    }
    if (yyjson_mut_arr_size(ids) == 0 || yyjson_mut_arr_size(ids) > CHOSEN_MAX) {
        desk_keep(r, "reason");
        desk_complain(r, "Choose the ones to decide, at most 200.");
        return false;
    }
    json_add_val(doc, args, "task_ids", ids);
    return decision_arguments(r, doc, args);
}

/* Of several each stands alone: the page says which did not go. */
static const char *several_then(struct desk_request *r, yyjson_val *answer)
{
    yyjson_mut_val *done = json_add_obj(r->view, r->view->root, "done");
    yyjson_mut_val *failures = json_add_arr(r->view, done, "failures");
    size_t i, n;
    yyjson_val *one;
    yyjson_arr_foreach(json_arr(answer, "results"), i, n, one) {
        if (json_bool_or(one, "carried_out", false) || json_bool_or(one, "executing", false)) continue;
        struct str why = json_str(one, "error");
        if (!why.n) why = json_str(json_obj(one, "failure"), "message");
        yyjson_mut_val *o = json_push_obj(r->view, failures);
        json_add_str(r->view, o, "task_id", json_str(one, "task_id"));
        json_add_str(r->view, o, "why", why);
    }
    size_t kept = yyjson_mut_arr_size(failures);
    json_add_i64(r->view, done, "decided", json_i64_or(answer, "decided", 0));
    json_add_i64(r->view, done, "kept", (int64_t)kept);
    json_add_cstr(r->view, done, "class", kept ? "" : "good");
    return NULL;
}

const struct desk_action desk_action_decide_several = { .path = "/decisions",
                                                        .operation = "x_task_resolve",
                                                        .arguments = several_arguments,
                                                        .then = several_then,
                                                        .page = &desk_page_decisions };

/* --- one task --------------------------------------------------------------------------------------------------- */

static bool task_argument(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "task_id", r->segments[0]);
    return true;
}

static void finish_findings(struct desk_request *r, yyjson_mut_val *findings)
{
    size_t i, n;
    yyjson_mut_val *f;
    yyjson_mut_arr_foreach(findings, i, n, f) {
        struct str status = desk_text(f, "status");
        json_add_cstr(r->view, f, "class",
                      str_is(status, "passed")   ? "good"
                      : str_is(status, "failed") ? "bad"
                                                 : "warn");
    }
}

static void finish_packages(struct desk_request *r, yyjson_mut_val *packages)
{
    size_t i, n;
    yyjson_mut_val *p;
    yyjson_mut_arr_foreach(packages, i, n, p) {
        yyjson_mut_val *targeting = yyjson_mut_obj_get(p, "targeting");
        bool tight = yyjson_mut_get_bool(yyjson_mut_obj_get(p, "short"));
        json_add_cstr(r->view, p, "inventory_class", tight ? "warn" : "good");
        if (yyjson_mut_obj_size(targeting) == 0) continue;
        struct str text = json_write(r->arena, targeting);
        if (text.n > TARGETING_MAX) text.n = TARGETING_MAX;
        json_add_str(r->view, p, "targeting_text", text);
    }
}

static void finish_assets(struct desk_request *r, yyjson_mut_val *assets)
{
    size_t i, n;
    yyjson_mut_val *a;
    yyjson_mut_arr_foreach(assets, i, n, a) {
        if (str_starts(desk_text(a, "url"), STR("https://"))) json_add_bool(r->view, a, "link", true);
    }
}

void desk_task_finish(struct desk_request *r, yyjson_mut_val *task)
{
    yyjson_mut_val *subject = yyjson_mut_obj_get(task, "subject");
    finish_task(r, task);
    finish_findings(r, yyjson_mut_obj_get(task, "findings"));
    finish_packages(r, yyjson_mut_obj_get(subject, "packages"));
    finish_assets(r, yyjson_mut_obj_get(subject, "assets"));
}

static void finish_one(struct desk_request *r)
{
    yyjson_mut_val *own = desk_lift(r, "found", "task");
    yyjson_mut_val *may = json_add_obj(r->view, r->view->root, "may");
    if (!own) return;
    desk_task_finish(r, own);
    json_add_bool(r->view, may, "work", desk_may(r, "x_task_update"));
    json_add_bool(r->view, may, "decide", may_decide(r, own));
}

const struct desk_page desk_page_decision = {
    .path = "/decisions/{task_id}",
    .title = "A decision",
    .nav = "decisions",
    .template = &template_decision,
    .asks = { { "found", "x_task_get", task_argument, false } },
    .finish = finish_one,
};

static bool one_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    return task_argument(r, doc, args) && decision_arguments(r, doc, args);
}

static const char *one_then(struct desk_request *r, yyjson_val *answer)
{
    if (json_bool_or(answer, "executing", false)) return "/admin/decisions?said=executing";
    if (json_bool_or(answer, "carried_out", false))
        return str_is(desk_field(r, "decision"), "approve") ? "/admin/decisions?said=approved"
                                                            : "/admin/decisions?said=rejected";
    r->status = 409; /* the task says why */
    return NULL;
}

const struct desk_action desk_action_decide = { .path = "/decisions/{task_id}",
                                                .operation = "x_task_resolve",
                                                .arguments = one_arguments,
                                                .then = one_then,
                                                .page = &desk_page_decision };

static bool comment_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    struct str text = desk_field(r, "reason");
    if (!text.n) {
        desk_complain(r, "Write the comment first.");
        return false;
    }
    desk_keep(r, "reason");
    json_add_str(doc, args, "comment", text);
    return task_argument(r, doc, args);
}

static const char *noted(struct desk_request *r, yyjson_val *answer)
{
    return desk_back(r, 1, "said=noted");
}

const struct desk_action desk_action_comment = { .path = "/decisions/{task_id}/comment",
                                                 .operation = "x_task_update",
                                                 .arguments = comment_arguments,
                                                 .then = noted,
                                                 .page = &desk_page_decision };

/* The person who is signed in: known to the gates only, so it is named by what the form says it is. */
static bool take_arguments(struct desk_request *r, yyjson_mut_doc *doc, yyjson_mut_val *args)
{
    json_add_str(doc, args, "assigned_to", desk_field(r, "me"));
    return task_argument(r, doc, args);
}

const struct desk_action desk_action_take = { .path = "/decisions/{task_id}/take",
                                              .operation = "x_task_assign",
                                              .arguments = take_arguments,
                                              .then = noted,
                                              .page = &desk_page_decision };
