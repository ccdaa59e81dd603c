/* One act: who does something, for which publisher, when, inside which transaction. Every domain function takes
 * one. It is made by the dispatcher for a call, by the task machine for a decision and by timers for what time
 * alone does; domain code never reads a clock, makes randomness of its own or touches a global. */
#pragma once

#include "base/arena.h"
#include "base/id.h"
#include "base/password.h"
#include "store/store.h"

enum role { ROLE_BUYER, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMINISTRATOR, ROLE_INSTALLATION };

struct tenant {
    struct str tenant_id, name, host, adapter;
    struct str doc; /* JSON: portfolio_description, policies, limits, capabilities, settings */
};

struct principal {
    struct str tenant_id, principal_id, name;
    enum role role;
    struct str dialect; /* default dialect of its calls; empty is AdCP 3 */
    struct str token_id;
    struct str session_id; /* of the desk; empty: the credential is another */
    bool read_only; /* the credential's scope is "read" */
    bool may_decide; /* what a buyer waits for: a token only when it was given the right */
    bool sandbox; /* the credential used makes every account it names a sandbox account */
};

/* What an operation has to ask the world before it can be done. Whoever runs operations for callers that can wait
 * offers one; a domain function that needs an answer fills it and fails (outside_ask). Then everything is undone,
 * `write` stores the question and its job in a transaction of its own, and when the job has ended (or the caller's
 * patience has) the operation runs again and finds it among those `asked`. An operation may ask several questions, one
 * after the other, and none twice. */
#define OUTSIDE_QUESTIONS_MAX 8
struct act;
struct ad_server; /* domain/core/ad_server.h */
struct serving; /* serving/serving.h */
struct outside_question {
    struct str about; /* what tells the questions of one operation apart */
    struct str job_id;
};
struct outside {
    bool wanted;
    int64_t patience_us;              /* how long the caller itself wants to wait at most; 0: it has not said */
    struct outside_question question; /* the one wanted */
    void *data;                       /* the domain's own, for `write` */
    MUST_CHECK int (*write)(const struct act *act, struct outside *o, struct err *e);
    struct outside_question asked[OUTSIDE_QUESTIONS_MAX];
    size_t asked_n;
};

/* The question was asked and its wait is over: now take what answer there is. */
static inline bool outside_asked(const struct outside *o, struct str about, struct str *job_id)
{
    for (size_t i = 0; o && i < o->asked_n; i++) {
        if (!str_eq(o->asked[i].about, about)) continue;
        *job_id = o->asked[i].job_id;
        return true;
    }
    return false;
}

/* What takes a thread a while: a password's hash. As with `outside`, the operation fails where it is not there yet, everything
 * is undone, a worker makes it, and the operation runs again and finds it (domain/core/slow_hash.h). */
#define SLOW_HASHES_MAX 2
struct slow_hash {
    struct str password;
    struct str against; /* a stored hash that it is compared with; empty: a new one is made */
    uint8_t salt[PASSWORD_SALT_BYTES]; /* of a new one */
    bool matches, failed;
    char made[PASSWORD_HASH_MAX];
};
struct slow_hashes {
    struct slow_hash list[SLOW_HASHES_MAX];
    size_t done; /* of the list */
    bool wanted; /* the one at `done` */
};
struct sign_in_throttle; /* domain/publisher/sign_in_throttle.h */

static inline bool outside_can_ask(const struct outside *o)
{
    return o && o->asked_n < OUTSIDE_QUESTIONS_MAX;
}

/* A dry run: what is done is undone afterwards, and what others (the ad server, a governance agent) would have been
 * asked is kept here. */
struct rehearsal {
    struct str *lines; /* the act's arena */
    size_t n, cap;
};

/* A decision that ad servers must agree to before it counts (domain/decide/task_execute.h): what would be asked of them is
 * noted here instead of queued. Of several for one ad server the last counts. */
#define DEFERRAL_ASKS_MAX 16
struct deferral_ask {
    const char *verb;
    struct str ad_server;
    struct str instructions; /* JSON, for an ad server that is worked by hand; else empty */
};
struct deferral {
    struct deferral_ask asks[DEFERRAL_ASKS_MAX];
    size_t n;
    struct str media_buy_id;
};

/* What only the process knows of itself. */
struct process_facts {
    int64_t started_at;
    bool backs_up; /* it makes backups itself */
    int64_t backup_at; /* the last one that succeeded; 0: none is known */
    uint64_t backup_failures;
    const char *backup_why; /* what the last failure said; NULL or empty: nothing */
};

/* What the answer to a read says of how long it holds, beside the rows it was made of (store/changes.h). An operation
 * that says nothing is answered anew each time. */
/* Members of an answer that say when it was made, or so long after: they are said anew each time. Nothing else may. */
enum says { SAYS_STATUS_AS_OF, SAYS_GENERATED_AT, SAYS_EXPIRES_AT, SAYS_N };

struct keeping {
    bool may; /* the operation has said all that follows */
    bool never; /* it rests on more than rows and these moments */
    int64_t until; /* the first moment at which time alone changes it */
    struct {
        size_t n; /* how many of them there are */
        int64_t plus_us;
    } says[SAYS_N];
};

struct act {
    struct tx *tx;
    struct arena *arena;
    struct rng *rng;
    int64_t now;
    const struct tenant *tenant;
    const struct principal *principal; /* NULL for timers and for unauthenticated discovery */
    struct str actor; /* for the audit trail: "buyer:acme", "operator:ann", "system:lifecycle" */
    struct str base_url; /* this server as the caller reached it, "https://ads.example"; may be empty */
    struct str desk_url; /* where this server's desk is, as far as the agent itself knows; may be empty */
    struct str origin; /* "mcp", "a2a", "rest", "cli", "desk", "link", "timer" */
    const struct ad_server *ad_server; /* instead of the publisher's; NULL but in tests of the job runner */
    struct outside *outside; /* NULL: nobody here can wait */
    struct slow_hashes *slow; /* NULL: nobody here can wait, hashes are made at once */
    struct sign_in_throttle *throttle; /* of who tries to sign in; NULL: nobody is held up */
    bool sandbox; /* the server runs in sandbox mode */
    bool *simulated; /* becomes true when what is read was made up (act_simulated); NULL: nobody asks */
    bool mock_clock; /* sandbox only: `now` was named by the caller; real time must not overtake it */
    int fill_percent; /* sandbox only: the mock delivers so much of what it could; 0: as configured */
    const struct serving *serving; /* the built-in ad server at work; NULL: this program does not run it */
    struct reranker *reranker; /* rerank.h; NULL: products stay in the built-in order */
    struct rerank_wish *rerank_wish; /* NULL: nobody here can wait for a better one */
    const struct process_facts *process; /* NULL: nobody says */
    struct rehearsal *rehearsal; /* NULL: this is no dry run */
    struct deferral *deferral; /* NULL: bookings on a remote ad server are queued at once */
    struct keeping *keeping; /* NULL: nobody keeps it */
    bool auto_advance; /* sandbox only: what a person would decide is approved at once */
};

/* What is said rests on numbers that an ad server made up. In a sandbox nobody expects others. */
static inline void act_simulated(const struct act *act)
{
    if (act->simulated && !act->sandbox) *act->simulated = true;
}

/* For the functions of a read that may be kept, see struct keeping. `at` may be TIME_NONE or over. */
static inline void act_changes_at(const struct act *act, int64_t at)
{
    if (act->keeping && at > act->now && at < act->keeping->until) act->keeping->until = at;
}
static inline void act_says(const struct act *act, enum says what, size_t n, int64_t plus_us)
{
    if (!act->keeping) return;
    act->keeping->says[what].n += n;
    act->keeping->says[what].plus_us = plus_us;
}
static inline void act_may_be_kept(const struct act *act)
{
    if (act->keeping) act->keeping->may = true;
}
static inline void act_not_kept(const struct act *act)
{
    if (act->keeping) act->keeping->never = true;
}

/* In a dry run, notes one call that would have been made, unless it was noted already; else does nothing. The line
 * must live as long as the act. */
void rehearsal_note(const struct act *act, struct str line);
