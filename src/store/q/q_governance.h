/* Checks with governance agents. */
#pragma once

#include "store/store.h"

struct governance_check_row {
    struct str job_id, tenant_id, principal_id, account_id, plan_id;
    struct str question; /* JSON: arguments of check_governance */
    struct str verdict;  /* approved, conditions, denied, unavailable; empty while nothing is known */
    struct str answer;   /* JSON: what the agent said */
    int64_t asked_at, answered_at; /* answered_at: TIME_NONE while nothing is known */
};

MUST_CHECK int q_governance_insert(struct tx *tx, const struct governance_check_row *row, struct err *e);
/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_governance_get(struct tx *tx, struct arena *a, struct str job_id, struct governance_check_row *out,
                                struct err *e);
/* Writes verdict, answer and answered_at. */
MUST_CHECK int q_governance_answer(struct tx *tx, const struct governance_check_row *row, struct err *e);
