/* Publishers that come and go. One that is off the air keeps its data: buyers are answered that it is off, nothing is sent,
 * no ad is shown, and its people see it from the shell only. Removing one takes all of its rows but those of the audit trail.
 * Errors: REFERENCE_NOT_FOUND when there is no such publisher; INVALID_STATE. */
#pragma once

#include "domain/core/act.h"

struct publisher_off {
    int64_t since;
    struct str actor, why;
};

/* 1 it is off, *out (may be NULL) says since when and why; 0 it is on the air; -1 failed. */
MUST_CHECK int publisher_is_off(struct tx *tx, struct arena *a, struct str tenant_id, struct publisher_off *out,
                                struct err *e);

/* 1 it was on the air, 0 it was off already, -1 failed. act->tenant is the publisher. A line of the audit trail. */
MUST_CHECK int publisher_disable(const struct act *act, struct str why, struct err *e);
/* The other way; what waited meanwhile is due now. */
MUST_CHECK int publisher_enable(const struct act *act, struct err *e);

/* Media buys that are under way, or will be. */
MUST_CHECK int publisher_live_buys(const struct act *act, int64_t *n, struct err *e);

/* Removes act->tenant. INVALID_STATE while media buys are live, unless `also_live`. *rows: how many rows went. */
MUST_CHECK int publisher_remove(const struct act *act, bool also_live, int64_t *rows, struct err *e);

/* The error of whoever calls one that is off: SERVICE_UNAVAILABLE. Returns -1. */
int publisher_off_refuse(struct err *e);
