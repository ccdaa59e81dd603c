/* What the agent does, told to whoever runs it: a line of the log for each request and for each thing that matters.
 *
 *     requests   from the watcher (protocols/watch.h), when they are answered
 *     changes    from the audit trail, after the commit: who did what to what; also what another process has written
 *     the world  from the jobs: an ad server or a receiver that does not answer, and when it does again
 *
 * and counted for the metrics.
 *
 * Nothing of what was sent or answered is told, only names: never a token, a secret or a body. */
#pragma once

#include "app/serve/metrics.h"
#include "jobs/pump.h"
#include "protocols/watch.h"
#include "store/store.h"

struct observer {
    struct watcher watcher;
    struct jobs_observer jobs;
    struct metrics *metrics;
    struct loop *loop;
    struct store *store;
    struct commit_hook committed;
    int64_t audit_seq; /* told so far */
};

/* Before anything happens: the observer can be handed to the dispatcher and to the jobs. */
void observer_init(struct observer *o, struct loop *loop, struct metrics *metrics);
/* The newest row of the trail is taken as told; from here on commits are. The store must outlive the observer. */
void observer_start(struct observer *o, struct store *store);
