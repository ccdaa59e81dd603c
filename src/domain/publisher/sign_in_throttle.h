/* Guesses at passwords, held up. An attempt counts when it begins, for the person it names (there or not) and for the address it
 * comes from (of IPv6: the network of 64 bits); when it succeeds, its person is forgotten, and the address
 * has one less. After a few, each further one has to
 * wait twice as long as the one before, a quarter of an hour at most; what comes earlier is refused without looking. A one-time
 * link is not held up: it is how somebody gets in whose name others try. Counts live in memory, in a table of fixed size. */
#pragma once

#include "base/id.h"

#define SIGN_IN_SLOTS       4096
#define SIGN_IN_OF_PERSON   5 /* attempts before waiting begins */
#define SIGN_IN_OF_ADDRESS  20
#define SIGN_IN_WAIT_S_MAX  900
#define SIGN_IN_FORGOTTEN_S 3600 /* after so long without an attempt */

struct sign_in_throttle {
    uint64_t key; /* so that nobody can choose a neighbour's place; 0: none was made yet */
    struct sign_in_slot {
        uint64_t who; /* 0: never used */
        int64_t count, last_at;
    } slots[SIGN_IN_SLOTS];
};

struct sign_in_who {
    struct str tenant_id, name, address; /* address empty: it is not known, and not counted */
};

/* Counts an attempt: 0, it may go on; else the seconds after which it may come again, and it was not counted. */
int sign_in_admit(struct sign_in_throttle *t, struct rng *rng, const struct sign_in_who *who, int64_t now);
/* The attempt was right. */
void sign_in_forget(struct sign_in_throttle *t, const struct sign_in_who *who, int64_t now);
