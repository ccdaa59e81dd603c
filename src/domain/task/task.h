/* The human in the loop: one state machine for everything a person must decide, one function that decides.
 *
 *     pending --> assigned --> in_progress --+--> completed (approved: the operation was executed)
 *        |            |             |        +--> failed    (rejected: what was held is released)
 *        +------------+-------------+--> escalated --^
 *
 * A task holds the operation it waits for ("operation" in its doc). Approving executes it, rejecting undoes it, and
 * the row, the effect, the audit line and the notification are one commit; when executing fails its effect is undone
 * and the task stays open with the reason under "failure", to be decided again. The same function serves the web pages, the API tools, the command line and links.
 *
 * Only people of the publisher decide. task doc: {"operation": {...}, "rule": "why a person must decide",
 * "description", "context", "push_notification_config", "comments": [], "reason", "resolved_by", "result",
 * "terms": {rule_id, rule_name, role, lapse, remind_at, escalate_at}, "findings", "difference",
 * "failure": {"code", "message", "field", "suggestion", "at", "by"} of the last attempt that failed,
 * "waiting": {"reason", "until"} while the ad server waits for somebody or something}. */
#pragma once

#include "contract/json.h"
#include "domain/core/quarantine.h"
#include "domain/rule/rule.h"
#include "store/q/q_task.h"

enum task_decision { TASK_APPROVE, TASK_REJECT };

/* A kind of task: what its two decisions do. */
struct task_kind {
    const char *kind;
    bool awaits_ad_server; /* its effect waits until a remote ad server has agreed: task_execute.h */
    MUST_CHECK int (*approve)(const struct act *act, const struct task_row *task, struct err *e);
    MUST_CHECK int (*reject)(const struct act *act, const struct task_row *task, struct str reason, struct err *e);
};
extern const struct task_kind task_kinds[];
extern const size_t task_kinds_n;

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
    struct str difference; /* what an update changes: JSON array of {field, package_id?, before, after}; may be empty */
};

MUST_CHECK int task_create(const struct act *act, const struct task_new *in, struct task_row *out, struct err *e);

/* 0, or REFERENCE_NOT_FOUND. A buyer sees only its own; people of the publisher (and timers) see all. */
MUST_CHECK int task_load(const struct act *act, struct str task_id, struct task_row *out, struct err *e);

bool task_open(const struct task_row *task);
/* Approved, and a remote ad server is being asked (task_execute.h). It is open still, but decided. */
bool task_executing(const struct act *act, const struct task_row *task);

/* Decides. Errors: PERMISSION_DENIED (not a person of the publisher), REFERENCE_NOT_FOUND, INVALID_STATE when it was
 * decided already (with how, when and by whom). When executing the operation fails this succeeds all the same, so
 * that the reason is kept: *out is then still open (task_open) and its "failure" says why; or it is executing. `reason` is shown to the
 * buyer when rejecting. */
struct task_resolution {
    struct str task_id;
    enum task_decision decision;
    struct str reason;
};
MUST_CHECK int task_resolve(const struct act *act, const struct task_resolution *r, struct task_row *out,
                            struct err *e);

/* What time does to tasks, of all publishers: reminds, escalates, lapses, each as of the time it was due. */
extern const struct due_kind task_times;

/* task_time.c: writes the terms of a new task and its next_at; and what its terms and due time make of next_at. */
void task_set_terms(const struct act *act, struct task_row *task, const struct rule_verdict *v);
void task_set_next(const struct act *act, struct task_row *task);

/* Closes the open tasks of a subject without executing or undoing anything: the subject ended by itself (canceled
 * by the buyer, flight over). */
struct task_subject {
    const char *type;
    struct str id;
    struct str principal_id; /* for ids that are a buyer's own (creatives); empty: whoever's */
};
MUST_CHECK int task_withdraw(const struct act *act, const struct task_subject *subject, const char *reason,
                             struct err *e);

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

/* What the buyer sees, AdCP task-status: submitted while open, completed, rejected or failed. */
const char *task_adcp_status(const struct task_row *task);

/* A member of the task's doc, NULL when absent; and as JSON text, empty then. */
yyjson_val *task_get(const struct act *act, const struct task_row *task, const char *key);
struct str task_member(const struct act *act, const struct task_row *task, const char *key);

/* Puts JSON text under a member of the doc (replacing it); for results. Does not write the row. */
void task_put(const struct act *act, struct task_row *task, const char *key, struct str json_text);
/* Removes a member of the doc, if it is there. Does not write the row. */
void task_drop(const struct act *act, struct task_row *task, const char *key);

/* ---- for the functions of this family (task*.c) ---- */

/* Executes or undoes, by kind; writes nothing of the task. */
MUST_CHECK int task_execute(const struct act *act, const struct task_resolution *r, const struct task_row *task,
                            struct err *e);
/* Closes it as its state and decision say, with what follows from that. */
MUST_CHECK int task_finish(const struct act *act, struct task_row *task, struct str reason, struct err *e);
/* Leaves it open with the reason under "failure". */
MUST_CHECK int task_keep_failure(const struct act *act, struct task_row *task, const struct err *why, struct err *e);
