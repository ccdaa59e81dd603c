/* The terms of a task, from the rule that asked for it: when people are reminded of it, when it is escalated, and what
 * happens at its due time when nobody has decided. next_at is the least of the moments still to come. */
#pragma once

#include "domain/rule/rule.h"
#include "domain/task/task_doc.h"

struct task_terms {
    struct str rule_id, rule_name, role, lapse;
    int64_t remind_at, escalate_at; /* TIME_NONE: never, or done */
    bool lapsed;
};
void task_terms_read(const struct act *act, const struct task_row *task, struct task_terms *out);
/* Writes them to the doc, and next_at; the row is the caller's to write. */
void task_terms_write(const struct act *act, struct task_row *task, const struct task_terms *t);

/* The terms of a new task; `v` may be NULL. */
void task_set_terms(const struct act *act, struct task_row *task, const struct rule_verdict *v);
/* What terms and due time make of next_at. */
void task_set_next(const struct act *act, struct task_row *task);
