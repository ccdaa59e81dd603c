/* How big a share of its opportunities a package takes: what is still owed over what is still expected.
 *
 * A share is a number of 2^32 (SHARE_ONE: every opportunity). `need` is what its pacing asks for; above SHARE_ONE it says
 * how urgent a package is that will not make it otherwise. `extra` is taken on top where nobody needs it:
 *
 *                  need                              extra
 *   even           owed / expected                   none
 *   front_loaded   twice that, at most everything;   none
 *                  so half of the flight delivers
 *                  three quarters
 *   asap           owed / expected                   everything
 *
 * The plan ends a little before the flight does, so that what could not be foretold can still be made good. */
#pragma once

#include <salesagent/adapter.h>

#include "base/compiler.h"

#define SHARE_ONE   (UINT64_C(1) << 32)
#define URGENCY_MAX (64 * SHARE_ONE)

struct pace {
    uint64_t need, extra;
};

struct pace_input {
    enum plan_pacing pacing;
    int64_t owed;           /* decisions that are still to be made; 0: none */
    int64_t expected;       /* opportunities until the plan ends */
    int64_t owed_today;     /* decisions the daily limit leaves; -1: there is none */
    int64_t expected_today; /* opportunities until the day ends */
};

struct pace pace_of(const struct pace_input *in);

/* What is offered at any time of the flight without a goal: a share of voice, in ten-thousandths. */
struct pace pace_of_voice(int share_e4);

/* When the plan ends: a fiftieth of the flight before its end, at most six hours. */
int64_t pace_aim_at(int64_t start_at, int64_t end_at);
