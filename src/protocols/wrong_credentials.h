/* Wrong credentials, counted by the minute for an address and for a publisher. From a number on their answers come late,
 * later the more there are: whoever guesses is slowed, whoever has a right token never is. The first, the tenth, the
 * hundredth ... of a minute is a line in the log. Counts live in memory, in tables of fixed size. */
#pragma once

#include "base/compiler.h"

#define WRONG_SLOTS        1024
#define WRONG_OF_ADDRESS   30 /* a minute, before answers come late */
#define WRONG_OF_PUBLISHER 300
#define WRONG_LATE_MS_MAX  10000

struct wrong_credentials {
    struct wrong_slot {
        uint64_t key; /* of the address or the publisher; 0: never used */
        int64_t minute, count;
    } slots[WRONG_SLOTS];
};

struct wrong_credential {
    struct str address, publisher; /* publisher empty: none is concerned */
    int64_t now;
};

/* Counts one; how late its answer should be, in milliseconds. */
int wrong_credential_note(struct wrong_credentials *w, const struct wrong_credential *one);
