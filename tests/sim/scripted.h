/* A simulated agent whose way out is scripted, for cmocka: each test begins with an empty world.
 *
 *     struct world { struct scripted s; ... };      // first member; s.sim is the agent, s.http the script
 *     static int setup(void **state) { return scripted_setup(state, &world.s, sizeof(world), answer); } */
#pragma once

#include "http_script.h"
#include "sim.h"

#define SCRIPTED_NOW INT64_C(1773066600000000) /* 2026-03-09T14:30:00Z */

struct scripted {
    struct sim sim;
    struct http_script http;
};

/* Empties the world of `bytes` that begins with `s`, starts its agent and lets `answer` (with the world as its argument)
 * speak for the rest of the Internet. */
int scripted_setup(void **state, struct scripted *s, size_t bytes,
                   struct http_answer (*answer)(void *arg, const struct http_call *call));
int scripted_teardown(void **state);
