/* The driver of tests and of the simulator: virtual time, no threads. Work completes after a seeded virtual
 * delay, so that the order of completions differs from seed to seed and is the same for the same seed. */
#pragma once

#include "run/loop.h"

struct loop_sim {
    struct loop_driver driver;
    struct loop *loop;
    int64_t now;
    struct rng rng;
    struct list works; /* struct sim_work */
    bool wanted;
    int64_t work_delay_us_max; /* 0: work completes at once, in the next turn */
};

void loop_sim_init(struct loop_sim *d, struct loop *l, int64_t now, uint64_t seed);
void loop_sim_finish(struct loop_sim *d); /* drops work that has not completed, as a crash would */

/* Runs turns until nothing is ready and no work is in flight; time moves only as far as work needs. */
void loop_sim_settle(struct loop_sim *d);

/* For tests that strike between two things: the turns there are to run now, and then the next completion or timer due by
 * `until`, whose effect waits for the next turn. False when none is. */
void loop_sim_turns(struct loop_sim *d);
bool loop_sim_next(struct loop_sim *d, int64_t until);

/* Runs turns, moving the clock to each due timer or completion in order, until it stands at `until`. */
void loop_sim_run_until(struct loop_sim *d, int64_t until);
