/* What the publisher's people do with tasks: x_task_list, x_task_get, x_task_resolve, x_task_assign. Views on the one
 * task machine (domain/task.h); the command line, and later the pages, call these. */
#include "base/rfc3339.h"
#include "domain/task.h"
#include "tools/operator_tools.h"

static void encode_task(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "kind", t->kind);
    json_add_str(c->doc, o, "state", t->state);
    json_add_str_opt(c->doc, o, "decision", t->decision);
    json_add_text(c->doc, o, "description", task_member(c->act, t, "description"));
    json_add_str(c->doc, o, "subject_type", t->subject_type);
    json_add_str(c->doc, o, "subject_id", t->subject_id);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_str(c->doc, o, "priority", t->priority);
    json_add_str_opt(c->doc, o, "assigned_to", t->assigned_to);
    json_add_time(c->doc, o, "created_at", t->created_at);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    if (t->resolved_at != TIME_NONE) json_add_time(c->doc, o, "resolved_at", t->resolved_at);
}

/* The members of a task's document that people need to decide. */
static void encode_details(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    static const char *const members[] = { "rule", "operation", "findings", "plan", "comments",
                                           "reason", "resolved_by", "result", "failure" };
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_add_text(c->doc, o, members[i], task_member(c->act, t, members[i]));
    }
}

static int require_id(struct tool_call *c, struct str *id, struct err *e)
{
    return json_req_str(JSON_FIELD(c->args, "task_id", ""), (struct json_len){ 1, 128 }, id, e);
}

int tool_x_task_list(struct tool_call *c, struct err *e)
{
    static const char open[] = "[\"pending\",\"assigned\",\"in_progress\",\"escalated\"]";
    struct str state = json_str(c->args, "state"), states = STR(open);
    if (str_is(state, "all")) {
        states = STR_NONE;
    } else if (state.n) {
        yyjson_mut_doc *doc = json_doc_new(c->arena);
        yyjson_mut_val *one = yyjson_mut_arr(doc);
        json_push_str(doc, one, state);
        states = json_write(c->arena, one);
    }
    struct task_filter f = { .tenant_id = c->act->tenant->tenant_id,
                             .states = states,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .before_id = json_str(c->args, "before_id"),
                             .limit = 100 };
    struct task_row *rows;
    size_t n;
    if (q_task_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "tasks");
    size_t shown = n > (size_t)f.limit ? (size_t)f.limit : n;
    for (size_t i = 0; i < shown; i++) encode_task(c, json_push_obj(c->doc, list), &rows[i]);
    json_add_bool(c->doc, c->reply, "has_more", n > shown);
    return 0;
}

int tool_x_task_get(struct tool_call *c, struct err *e)
{
    struct str id;
    struct task_row t;
    if (require_id(c, &id, e) || task_load(c->act, id, &t, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    encode_task(c, o, &t);
    encode_details(c, o, &t);
    return 0;
}

int tool_x_task_resolve(struct tool_call *c, struct err *e)
{
    struct str decision;
    struct task_resolution r = { .reason = json_str(c->args, "reason") };
    struct task_row t;
    if (require_id(c, &r.task_id, e)) return -1;
    if (json_req_str(JSON_FIELD(c->args, "decision", ""), (struct json_len){ 1, 16 }, &decision, e)) return -1;
    if (str_is(decision, "approve")) {
        r.decision = TASK_APPROVE;
    } else if (str_is(decision, "reject")) {
        r.decision = TASK_REJECT;
    } else {
        err_set(e, "INVALID_REQUEST", "decision must be approve or reject.");
        return err_field(e, "/decision");
    }
    if (task_resolve(c->act, &r, &t, e)) return -1;
    if (task_open(&t)) c->message = STR("The decision could not be carried out; the task stays open. See failure.");
    json_add_bool(c->doc, c->reply, "carried_out", !task_open(&t));
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    encode_task(c, o, &t);
    encode_details(c, o, &t);
    return 0;
}

int tool_x_task_assign(struct tool_call *c, struct err *e)
{
    struct task_work w = { .state = "assigned", .due_at = TIME_NONE };
    struct task_row t;
    if (require_id(c, &w.task_id, e)) return -1;
    if (json_req_str(JSON_FIELD(c->args, "assigned_to", ""), (struct json_len){ 1, 256 }, &w.assigned_to, e)) return -1;
    if (task_update(c->act, &w, &t, e)) return -1;
    encode_task(c, json_add_obj(c->doc, c->reply, "task"), &t);
    return 0;
}
