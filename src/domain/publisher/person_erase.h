/* Erasing a person of the publisher: name, sessions with their browsers and addresses, password, tokens are gone. What stays is
 * the id, in the audit trail (whose chain nothing can be taken from) and beside decisions that were made, and a row that says
 * that the id is taken: nobody else can become who decided. */
#pragma once

#include "domain/core/act.h"
#include "store/q/agent/q_person.h"
#include "store/q/q_tenant.h"

bool person_is_erased(struct arena *a, const struct principal_row *p);

/* REFERENCE_NOT_FOUND with field /principal_id for who is no person of the publisher (any more); INVALID_STATE for the person of
 * the act, and for the last administrator. */
MUST_CHECK int person_erase(const struct act *act, struct str person, struct person_forgotten *out, struct err *e);
