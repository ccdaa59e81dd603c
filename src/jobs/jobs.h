/* The outbox for the application: the pump with every kind of job there is. */
#pragma once

#include "jobs/pump.h"
#include "jobs/webhook_send.h"

struct agent_jobs_options {
    bool sandbox;    /* loopback receivers over http are allowed */
    const struct jobs_world *world; /* instead of `sandbox`, with all there is; must outlive the jobs; may be NULL */
    int running_max; /* 0: as pump.h says */
    int lane_max;
    struct jobs_observer *observer; /* NULL: nobody */
    bool held; /* pump.h */
};

/* The loop, store and client must outlive the jobs. Stop with jobs_stop(); jobs_destroy() after it has said so.
 * As a crash would: jobs_crash(). */
struct jobs *agent_jobs_create(struct loop *loop, struct store *store, struct http_client *client,
                               const struct agent_jobs_options *o);
