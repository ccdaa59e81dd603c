/* Booking: handing a media buy to the publisher's ad servers, each of which has the packages of its products.
 *
 * A local one does it here, inside the transaction; for a remote one a job row is written that does it after the commit,
 * for one that is a person's hands a task. What each has been asked and has answered is a row of `booking`:
 *
 *     asked --> booked --------------------------------------------------> canceled
 *       |  \        ^                                                         ^
 *       |   waiting-+   somebody or something over there is not ready         |
 *       |      |                                                              |
 *       +------+--> refused --> asked (tried again), or the buy ends ---------+
 *                       \-----> dropped: the buy goes on without this part
 *
 * Nothing delivers before every ad server has taken its part: until then their packages are paused (plan_part), and the
 * buy's plan is not live. When the last one has, all of them are brought to the plan (booking_release). */
#pragma once

#include "domain/booking/adapter_verb.h"
#include "domain/plan/plan.h"
#include "store/q/q_booking.h"

#define BOOKING_JOB_KIND "adapter" /* payload: {"verb": "book", "ad_server": "...", "media_buy_id"?, "task_id"?} */

enum booking_outcome {
    BOOKING_DONE,  /* it is booked (updated, canceled) everywhere */
    BOOKING_QUEUED /* somebody is being asked; the buy waits for the answer (or it was deferred: act.h) */
};

/* Can it be booked as its rows now stand? Called before anything is promised. Refused with every reason of every ad server:
 * VALIDATION_ERROR (BUDGET_TOO_LOW when all that is wrong is money) with the first reason's field, all of them in
 * the message as far as it goes and in details.problems[]{package_id, field, message}. In a dry run they are warnings. */
MUST_CHECK int booking_admit(const struct act *act, struct str media_buy_id, struct err *e);

/* Books, brings what is booked to the rows, stops it; on every ad server that is concerned. Rows are written first, these are
 * called after; the past was frozen before (delivery_freeze). Errors: MEDIA_BUY_NOT_FOUND, CONFIGURATION_ERROR,
 * SERVICE_UNAVAILABLE (a local ad server that says "later"), POLICY_VIOLATION never; a refusal of a local one is
 * VALIDATION_ERROR with its reason. */
MUST_CHECK int booking_place(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome,
                             struct err *e);
MUST_CHECK int booking_update(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome,
                              struct err *e);
MUST_CHECK int booking_cancel(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome,
                              struct err *e);

/* Tells the built-in ad server that what it runs of this buy has changed; it reads it once this is committed. */
MUST_CHECK int booking_serve(const struct act *act, const struct plan *plan, struct err *e);

/* Brings one ad server to the rows, also one that has refused before. */
MUST_CHECK int booking_bring(const struct act *act, struct str media_buy_id, struct str ad_server, struct err *e);

/* Stops it on one ad server for good, whose state stays as it is. */
MUST_CHECK int booking_stop(const struct act *act, struct str media_buy_id, struct str ad_server, struct err *e);

/* After an answer: when every ad server has taken its part and there are several, brings them to the plan, which is no
 * longer held back. */
MUST_CHECK int booking_release(const struct act *act, struct str media_buy_id, struct err *e);

/* Has any ad server been asked for this buy, so that it may have something of it? 1, 0, -1. */
MUST_CHECK int booking_exists(const struct act *act, struct str media_buy_id, struct err *e);

/* ---- rows (booking_state.c) ---- */

struct booking_change {
    struct str media_buy_id, ad_server;
    enum booking_state state;
    struct str reason; /* replaces the old one */
    int64_t wait_until; /* with BOOKING_WAITING */
};
/* Writes the state; a row that is not there is made. */
MUST_CHECK int booking_set(const struct act *act, const struct booking_change *c, struct err *e);

/* Stores the ids that an ad server gave, the moment they are known, however its operation ends. */
struct booking_remotes {
    const struct adapter_remote *list;
    size_t n;
};
MUST_CHECK int booking_record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                              const struct booking_remotes *remotes, struct err *e);

/* The same of one that was booked at once, and that it was: its row is written once. */
MUST_CHECK int booking_taken(const struct act *act, const struct ad_server *server, const struct plan *plan,
                             const struct booking_remotes *remotes, struct err *e);

/* How a buy stands with its ad servers. */
struct booking_summary {
    size_t n; /* ad servers that have or were to have a part; dropped and canceled ones are not */
    size_t booked, open, refused; /* open: asked or waiting */
    struct booking_rows rows; /* all */
};
MUST_CHECK int booking_summarize(const struct act *act, struct str media_buy_id, struct booking_summary *out,
                                 struct err *e);

/* ---- creatives (booking_creatives.c) ---- */

enum creatives_when {
    CREATIVES_WHEN_CHANGED, /* what is to run is not what the ad server was last asked to run */
    CREATIVES_AGAIN /* in any case: a person wants it tried once more */
};

/* Has the ad servers run exactly the approved creatives of a booked buy. A local one that refuses fails the act of a person
 * of the publisher, who sees why (VALIDATION_ERROR, the task stays open); whoever else caused it goes on, and a task of
 * kind "ad_server" tells the publisher. Booking and updating end with this. */
MUST_CHECK int booking_creatives(const struct act *act, struct str media_buy_id, enum creatives_when when,
                                 struct err *e);

/* True when a plan has none and its ad servers were last asked to run none: then booking_creatives would do nothing. */
MUST_CHECK int booking_creatives_none(const struct act *act, const struct plan *plan, bool *out, struct err *e);

/* Stores what the ad server took: all of the plan's creatives but those that `problems` name. */
MUST_CHECK int booking_creatives_taken(const struct act *act, const struct plan *plan,
                                       const struct adapter_problems *problems, struct err *e);

/* True when one of the publisher's ad servers takes creatives later, so that what is approved here is not yet there. */
bool booking_awaits_creatives(const struct act *act);

/* In a dry run: notes what the ad servers would be asked once the creatives under review are approved; otherwise nothing. */
MUST_CHECK int booking_rehearse_creatives(const struct act *act, struct str media_buy_id, struct err *e);
/* In a dry run: notes that what would be asked, would be refused. */
void booking_rehearse_refusal(const struct act *act, const struct err *why);

/* ---- asking ---- */

/* What is asked of an ad server that answers later: a job for a remote one, a task for a person's hands. With a task its
 * plan is what that task's operation would make of the rows, and its answer the task's (decide/task_execute.h). */
struct booking_ask {
    struct str ask_id; /* of the job, or of the person's task */
    struct str media_buy_id, ad_server;
    struct str task_id; /* empty: the rows are the plan */
    struct str instructions; /* for a person's hands: by_hand.h */
    enum adapter_verb verb;
};
struct str booking_ask_id(const struct act *act, struct str instructions);
bool booking_asked_of_person(struct str ask_id);
MUST_CHECK int booking_ask_add(const struct act *act, const struct booking_ask *ask, struct err *e);
/* Asks again what was asked before: 1, 0 it is not there any more, -1. */
MUST_CHECK int booking_ask_again(const struct act *act, const struct booking_ask *ask, struct err *e);

/* What is asked of a person for an ad server that is worked by hand: kind of task, and its operation
 * {"media_buy_id", "ad_server", "verb", "task_id"?}. */
#define BY_HAND_TASK "ad_server_by_hand"

/* The subject of a booking's jobs, which run in order; and the lane of an ad server's. */
struct str booking_subject(struct arena *a, struct str media_buy_id, struct str ad_server);
struct str booking_lane(struct arena *a, struct str tenant_id, struct str ad_server);

/* ---- for tests and for the job runner ---- */

/* Does the ad server answer later (a job, a person), or here? */
bool booking_answers_later(const struct ad_server *server, enum adapter_verb verb);

/* Runs one verb on a local ad server, whatever a person had to settle before. Errors: SERVICE_UNAVAILABLE, VALIDATION_ERROR. */
MUST_CHECK int booking_run_here(const struct act *act, const struct ad_server *server, const struct plan *plan,
                                enum adapter_verb verb, struct err *e);

/* Runs or queues one verb on one ad server, for its part of a buy. */
MUST_CHECK int booking_submit(const struct act *act, const struct ad_server *server, const struct plan *part,
                              enum adapter_verb verb, enum booking_outcome *outcome, struct err *e);
