/* One look at the health of the agent and of one publisher that asks the world: the machine it runs on, DNS, our own public
 * address, the adagents.json of each property, the clocks of others. What the publisher's rows say by themselves is not
 * repeated (domain/health/publisher_health.h).
 *
 *     begin: the machine and DNS on the thread pool; meanwhile the calls  ->  hear: judge, follow what points elsewhere
 *                                                                         ->  hear_again: judge these, the clocks, the way out
 *
 * Only the operator's own address may be a private one: a property's domain, and what its file points to, is asked when it
 * is public. A sandbox asks nobody outside. */
#pragma once

#include "domain/health/answers.h"
#include "jobs/steps.h"

/* The machine and the program's settings, as whoever started the program knows them. */
struct health_machine {
    /* What `look` needs, taken on the loop's thread into the arena. */
    const struct health_machine *(*take)(const struct health_machine *m, struct arena *a);
    /* On the thread pool; touches `m`, as taken, and `out`. */
    void (*look)(const struct health_machine *m, int64_t now, struct findings *out);
};

struct health_look {
    /* set by the caller */
    const struct health_machine *machine; /* NULL: not looked at */
    struct http_client *client;
    bool sandbox;
    void (*ended)(struct health_look *l); /* in a turn; then findings has everything */
    void *arg; /* the caller's */

    struct arena arena;
    struct findings findings;
    struct health_questions questions;

    /* its own */
    struct steps steps;
    int64_t now;
    struct op_work work;
    struct arena work_arena;
    struct findings from_work;
    const char *host; /* to be resolved; NULL: none */
    struct op_http card, keys, links, properties[HEALTH_DOMAINS_MAX], followed[HEALTH_DOMAINS_MAX];
    bool follows[HEALTH_DOMAINS_MAX];
    struct clocks clocks;
    size_t asked, answered;
};

/* Reads the questions of the act's publisher (NULL: only the machine is looked at) and begins. The look lies still until
 * `ended`; health_look_finish frees what it holds. -1: the store failed, and nothing has begun; finish it all the same. */
MUST_CHECK int health_look_start(struct health_look *l, struct loop *loop, const struct act *act, struct err *e);
void health_look_cancel(struct health_look *l); /* it still ends */
void health_look_finish(struct health_look *l);
