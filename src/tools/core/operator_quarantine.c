/* What time should have done and could not, for the publisher's people: x_quarantine_list, x_quarantine_retry,
 * x_quarantine_drop. */
#include "base/rfc3339.h"
#include "domain/core/quarantine.h"
#include "tools/operation_tools.h"

#define LIST_MAX 500

static void encode(struct tool_call *c, yyjson_mut_val *o, const struct quarantine_row *q)
{
    json_add_str(c->doc, o, "kind", q->kind);
    json_add_str(c->doc, o, "id", q->row_id);
    json_add_cstr(c->doc, o, "state", q->retry_at == TIME_NONE ? "set_aside" : "tried_later");
    json_add_i64(c->doc, o, "failures", q->failures);
    json_add_i64(c->doc, o, "deaths", q->deaths);
    json_add_str(c->doc, o, "reason", q->reason);
    json_add_time(c->doc, o, "since", q->first_at);
    json_add_time(c->doc, o, "last_at", q->last_at);
    if (q->retry_at != TIME_NONE) json_add_time(c->doc, o, "retry_at", q->retry_at);
}

int tool_x_quarantine_list(struct tool_call *c, struct err *e)
{
    struct quarantine_row *rows;
    size_t n;
    if (q_quarantine_list(c->act->tx, c->arena, c->act->tenant->tenant_id, LIST_MAX, &rows, &n, e)) return -1;
    yyjson_mut_val *list = json_add_arr(c->doc, c->reply, "rows");
    for (size_t i = 0; i < n; i++) encode(c, json_push_obj(c->doc, list), &rows[i]);
    return 0;
}

int tool_x_quarantine_retry(struct tool_call *c, struct err *e)
{
    if (quarantine_retry(c->act, json_str(c->args, "kind"), json_str(c->args, "id"), e)) return -1;
    c->message = STR("It is due again at once.");
    return 0;
}

int tool_x_quarantine_drop(struct tool_call *c, struct err *e)
{
    if (quarantine_drop(c->act, json_str(c->args, "kind"), json_str(c->args, "id"), e)) return -1;
    c->message = STR("What was due of it is forgotten.");
    return 0;
}
