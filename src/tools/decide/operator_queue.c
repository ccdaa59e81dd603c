/* x_task_queue: open tasks in the order of their due times, each with what it is about. */
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/secrets.h"
#include "domain/decide/task_execute.h"
#include "store/q/q_task_queue.h"
#include "tools/decide/task_summary.h"
#include "tools/operation_tools.h"

#define LIST_DEFAULT 50

static int64_t findings_bad(yyjson_val *findings)
{
    size_t i, n;
    int64_t bad = 0;
    yyjson_val *f;
    yyjson_arr_foreach(findings, i, n, f) bad += str_is(json_str(f, "status"), "failed");
    return bad;
}

static void encode_doc(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t)
{
    yyjson_val *doc = document_read(c->arena, secrets_redacted(c->arena, t->doc));
    bool administrator = str_is(json_str(json_obj(doc, "terms"), "role"), "administrator");
    json_add_str_opt(c->doc, o, "description", json_str(doc, "description"));
    json_add_str_opt(c->doc, o, "rule", json_str(doc, "rule"));
    json_add_str_opt(c->doc, o, "failure", json_str(json_obj(doc, "failure"), "message"));
    json_add_cstr(c->doc, o, "decider", administrator ? "administrator" : "operator");
    json_add_copy(c->doc, o, "difference", json_arr(doc, "difference"));
    int64_t bad = findings_bad(json_arr(doc, "findings"));
    if (bad) json_add_i64(c->doc, o, "findings_bad", bad);
}

static int encode(struct tool_call *c, yyjson_mut_val *o, const struct task_queue_row *row, struct err *e)
{
    const struct task_row *t = &row->task;
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "kind", t->kind);
    json_add_str(c->doc, o, "state", t->state);
    json_add_str(c->doc, o, "subject_type", t->subject_type);
    json_add_str(c->doc, o, "subject_id", t->subject_id);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_str_opt(c->doc, o, "buyer", row->buyer_name);
    json_add_str(c->doc, o, "priority", t->priority);
    json_add_str_opt(c->doc, o, "assigned_to", t->assigned_to);
    json_add_time(c->doc, o, "created_at", t->created_at);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    if (task_executing(c->act, t)) json_add_bool(c->doc, o, "executing", true);
    encode_doc(c, o, t);
    return task_summary_add(c, o, t, SUMMARY_SHORT, e);
}

/* ASCII alone: names are compared in lower case as SQLite's lower() makes it. */
static struct str lower(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + 32 : s.p[i]);
    return (struct str){ p, s.n };
}

/* Where the page before ended. */
static int read_cursor(struct tool_call *c, struct task_queue_filter *f, struct err *e)
{
    struct task_key key = { .tenant_id = f->tenant_id, .task_id = f->after_id };
    struct task_row last;
    int rc = f->after_id.n ? q_task_get(c->act->tx, c->arena, &key, &last, e) : 1;
    if (rc < 0) return -1;
    if (rc == 0) {
        (void)err_set(e, "REFERENCE_NOT_FOUND", "There is no such task.");
        return err_field(e, "/after_id");
    }
    if (f->after_id.n) f->after_due = last.due_at;
    return 0;
}

int tool_x_task_queue(struct tool_call *c, struct err *e)
{
    struct task_queue_filter f = { .tenant_id = c->act->tenant->tenant_id,
                                   .kind = json_str(c->args, "kind"),
                                   .role = json_str(c->args, "decider"),
                                   .text = lower(c->arena, json_str(c->args, "text")),
                                   .after_id = json_str(c->args, "after_id"),
                                   .limit = (int)json_i64_or(c->args, "limit", LIST_DEFAULT) };
    struct task_queue_row *rows;
    size_t n;
    if (read_cursor(c, &f, e) || q_task_queue(c->act->tx, c->arena, &f, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "tasks");
    size_t shown = n > (size_t)f.limit ? (size_t)f.limit : n;
    for (size_t i = 0; i < shown; i++) {
        if (encode(c, json_push_obj(c->doc, list), &rows[i], e)) return -1;
    }
    json_add_bool(c->doc, c->reply, "has_more", n > shown);
    return 0;
}
