/* Asking the governance agent of an account before its money is committed (AdCP 3.1 check_governance, the seller's
 * side: an execution check with planned_delivery).
 *
 *     run 1: governance_gate() puts the question into act->outside and fails; the caller undoes what was written,
 *            stores the question with its job (outside->ask) and waits for the job
 *     run 2: governance_gate() finds the answer
 *
 *     approved     goes on
 *     conditions   goes on with the conditions shown, unless the plan breaks one of them: GOVERNANCE_DENIED
 *     denied       GOVERNANCE_DENIED with the findings
 *     no answer    GOVERNANCE_UNAVAILABLE: nothing is committed unasked
 *
 * An answer holds for what was asked: when another call has changed the buy's money or dates meanwhile, CONFLICT.
 *
 * In a dry run nobody is asked; that the agent would be is told. An account without an agent is not asked about. Without
 * plan_id there is nothing to check against: refused (INVALID_REQUEST at /plan_id). Only on sandbox accounts, where no
 * money moves, the agent is asked all the same, for it may know which plan is meant; if it says nothing, the operation
 * goes on. */
#pragma once

#include "domain/buyer/governance.h"
#include "store/q/q_media_buy.h"

#define GOVERNANCE_JOB "governance.check"

struct governance_question {
    const struct account_row *account;
    yyjson_val *args;     /* of the call: plan_id, governance_context, invoice_recipient */
    struct str plan_id;   /* when the call itself says none: that of the buy; may be empty */
    struct str context;   /* governance_context, likewise */
    const char *phase;    /* "purchase", "modification", "delivery" */
    struct str summary;   /* of a modification; may be empty */
    struct str media_buy_id; /* empty before there is one */
    struct str currency;
    int64_t total_micros, start_at, end_at;
};

/* 0: go on. *shown is JSON to show to the buyer ({check_id, verdict, conditions, ...}), empty when nobody was asked. */
MUST_CHECK int governance_gate(const struct act *act, const struct governance_question *q, struct str *shown,
                               struct err *e);

/* ---- shared with governance_delivery.c ---- */

/* The context to continue with: the agent's last word, else what the buyer brought. */
struct str governance_context_of(struct arena *a, const struct media_buy_row *buy);
/* The lane of an agent's jobs. */
struct str governance_lane(struct arena *a, struct str url);
/* This agent's URL, as callers name themselves. */
struct str governance_caller(const struct act *act);
void governance_add_planned(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct governance_question *q);
/* A condition with a required value that the question's plan does not keep. */
bool governance_breaks(const struct governance_question *q, yyjson_val *answer);
/* What of an answer is shown to the buyer. */
struct str governance_shown(struct arena *a, const char *phase, struct str verdict, yyjson_val *answer);

/* Adds what governance said to a buy's echo: ext.salesagent.governance. */
struct str governance_echo(struct arena *a, struct str echo, struct str shown);
