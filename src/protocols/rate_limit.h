/* How many calls a principal may make in a minute, by kind of call (API reference, "Rate Limits"). The publisher's
 * settings `rate_limits` {discovery, buying, reporting, update, stranger} change the numbers; 0 is no limit. In sandbox
 * mode there is none unless the publisher states `rate_limits`. Calls without a credential are counted by the address they
 * come from.
 *
 * Counts live in memory and start again with the process; they are kept in a table of fixed size, and a caller for
 * whom there is no room is admitted. */
#pragma once

#include "base/compiler.h"
#include "domain/core/tenant_settings.h"

#define RATE_SLOTS 4096

enum rate_class { RATE_DISCOVERY, RATE_BUYING, RATE_REPORTING, RATE_UPDATE, RATE_STRANGER, RATE_CLASSES_N };

struct rate_limiter {
    struct rate_slot {
        uint64_t key; /* of tenant, principal and class; 0: never used */
        int64_t minute;
        int64_t count, refused;
    } slots[RATE_SLOTS];
};

struct rate_ask {
    struct str tenant_id;
    struct str principal_id; /* empty: a call without a credential */
    struct str address;      /* where it came from; looked at only then */
    struct str tool; /* as the caller named it */
    bool writes;
    const struct tenant_settings *settings;
    bool sandbox;
    int64_t now;
};

/* What headers say; limit 0: nothing. */
struct rate_state {
    int64_t limit, remaining;
    int reset_s;
    /* the limiter's own */
    uint64_t key;   /* of who is counted for what */
    int64_t stated; /* the limit of that, also where there is no room to count */
    bool changes;   /* a call that would change something */
};

/* A buyer finds out what is accepted by being told what is not: of calls that would have changed something those that were
 * refused are counted by themselves, five for one. */
#define RATE_REFUSED_TIMES 5
void rate_refused(struct rate_limiter *r, struct rate_state *call);

/* Counts the call. RATE_LIMITED with retry_after_s when it is one too many; *out is set either way. */
MUST_CHECK int rate_admit(struct rate_limiter *r, const struct rate_ask *ask, struct rate_state *out, struct err *e);

/* Counts one more call of the stated limit and key in *state, the rest of which is set as by rate_admit. False, and nothing
 * counted, when it is one too many. */
bool rate_again(struct rate_limiter *r, struct rate_state *state, int64_t now);
