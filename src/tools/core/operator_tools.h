/* Hidden tools for the publisher's people. */
#pragma once

#include "tools/tool.h"

int tool_x_task_list(struct tool_call *c, struct err *e);
int tool_x_task_get(struct tool_call *c, struct err *e);
bool task_get_writes(yyjson_val *args);
struct task_row;
/* Adds "plan" and "impossible" to a task's object: domain/decide/task_preview.h. */
int operator_task_preview(struct tool_call *c, yyjson_mut_val *o, const struct task_row *t, struct err *e);
int tool_x_task_resolve(struct tool_call *c, struct err *e);
int tool_x_task_assign(struct tool_call *c, struct err *e);

int tool_x_job_list(struct tool_call *c, struct err *e);
int tool_x_job_get(struct tool_call *c, struct err *e);
int tool_x_job_redeliver(struct tool_call *c, struct err *e);
int tool_x_key_list(struct tool_call *c, struct err *e);
int tool_x_key_rotate(struct tool_call *c, struct err *e);
int tool_x_task_update(struct tool_call *c, struct err *e);
int tool_x_rule_list(struct tool_call *c, struct err *e);
int tool_x_rule_add(struct tool_call *c, struct err *e);
int tool_x_rule_remove(struct tool_call *c, struct err *e);
int tool_x_rule_move(struct tool_call *c, struct err *e);
int tool_x_rule_test(struct tool_call *c, struct err *e);
int tool_x_audit_list(struct tool_call *c, struct err *e);
int tool_x_audit_verify(struct tool_call *c, struct err *e);
int tool_x_audit_head(struct tool_call *c, struct err *e);
int tool_x_principal_list(struct tool_call *c, struct err *e);
int tool_x_principal_add(struct tool_call *c, struct err *e);
int tool_x_principal_set(struct tool_call *c, struct err *e);
int tool_x_token_list(struct tool_call *c, struct err *e);
int tool_x_token_add(struct tool_call *c, struct err *e);
int tool_x_token_revoke(struct tool_call *c, struct err *e);
int tool_x_token_rotate(struct tool_call *c, struct err *e);
int tool_x_tenant_get(struct tool_call *c, struct err *e);
int tool_x_tenant_set(struct tool_call *c, struct err *e);
int tool_x_creative_list(struct tool_call *c, struct err *e);
int tool_x_creative_get(struct tool_call *c, struct err *e);
int tool_x_creative_decide(struct tool_call *c, struct err *e);
int tool_x_link_get(struct tool_call *c, struct err *e);
int tool_x_link_decide(struct tool_call *c, struct err *e);
