/* Webhooks: who wants to be told, and the job that tells them.
 *
 *   registration    push_notification_config of a task, notification_configs of an account, reporting_webhook of a buy
 *                   -> a row of `webhook`, checked first: webhook_check_*()
 *   event           webhook_send_*(): one row of `job` for each receiver, in the commit that causes the event. The row
 *                   holds the body, byte for byte as every attempt sends it, and so the one idempotency_key.
 *   delivery        jobs/webhook_send.c
 *
 * Events about one subject to one URL arrive in the order of their commits; different URLs do not wait for each other.
 * Source: AdCP 3.1 webhooks (L3) and core/{push-notification-config,reporting-webhook,notification-config,
 * mcp-webhook-payload}.json. */
#pragma once

#include "contract/json.h"
#include "domain/core/act.h"
#include "store/q/agent/q_job.h"
#include "store/q/q_webhook.h"

#define WEBHOOK_JOB           "webhook"
#define WEBHOOK_CHALLENGE_JOB "webhook.challenge"

#define WEBHOOK_BEARER "Bearer"
#define WEBHOOK_HMAC   "HMAC-SHA256"

enum webhook_kind { WEBHOOK_TASK, WEBHOOK_REPORT, WEBHOOK_ACCOUNT };

/* ---- registering ---- */

/* Reads one configuration object found at the JSON Pointer `at`. INVALID_REQUEST naming the member: no URL, one that may
 * not be called (anything but public https; loopback only in sandbox mode), an unknown scheme, a credential under 32
 * characters, a token under 16. Fills the members a configuration has; the rest of `out` is the caller's. */
struct webhook_source {
    yyjson_val *config;
    const char *at;
    enum webhook_kind kind;
};
MUST_CHECK int webhook_read(const struct act *act, const struct webhook_source *src, struct webhook_row *out,
                            struct err *e);

/* Checks what a call's arguments register (push_notification_config, reporting_webhook), for the gates. */
MUST_CHECK int webhook_check_args(const struct act *act, yyjson_val *args, struct err *e);

/* True when the call registers a shared secret or bearer token, so that it must be signed itself where request
 * signing is offered (AdCP webhook security: downgrade resistance). */
bool webhook_args_carry_credentials(yyjson_val *args);

/* Whose registration, for what. */
struct webhook_owner {
    enum webhook_kind kind;
    struct str principal_id, account_id;
    struct str anchor; /* task_id, media_buy_id, account_id */
    struct str context; /* the buyer's JSON, echoed in what is sent; may be empty */
    struct str subscriber_id; /* of several under one anchor; may be empty */
};
/* The buyer's context in what is echoed to it (media_buy_row.echo); empty when it gave none. */
struct str webhook_context(const struct act *act, struct str echo);

/* Stores what `config` says (already checked, as JSON text) under the owner; replaces what was there. A configuration
 * that cannot be read is left out with a log line: it was checked when it came in. */
MUST_CHECK int webhook_register(const struct act *act, const struct webhook_owner *owner, struct str config,
                                struct err *e);

/* An account's notification_configs, replaced as a whole by the array at `at`. New and changed active ones are
 * challenged before anything else is sent to them. INVALID_REQUEST with the exact pointer for: a duplicate or missing
 * subscriber_id, an event type that is unknown or not an account's, no event types. */
struct webhook_account {
    struct str principal_id, account_id;
};
MUST_CHECK int webhook_accounts_replace(const struct act *act, const struct webhook_account *owner, yyjson_val *configs,
                                        const char *at, struct err *e);
/* The checks alone; `configs` NULL: nothing was sent. */
MUST_CHECK int webhook_accounts_check(const struct act *act, yyjson_val *configs, const char *at, struct err *e);
/* Adds "notification_configs" as the buyer gave them, without credentials; nothing when there are none. */
MUST_CHECK int webhook_accounts_encode(const struct act *act, struct str account_id, yyjson_mut_doc *doc,
                                       yyjson_mut_val *obj, struct err *e);

/* ---- telling ---- */

/* The status of a task, or a delivery report, in the envelope of the receiver's channel. */
struct webhook_event {
    struct str subject; /* "media_buy:mb-...": what is ordered */
    struct str task_id;
    const char *task_type; /* AdCP task-type */
    const char *protocol; /* "media-buy", "creative"; NULL: left out */
    const char *status; /* AdCP task-status */
    struct str message; /* one sentence; may be empty */
    struct str result; /* JSON object; may be empty */
    const char *notification_type; /* of reports; NULL otherwise */
    int64_t sequence_number; /* of reports */
};
/* 1 somebody listens there, 0 nobody, -1 failed. For who must make something costly to tell it. */
MUST_CHECK int webhook_listened(const struct act *act, const struct webhook_anchor *to, struct err *e);
/* Writes one job for each active registration of the kind under the anchor. */
MUST_CHECK int webhook_send(const struct act *act, const struct webhook_anchor *to, const struct webhook_event *ev,
                            struct err *e);

/* An event of an account's library, to each of its subscribers that asked for the type. `fields` is a JSON object whose
 * members follow the common ones (creative_id, transition, reason_code, initiator, ...). */
struct webhook_account_event {
    struct str account_id, subject;
    const char *type;
    struct str notification_id; /* stable for this transition */
    struct str fields;
};
MUST_CHECK int webhook_send_account(const struct act *act, const struct webhook_account_event *ev, struct err *e);

/* ---- for jobs/ ---- */

/* What a webhook job's payload says. */
struct webhook_payload {
    struct str webhook_id, idempotency_key, subject, notification_type, body;
    int64_t sequence_number; /* -1: none */
};
MUST_CHECK int webhook_payload_read(struct arena *a, struct str json, struct webhook_payload *out, struct err *e);

/* The URL without query and fragment: what may be shown. */
struct str webhook_shown_url(struct str url);

/* ---- showing ---- */

/* include_webhook_activity and webhook_activity_limit of a read: how many attempts are asked for, 0..200. */
MUST_CHECK int webhook_activity_asked(yyjson_val *args, int64_t *limit, struct err *e);

/* `subject`: "media_buy:mb-1", "creative:c-1". Adds "webhook_activity": at most `limit` attempts, newest first (AdCP core/webhook-activity-record.json). */
MUST_CHECK int webhook_activity_encode(const struct act *act, struct str subject, int limit, yyjson_mut_doc *doc,
                                       yyjson_mut_val *obj, struct err *e);
