/* The publisher's rules: x_rule_list, x_rule_add, x_rule_remove, x_rule_move, x_rule_test. Views on domain/rule/rule.h. */
#include "base/rfc3339.h"
#include "domain/rule/rule.h"
#include "tools/operation_tools.h"

static void encode(struct tool_call *c, yyjson_mut_val *o, const struct rule_row *r)
{
    json_add_i64(c->doc, o, "position", r->position);
    json_add_str(c->doc, o, "rule_id", r->rule_id);
    (void)json_add_text(c->doc, o, "rule", r->doc); /* ours; a damaged one is left out */
    json_add_time(c->doc, o, "created_at", r->created_at);
}

int tool_x_rule_list(struct tool_call *c, struct err *e)
{
    struct rule_rows list;
    if (q_rule_list(c->act->tx, c->arena, c->act->tenant->tenant_id, &list, e)) return -1;
    yyjson_mut_val *arr = json_add_arr(c->doc, c->reply, "rules");
    for (size_t i = 0; i < list.n; i++) encode(c, json_push_obj(c->doc, arr), &list.rows[i]);
    return 0;
}

int tool_x_rule_add(struct tool_call *c, struct err *e)
{
    struct rule_row row;
    if (rule_add(c->act, json_obj(c->args, "rule"), json_i64_or(c->args, "position", 0), &row, e))
        return e->field[0] ? err_in(e, "/rule") : -1;
    encode(c, json_add_obj(c->doc, c->reply, "rule"), &row);
    return 0;
}

int tool_x_rule_remove(struct tool_call *c, struct err *e)
{
    if (rule_remove(c->act, json_str(c->args, "rule_id"), e)) return -1;
    return tool_x_rule_list(c, e);
}

int tool_x_rule_move(struct tool_call *c, struct err *e)
{
    if (rule_move(c->act, json_str(c->args, "rule_id"), json_i64_or(c->args, "position", 1), e)) return -1;
    return tool_x_rule_list(c, e);
}

int tool_x_rule_test(struct tool_call *c, struct err *e)
{
    static const char *const lapses[] = {
        [LAPSE_STAY] = "stay", [LAPSE_REJECT] = "reject", [LAPSE_APPROVE] = "approve"
    };
    struct rule_facts *f = ARENA_NEW(c->arena, struct rule_facts);
    struct rule_verdict v;
    if (rule_facts_read(c->args, f, e) || rule_decide(c->act, f, &v, e)) return -1;
    yyjson_mut_val *o = json_add_obj(c->doc, c->reply, "verdict");
    json_add_cstr(c->doc, o, "outcome", rule_outcome_name(v.outcome));
    if (v.outcome == RULE_NONE) {
        c->message = STR("No rule matches; the publisher's settings and the products decide.");
        return 0;
    }
    json_add_str(c->doc, o, "rule_id", v.rule_id);
    json_add_str(c->doc, o, "name", v.name);
    if (v.outcome == RULE_REJECT) json_add_str_opt(c->doc, o, "reason", v.reason);
    if (v.outcome != RULE_PERSON) return 0;
    json_add_str(c->doc, o, "role", v.role.n ? v.role : STR("operator"));
    if (v.due_hours) json_add_i64(c->doc, o, "due_hours", v.due_hours);
    if (v.remind_hours) json_add_i64(c->doc, o, "remind_hours", v.remind_hours);
    if (v.escalate_hours) json_add_i64(c->doc, o, "escalate_hours", v.escalate_hours);
    json_add_cstr(c->doc, o, "lapse", lapses[v.lapse]);
    return 0;
}
