/* The world that calls are made in: a simulated agent with three publishers and people of every role, an Internet that
 * answers anything, and what is known of both. Everything follows from the seed. */
#pragma once

#include "http_script.h"
#include "../sim.h"

#include "bend.h"

#define TOKENS_MAX     24
#define PUBLISHERS_MAX 3
#define CASES_MAX      400
#define TAKEN_MAX      300

/* A call that is known to be good in its shape: of the corpus, of a dialect's golden cases, or one that was taken before. */
struct world_case {
    struct str tool, dialect; /* dialect empty: AdCP */
    yyjson_val *args;
};

struct world_publisher {
    const char *tenant_id;
    const char *buyer; /* the token of its usual buyer */
    const char *tokens[TOKENS_MAX]; /* of everybody, its people too */
    size_t tokens_n;
    yyjson_val *products; /* an array */
    struct known known; /* what its buyers and people have been answered */
};

struct world {
    struct sim sim; /* first */
    struct http_script http;
    struct rng rng;
    struct arena arena; /* lives as long as the world */
    struct world_publisher publishers[PUBLISHERS_MAX];
    struct world_case cases[CASES_MAX], taken[TAKEN_MAX];
    size_t cases_n, taken_n, taken_seen;
    uint64_t keys;
    uint64_t asked; /* by the agent, of others */
};

/* `top` is the checkout: publishers' files and golden cases are read from it. */
void world_init(struct world *w, const char *top, uint64_t seed);
void world_finish(struct world *w);

/* Remembers arguments that were good. */
void world_take(struct world *w, const struct world_case *c);

struct world_call {
    enum sim_door door;
    struct str tool, args; /* JSON text */
    const char *token; /* NULL: a stranger */
    struct world_publisher *publisher;
    struct str dialect; /* of the header; empty: not sent */
    const char *tenant; /* of the header, for the local socket; NULL: not sent */
    bool auto_advance, dry_run;
};

struct world_answer {
    enum sim_result result;
    int status;
    yyjson_val *reply; /* lives until the next call; NULL when there is none */
    struct str body;
};

void world_do(struct world *w, const struct world_call *c, struct world_answer *out);
