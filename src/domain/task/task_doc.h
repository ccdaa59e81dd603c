/* What a task's row and document say. doc: {"operation": {...}, "rule": "why a person must decide",
 * "description", "context", "push_notification_config", "comments": [], "reason", "resolved_by", "result",
 * "terms": {rule_id, rule_name, role, lapse, remind_at, escalate_at}, "findings", "difference",
 * "failure": {"code", "message", "field", "suggestion", "at", "by"} of the last attempt that failed,
 * "called_as": the tool that was called, where it is not the kind's,
 * "waiting": {"reason", "until"} while the ad server waits for somebody or something,
 * "execution": what a remote ad server is being asked (decide/task_execute.h)}. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "store/q/q_task.h"

bool task_open(const struct task_row *task);
/* Approved, and a remote ad server is being asked. It is open still, but decided. */
bool task_executing(const struct act *act, const struct task_row *task);

/* What the buyer sees, AdCP task-status: submitted while open, completed, rejected or failed. */
const char *task_adcp_status(const struct task_row *task);

/* The tool whose call waits, where a kind stands for several (task_called_as); empty: the kind says it. */
struct str task_tool(const struct act *act, const struct task_row *task);

/* A member of the task's doc, NULL when absent; and as JSON text, empty then. */
yyjson_val *task_get(const struct act *act, const struct task_row *task, const char *key);
struct str task_member(const struct act *act, const struct task_row *task, const char *key);

/* Puts JSON text under a member of the doc (replacing it). Does not write the row. */
void task_put(const struct act *act, struct task_row *task, const char *key, struct str json_text);
/* Removes a member, if it is there. Does not write the row. */
void task_drop(const struct act *act, struct task_row *task, const char *key);
/* Puts a string. Does not write the row. */
void task_put_str(const struct act *act, struct task_row *task, const char *key, struct str text);
