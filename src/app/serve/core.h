/* The agent without sockets: store, dispatcher and the timers that time itself drives. Production puts a libuv loop
 * and listeners around it (serve.c), the simulator a virtual clock (tests/sim). */
#pragma once

#include "base/doing.h"
#include "app/house/house.h"
#include "jobs/jobs.h"
#include "jobs/rerank_memory.h"
#include "protocols/dispatch.h"
#include "protocols/openid.h"
#include "run/loop.h"
#include "store/store.h"

struct core_options {
    const char *database; /* path */
    struct str secret;    /* of the installation; store.h */
    struct store_keys *keys; /* of what is sealed at rest; NULL: nothing is */
    bool sandbox;
    bool dry_run; /* every write is checked, answered and undone */
    size_t kept_bytes; /* answers that are kept may take so much; 0: none is */
    struct web_policy web;
    const struct doing *before; /* what the last process died on; NULL: nothing, or nobody knows */
    const char *data_dir; /* where files are that publishers' settings name; NULL: nowhere */
    struct mail_client *mail; /* for notifications; NULL: none is sent */
    const struct health_machine *machine; /* of looks at the health; NULL: it is not looked at */
    struct jobs_observer *observer; /* of the jobs; NULL: nobody */
    struct cassette *cassette; /* jobs/cassette.h; NULL: none */
    bool no_jobs; /* they are held as long as this process runs */
    struct openid_settings openid; /* the identity provider of the desk; without an issuer there is none */
    struct http_client *http; /* the way out, for the outbox; NULL: jobs wait in the store */
    bool (*fault)(void *arg, enum store_fault where); /* simulator only */
    void *fault_arg;
};

struct core {
    struct loop *loop;
    struct store *store;
    struct dispatcher dispatcher;
    struct timer lifecycle_timer; /* set for the next moment at which time alone changes a media buy */
    struct write_cmd lifecycle_cmd;
    bool lifecycle_running;
    int64_t lifecycle_next; /* result of the last run */
    struct arena lifecycle_arena;
    struct timer expiry_timer; /* hourly: forgets the replies of expired idempotency records */
    struct write_cmd expiry_cmd;
    bool expiry_running;
    struct commit_hook commit_hook;
    struct jobs_world world;
    struct jobs *jobs; /* NULL without a way out */
    struct rerank_memory *rerank; /* likewise */
    struct house *house; /* the built-in ad server; NULL in a dry run */
    void (*drained)(void *arg);
    void *drained_arg;
};

/* Opens the store and arms the timers. The loop must outlive the core. */
MUST_CHECK int core_start(struct core *c, struct loop *loop, const struct core_options *o, struct err *e);

/* Starts no more jobs and ends those under way; `drained` runs in a turn, or at once when there are none. */
void core_drain(struct core *c, void (*drained)(void *arg), void *arg);

/* Closes the store. No call may be in flight, and core_drain has said so. */
void core_stop(struct core *c);

/* As a crash would: drops everything in memory, answers nothing. */
void core_crash(struct core *c);
