/* sync_accounts, one entry at a time: declaring an account by its natural key, or changing the settings of one that
 * exists. AdCP 3.1 accounts/sync_accounts.
 *
 * An entry that cannot be honoured fails alone; nothing of it is written. Billing and payment terms are taken as
 * asked or refused, never remapped. A new account that a person must accept (account_judge) is pending_approval with
 * `setup` and a task of kind "account"; the decision is told to push_notification_config. Tenant settings read: "supported_billing", "supported_payment_terms" (arrays;
 * absent: all). */
#pragma once

#include "domain/buyer/account.h"
#include "domain/task/task.h"

enum account_action { ACCOUNT_CREATED, ACCOUNT_UPDATED, ACCOUNT_UNCHANGED, ACCOUNT_FAILED };

const char *account_action_name(enum account_action a);

struct account_sync {
    yyjson_val *entry; /* of args.accounts */
    const char *at;    /* its JSON Pointer */
    bool dry_run;
    struct str push_config, context; /* of the call, as JSON: who is told when a person has decided; may be empty */
};

struct account_synced {
    enum account_action action;
    struct account_row account; /* as it is now, or would be; account_id empty when there is none */
    struct account_ref key;     /* what the entry named */
    struct err err;             /* with ACCOUNT_FAILED */
};

/* -1 only when the store fails; everything else is in `out`. */
MUST_CHECK int account_sync_entry(const struct act *act, const struct account_sync *in, struct account_synced *out,
                                  struct err *e);

/* What a decided account's task tells: {accounts: [the account as it is now]}, a reply of sync_accounts. */
MUST_CHECK int account_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e);

/* A person decided on an account that waits in pending_approval: `status` is "active" or "rejected". */
MUST_CHECK int account_decide(const struct act *act, const struct task_row *task, const char *status, struct err *e);

/* Closes the declared accounts of the caller that are not among `keep` (ids). The same entries may come back with a
 * later sync. `closed` lives in the arena. */
struct account_ids {
    const struct str *ids;
    size_t n;
};
struct account_rows {
    struct account_row *rows;
    size_t n;
};
MUST_CHECK int account_close_others(const struct act *act, const struct account_ids *keep, bool dry_run,
                                    struct account_rows *closed, struct err *e);
