/* Telling the publisher's people: a task waits, is escalated, lapsed, could not be carried out. Written as jobs in the
 * commit of their cause; jobs/people_job.c sends them.
 *
 * Settings of the publisher, all optional: "hitl_webhook_url" (Slack-compatible), and "notifications":
 *   {"webhook_url": any receiver of JSON, "email": {"to": [...], "from", "smtp_url", "user", "password", "tls": "none"},
 *    "link_base": "https://ads.example", "link_hours": 72, "link_role": "operator", "high_value_over": 50000,
 *    "digest_after": 10}
 * More than `digest_after` new tasks within an hour are told once, in a digest at the hour's end; what is urgent (high
 * value, escalated, failed) never waits for that.
 *
 * A link decides one task, once, until it expires: TENANT.LINK_ID.SEAL, where the seal is an HMAC with the
 * installation's secret, so that neither the database nor the job's row holds what opens it. */
#pragma once

#include "domain/core/act.h"
#include "store/q/agent/q_link.h"
#include "store/q/q_task.h"

#define PEOPLE_JOB "people" /* payload: {channel, what, task_id, link_id, to} */

enum people_channel { PEOPLE_SLACK, PEOPLE_WEBHOOK, PEOPLE_EMAIL };

/* What has happened to a task. */
struct people_told {
    const struct task_row *task;
    const char
        *what; /* created, reminded, escalated, lapsed, attempt_failed: whatever else is nothing people need hear */
    bool open; /* it waits for a decision: a link that decides it comes along */
    int64_t delay_us; /* of a new one: told only then, because it may decide itself before; mostly 0 */
    int64_t amount_micros; /* of a new one: what the media buy it is about is worth; 0: it is about none */
};
MUST_CHECK int people_notify(const struct act *act, const struct people_told *told, struct err *e);

/* What the settings say, for the sender; an empty url: not configured. */
struct people_settings {
    struct str slack_url, webhook_url;
    struct str smtp_url, smtp_user, smtp_password, mail_from;
    struct str *mail_to;
    size_t mail_to_n;
    bool mail_plain; /* "tls": "none" */
    struct str link_base;
    bool link_base_said;  /* else it is a guess: the agent's own listener is a better one */
    struct str link_role; /* empty: the rule's */
    int64_t link_hours, digest_after;
    int64_t high_value_micros; /* INT64_MAX: none */
};
void people_settings_read(const struct act *act, struct people_settings *out);

/* ---- links ---- */

/* The link's text: BASE/decide/TENANT.LINK_ID.SEAL */
struct str link_url(const struct act *act, struct str base, struct str link_id);

/* Reads LINK_ID.SEAL of the act's publisher. REFERENCE_NOT_FOUND for what is forged, expired or of another publisher,
 * all with the same words; INVALID_STATE when it was used. */
MUST_CHECK int link_open(const struct act *act, struct str text, struct link_row *out, struct err *e);

/* How many tasks of the publisher are open. */
MUST_CHECK int people_open_tasks(const struct act *act, int64_t *n, struct err *e);
