#include "tools/task_work.h"

#include "base/rfc3339.h"
#include "domain/task.h"

#define LIST_MAX   200
#define REASON_MAX 2000

static const struct json_limits limits = { .bytes_max = 1 << 22, .depth_max = JSON_DEPTH_HARD, .nodes_max = 1000000 };

static void add_task(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    static const char *const shown[] = { "description", "rule", "reason", "resolved_by", "comments", "operation" };
    yyjson_doc *doc;
    struct err e;
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "state", t->state);
    json_add_str_opt(c->doc, o, "decision", t->decision);
    json_add_str(c->doc, o, "kind", t->kind);
    json_add_str(c->doc, o, "subject_type", t->subject_type);
    json_add_str(c->doc, o, "subject_id", t->subject_id);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_str_opt(c->doc, o, "account_id", t->account_id);
    json_add_str(c->doc, o, "priority", t->priority);
    json_add_str_opt(c->doc, o, "assigned_to", t->assigned_to);
    json_add_time(c->doc, o, "created_at", t->created_at);
    json_add_time(c->doc, o, "updated_at", t->updated_at);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    if (t->resolved_at != TIME_NONE) json_add_time(c->doc, o, "resolved_at", t->resolved_at);
    if (json_parse(c->arena, t->doc, &limits, &doc, &e)) return;
    for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
        json_add_copy(c->doc, o, shown[i], yyjson_obj_get(yyjson_doc_get_root(doc), shown[i]));
    }
}

int tool_x_task_list(struct tool_call *c, struct err *e)
{
    struct str state = STR("open");
    if (json_opt_str(JSON_FIELD(c->args, "state", ""), (struct json_len){ 0, 32 }, &state, e)) return -1;
    struct task_filter f = { .tenant_id = c->act->tenant->tenant_id,
                             .created_after = TIME_NONE,
                             .created_before = TIME_NONE,
                             .updated_after = TIME_NONE,
                             .updated_before = TIME_NONE,
                             .limit = LIST_MAX };
    if (state.n == 0 || str_is(state, "open")) {
        f.states = STR("[\"pending\",\"assigned\",\"in_progress\",\"escalated\"]");
    } else if (!str_is(state, "all")) {
        if (!id_text_valid(state, 32)) {
            (void)err_set(e, "INVALID_REQUEST", "there is no such state");
            return err_field(e, "/state");
        }
        f.states = arena_printf(c->arena, "[\"" STR_FMT "\"]", STR_ARG(state));
    }
    struct task_row *rows;
    size_t n;
    if (q_task_list(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "tasks");
    for (size_t i = 0; i < n && i < LIST_MAX; i++) add_task(c, json_push_obj(c->doc, arr), &rows[i]);
    return 0;
}

static int read_id(struct tool_call *c, struct str *id, struct err *e)
{
    return json_req_str(JSON_FIELD(c->args, "task_id", ""), (struct json_len){ 1, 255 }, id, e);
}

int tool_x_task_get(struct tool_call *c, struct err *e)
{
    struct str id;
    struct task_row t;
    if (read_id(c, &id, e) || task_load(c->act, id, &t, e)) return -1;
    add_task(c, json_add_obj(c->doc, c->reply, "task"), &t);
    return 0;
}

int tool_x_task_assign(struct tool_call *c, struct err *e)
{
    struct task_work w = { .due_at = TIME_NONE };
    struct str state = STR_NONE;
    struct task_row t;
    if (read_id(c, &w.task_id, e) ||
        json_opt_str(JSON_FIELD(c->args, "assigned_to", ""), (struct json_len){ 1, 255 }, &w.assigned_to, e) ||
        json_opt_str(JSON_FIELD(c->args, "state", ""), (struct json_len){ 1, 32 }, &state, e) ||
        json_opt_str(JSON_FIELD(c->args, "comment", ""), (struct json_len){ 1, REASON_MAX }, &w.comment, e) ||
        json_opt_str(JSON_FIELD(c->args, "priority", ""), (struct json_len){ 1, 32 }, &w.priority, e) ||
        json_opt_time(JSON_FIELD(c->args, "due_at", ""), &w.due_at, e)) {
        return -1;
    }
    if (state.n) w.state = arena_cstr(c->arena, state);
    if (task_update(c->act, &w, &t, e)) return -1;
    add_task(c, json_add_obj(c->doc, c->reply, "task"), &t);
    return 0;
}

int tool_x_task_resolve(struct tool_call *c, struct err *e)
{
    struct task_resolution r = { .reason = STR_NONE };
    struct str decision;
    struct task_row t;
    if (read_id(c, &r.task_id, e) ||
        json_req_str(JSON_FIELD(c->args, "decision", ""), (struct json_len){ 1, 32 }, &decision, e) ||
        json_opt_str(JSON_FIELD(c->args, "reason", ""), (struct json_len){ 0, REASON_MAX }, &r.reason, e)) {
        return -1;
    }
    if (!str_is(decision, "approve") && !str_is(decision, "reject")) {
        (void)err_set(e, "INVALID_REQUEST", "decision must be approve or reject");
        return err_field(e, "/decision");
    }
    r.decision = str_is(decision, "approve") ? TASK_APPROVE : TASK_REJECT;
    if (task_resolve(c->act, &r, &t, e)) return -1;
    add_task(c, json_add_obj(c->doc, c->reply, "task"), &t);
    c->message = arena_printf(c->arena, "Task %s.", r.decision == TASK_APPROVE ? "approved" : "rejected");
    return 0;
}
