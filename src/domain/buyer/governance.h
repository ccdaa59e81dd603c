/* Governance agents of accounts: who must agree before money of an account is committed (AdCP 3.1 sync_governance,
 * check_governance). An account has at most one. */
#pragma once

#include "domain/buyer/account.h"

struct governance_agent {
    struct str url;
    struct str scheme, credentials; /* "Bearer"; never shown to anyone */
};

/* Binds the agent of one entry of sync_governance to its account, replacing what was there. INVALID_REQUEST,
 * VALIDATION_ERROR (more than one agent) with pointers below `at`, and the errors of account_find. */
MUST_CHECK int governance_bind(const struct act *act, yyjson_val *entry, const char *at, struct governance_agent *out,
                               struct err *e);

/* True when the account has a governance agent. */
MUST_CHECK bool governance_agent_of(struct arena *a, const struct account_row *account, struct governance_agent *out);
