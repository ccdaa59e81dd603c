/* Accounts: on whose behalf a buyer acts. A call names one by the seller's id or by natural key {brand, operator,
 * sandbox}; without either it is the principal's own account. AdCP 3.1, accounts/overview.
 *
 *     pending_approval --> active <--> payment_required
 *            |               ^ ------> suspended ----> closed
 *            +--> rejected   +--------------------------^
 *
 * What a status blocks is one table in account.c (AdCP: "account status gates").
 *
 * An account of somebody else does not exist. A sandbox credential only ever reaches sandbox accounts: with it a
 * natural key means the sandbox account of that key, and a live account's id is not found. */
#pragma once

#include "contract/json.h"
#include "contract/lines.h"
#include "domain/core/act.h"
#include "domain/rule/rule.h"
#include "store/q/q_account.h"

/* What the account is wanted for; the columns of the gate table. */
enum account_use {
    ACCOUNT_USE_LIST,
    ACCOUNT_USE_FINANCIALS,
    ACCOUNT_USE_PRODUCTS,
    ACCOUNT_USE_CREATE_BUY,
    ACCOUNT_USE_UPDATE_BUY,
    ACCOUNT_USE_ADD_PACKAGES,
    ACCOUNT_USE_READ_BUYS,
    ACCOUNT_USE_SYNC, /* creatives, catalogs, event sources, audiences */
    ACCOUNT_USE_REPORT_USAGE,
    ACCOUNT_USES_N
};

struct account_ref {
    bool given;
    struct str account_id;                              /* or: */
    struct str brand_domain, brand_id, operator_domain; /* the natural key */
    bool sandbox;
};

/* Reads `args`.account (AdCP core/account-ref). Absent: out->given is false. INVALID_REQUEST naming the field. */
MUST_CHECK int account_ref_read(yyjson_val *args, struct account_ref *out, struct err *e);

/* The same for a reference that stands elsewhere: `ref` is the object, `at` its JSON Pointer. */
MUST_CHECK int account_ref_read_at(yyjson_val *ref, const char *at, struct account_ref *out, struct err *e);

/* The natural key alone, of an object that may also have an account_id: {brand, operator, sandbox}; with neither brand
 * nor operator it is the principal's own account. */
MUST_CHECK int account_key_read(yyjson_val *ref, const char *at, struct account_ref *out, struct err *e);

bool account_status_known(struct str status);

/* Finds the account and checks that its status allows `use`. 1 found; 0 a natural key (or the principal's own
 * account) that no row exists for yet, which readers treat as an empty account; -1: ACCOUNT_NOT_FOUND (an id that
 * is not this principal's, or a closed or rejected account), ACCOUNT_SETUP_REQUIRED, ACCOUNT_PAYMENT_REQUIRED,
 * ACCOUNT_SUSPENDED, all with field /account. */
MUST_CHECK int account_find(const struct act *act, const struct account_ref *ref, enum account_use use,
                            struct account_row *out, struct err *e);

/* A principal has at most ACCOUNTS_MAX accounts, closed ones included: whoever could declare more would fill the disk.
 * INVALID_REQUEST at /account when it has as many. */
#define ACCOUNTS_MAX 10000
MUST_CHECK int account_room(const struct act *act, struct err *e);

/* What a read that asks on behalf of an account says when account_find answered 0. An id names one that is there. A
 * brand and its operator become an account when they buy, so to older callers a key without one is no error (0); AdCP
 * 3.2 and later want ACCOUNT_NOT_FOUND. The principal's own account needs no row. */
MUST_CHECK int account_unknown(enum adcp_line line, const struct account_ref *ref, struct err *e);

/* account_find, and creates the active account of a natural key on first use. Write transactions only. Where the
 * publisher's people accept new accounts it is not created: ACCOUNT_SETUP_REQUIRED, to be declared with sync_accounts;
 * POLICY_VIOLATION where a rule rejects it; both with field /account. */
MUST_CHECK int account_ensure(const struct act *act, const struct account_ref *ref, enum account_use use,
                              struct account_row *out, struct err *e);

/* The gate alone, for callers that hold the row. */
MUST_CHECK int account_gate(const struct account_row *account, enum account_use use, struct err *e);

/* Who accepts a new account: a rule of the publisher's, else its setting account_approval_required (which leaves sandbox
 * accounts alone). A principal's own account, without a brand, needs nobody: it came with the credential. */
enum account_birth {
    ACCOUNT_DECLARED, /* by sync_accounts: every rule counts */
    ACCOUNT_ON_USE /* by its first use: only rules that name the operation "account" count */
};
struct account_judgement {
    struct rule_verdict verdict; /* RULE_REJECT: it may not be */
    bool person; /* a person decides */
};
MUST_CHECK int account_judge(const struct act *act, const struct account_row *account, enum account_birth birth,
                             struct account_judgement *out, struct err *e);

/* A row with a new id for this key, not yet written; status "active", named after brand and operator. */
void account_new(const struct act *act, const struct account_ref *ref, struct account_row *out);

/* AdCP core/account.json: id, name, status, brand, operator, sandbox and what the document holds (billing,
 * payment_terms, setup, ...). */
void account_encode(yyjson_mut_doc *doc, yyjson_mut_val *obj, const struct account_row *account, struct arena *a);
