/* A link that decides one task: x_link_get shows it, x_link_decide uses it. No credential: the link is one, for this
 * task alone. Only our own page (admin/entrance/decide_link.c) calls these. */
#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/core/tenant_settings.h"
#include "domain/decide/link_decide.h"
#include "domain/tell/people_notify.h"
#include "domain/core/secrets.h"
#include "store/q/q_tenant.h"
#include "tools/decide/links.h"
#include "tools/decide/task_summary.h"

static int open_link(struct tool_call *c, struct link_row *link, struct err *e)
{
    struct str text;
    if (json_req_str(JSON_FIELD(c->args, "link", ""), (struct json_len){ 1, 200 }, &text, e)) return -1;
    return link_open(c->act, text, link, e);
}

static void encode(struct tool_call *c, const struct task_row *t)
{
    static const char *const members[] = { "description", "rule",    "difference", "findings",
                                           "comments",    "failure", "reason" };
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "task");
    json_add_str(c->doc, o, "task_id", t->task_id);
    json_add_str(c->doc, o, "kind", t->kind);
    json_add_str(c->doc, o, "state", t->state);
    json_add_str_opt(c->doc, o, "decision", t->decision);
    json_add_str(c->doc, o, "subject_id", t->subject_id);
    json_add_str(c->doc, o, "subject_type", t->subject_type);
    json_add_str(c->doc, o, "principal_id", t->principal_id);
    json_add_bool(c->doc, o, "open", task_open(t) && !task_executing(c->act, t));
    if (task_executing(c->act, t)) json_add_bool(c->doc, o, "executing", true);
    if (t->due_at != TIME_NONE) json_add_time(c->doc, o, "due_at", t->due_at);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        json_add_text(c->doc, o, members[i], secrets_redacted(c->arena, task_member(c->act, t, members[i])));
    }
}

/* Whose publisher it is, with what times and money are shown in; and who asks. */
static int encode_around(struct tool_call *c, const struct task_row *t, struct err *e)
{
    struct tenant_settings ts;
    struct principal_row buyer;
    tenant_settings_read(c->act->tenant, c->arena, &ts);
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "publisher");
    json_add_str(c->doc, o, "name", c->act->tenant->name);
    json_add_str(c->doc, o, "timezone", ts.timezone);
    int rc = q_principal_get(c->act->tx, c->arena, t->tenant_id, t->principal_id, &buyer, e);
    if (rc == 1) json_add_str(c->doc, yyjson_mut_obj_get(c->reply, "task"), "buyer", buyer.name);
    return rc < 0 ? -1 : 0;
}

/* A buyer's act sees its own tasks only, and here nobody is signed in: the link says which. */
static int load(struct tool_call *c, const struct link_row *link, struct task_row *out, struct err *e)
{
    struct task_key key = { .tenant_id = link->tenant_id, .task_id = link->task_id };
    int rc = q_task_get(c->act->tx, c->arena, &key, out, e);
    return rc == 1 ? 0 : rc < 0 ? -1 : err_set(e, "REFERENCE_NOT_FOUND", "The task is gone.");
}

int tool_x_link_get(struct tool_call *c, struct err *e)
{
    struct link_row link;
    struct task_row task;
    if (open_link(c, &link, e) || load(c, &link, &task, e)) return -1;
    encode(c, &task);
    json_add_bool(c->doc, c->reply, "may_decide", link_may_decide(c->act, &link, &task));
    yyjson_mut_val *o = yyjson_mut_obj_get(c->reply, "task");
    if (encode_around(c, &task, e) || task_summary_add(c, o, &task, SUMMARY_WHOLE, e)) return -1;
    return task_open(&task) && operator_task_preview(c, o, &task, e) ? -1 : 0;
}

int tool_x_link_decide(struct tool_call *c, struct err *e)
{
    struct link_row link;
    struct task_row task;
    struct str decision, name = STR_NONE;
    struct task_resolution r = { 0 };
    if (json_req_str(JSON_FIELD(c->args, "decision", ""), (struct json_len){ 1, 16 }, &decision, e) ||
        json_opt_str(JSON_FIELD(c->args, "reason", ""), (struct json_len){ 0, 2000 }, &r.reason, e) ||
        json_opt_str(JSON_FIELD(c->args, "name", ""), (struct json_len){ 0, LINK_NAME_MAX }, &name, e))
        return -1;
    bool reject = str_is(decision, "reject");
    if (!reject && !str_is(decision, "approve")) {
        (void)err_set(e, "INVALID_REQUEST", "decision must be approve or reject.");
        return err_field(e, "/decision");
    }
    if (reject && !r.reason.n) {
        (void)err_set(e, "INVALID_REQUEST", "Say why: the buyer is told.");
        return err_field(e, "/reason");
    }
    r.decision = reject ? TASK_REJECT : TASK_APPROVE;
    if (open_link(c, &link, e) || link_decide(c->act, &link, &r, name, &task, e)) return -1;
    encode(c, &task);
    yyjson_mut_val *o = yyjson_mut_obj_get(c->reply, "task");
    return encode_around(c, &task, e) || task_summary_add(c, o, &task, SUMMARY_WHOLE, e) ? -1 : 0;
}
