/* Tasks: everything a person of the publisher must decide. Here their rows are made, found, worked on and closed; what
 * deciding one does stands above, in the room `decide`.
 *
 *     pending --> assigned --> in_progress --+--> completed (approved: the operation was executed)
 *        |            |             |        +--> failed    (rejected: the operation was undone; or withdrawn)
 *        +------------+-------------+--> escalated --^
 *
 * A task holds the operation it waits for ("operation" in its doc). The row, the audit line and what people and buyers
 * are told are one commit. */
#pragma once

#include "contract/json.h"
#include "domain/rule/rule.h"
#include "domain/task/task_doc.h"
#include "domain/task/task_terms.h"
#include "store/q/q_task.h"

#define TASK_OPEN_STATES "[\"pending\",\"assigned\",\"in_progress\",\"escalated\"]"

struct task_new {
    const char *kind;
    struct str task_id; /* empty: a new one; sandbox directives bring their own */
    struct str principal_id, account_id;
    const char *subject_type;
    struct str subject_id;
    struct str description; /* for the person who decides */
    struct str rule;        /* why a person must decide */
    struct str operation;   /* JSON object; empty: none beyond the subject */
    struct str context;     /* the caller's JSON context, echoed with the result; may be empty */
    struct str push_config; /* push_notification_config as JSON; may be empty */
    struct str priority;    /* low, medium, high, urgent; empty: medium */
    int64_t due_at;         /* TIME_NONE: the rule's, else the publisher's approval SLA */
    const struct rule_verdict *verdict; /* the rule that asks for a person; NULL: none does */
    struct str findings;    /* of the checks: JSON array; may be empty */
    struct str instructions; /* what a person is to type in where: JSON; may be empty */
    struct str difference; /* what an update changes: JSON array of {field, package_id?, before, after}; may be empty */
    int64_t amount_micros; /* what the media buy it is about is worth; 0: it is about none */
    int64_t people_delay_us; /* people are told of it only then, because it may be decided without them; mostly 0 */
};

MUST_CHECK int task_create(const struct act *act, const struct task_new *in, struct task_row *out, struct err *e);

/* Says that the call which made it was of another tool than its kind is named for (buy_products makes a create_media_buy). */
MUST_CHECK int task_called_as(const struct act *act, struct task_row *task, const char *tool, struct err *e);

/* 0, or REFERENCE_NOT_FOUND. A buyer sees only its own; people of the publisher (and timers) see all. */
MUST_CHECK int task_load(const struct act *act, struct str task_id, struct task_row *out, struct err *e);

/* After any change of an open task, its row written: the audit line, and people are told. `what`: assigned, in_progress,
 * escalated, commented, reminded, lapsed, executing, attempt_failed. */
MUST_CHECK int task_changed(const struct act *act, const struct task_row *task, const char *what, struct err *e);

/* Work on an open task; INVALID_STATE when it is closed. Empty strings and TIME_NONE leave things as they are. */
struct task_work {
    struct str task_id;
    const char *state; /* "assigned", "in_progress", "escalated" or NULL */
    struct str assigned_to;
    struct str comment;
    struct str priority; /* low, medium, high, urgent */
    int64_t due_at;
};
MUST_CHECK int task_update(const struct act *act, const struct task_work *w, struct task_row *out, struct err *e);

/* Closes the open tasks of a subject without executing or undoing anything: the subject ended by itself (canceled
 * by the buyer, flight over). */
struct task_subject {
    const char *type;
    struct str id;
    struct str principal_id; /* for ids that are a buyer's own (creatives); empty: whoever's */
    struct str kinds; /* JSON array: of these kinds only; empty: of all */
    const char *but_kind; /* not of this kind; NULL: of all */
};
MUST_CHECK int task_withdraw(const struct act *act, const struct task_subject *subject, const char *reason,
                             struct err *e);
/* The newest open tasks of a subject, a page of them; and closes one of those as task_withdraw does. */
MUST_CHECK int task_open_of(const struct act *act, const struct task_subject *subject, struct task_row **rows,
                            size_t *n, struct err *e);
MUST_CHECK int task_withdraw_one(const struct act *act, struct task_row *task, const char *reason, struct err *e);

/* ---- for the room `decide` and the sandbox ---- */

/* 0, or PERMISSION_DENIED: tasks are for operators and administrators of the publisher, and for timers. */
MUST_CHECK int task_may_work(const struct act *act, struct err *e);

/* INVALID_STATE, saying how, when and by whom. Always -1. */
int task_already_decided(const struct act *act, const struct task_row *task, struct err *e);

/* 1 when somebody is told of this task's end, 0 not, -1 failed: a result is made only then. */
MUST_CHECK int task_listened(const struct act *act, const struct task_row *task, struct err *e);

/* Closes it as its state and decision say: the row, the audit line, the buyer's webhooks. */
struct task_end {
    struct str reason; /* for the buyer; may be empty */
    struct str result; /* approved: what the synchronous answer would have been, as JSON; may be empty */
};
MUST_CHECK int task_finish(const struct act *act, struct task_row *task, const struct task_end *end, struct err *e);

/* Leaves it open with the reason under "failure". */
MUST_CHECK int task_keep_failure(const struct act *act, struct task_row *task, const struct err *why, struct err *e);
