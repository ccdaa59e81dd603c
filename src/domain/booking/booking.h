/* Booking: handing a media buy to the publisher's ad server. A local one does it here, inside the transaction; for
 * a remote one a job row is written that does it after the commit. */
#pragma once

#include "domain/plan/plan.h"

#define BOOKING_JOB_KIND "adapter" /* payload: {"verb": "book", "media_buy_id": "...", "task_id"?} */

enum booking_outcome {
    BOOKING_DONE,   /* it is booked (updated, canceled) */
    BOOKING_QUEUED  /* a job will do it; the buy waits for its answer (or it was deferred: act.h) */
};

/* Can it be booked as its rows now stand? Called before anything is promised. Refused with every reason:
 * VALIDATION_ERROR (BUDGET_TOO_LOW when all that is wrong is money) with the first reason's field, all of them in
 * the message as far as it goes and in details.problems[]{package_id, field, message}. */
MUST_CHECK int booking_admit(const struct act *act, struct str media_buy_id, struct err *e);

/* Books, brings what is booked to the rows, stops it. Rows are written first, these are called after; the past was
 * frozen before (delivery_freeze). Errors: MEDIA_BUY_NOT_FOUND, CONFIGURATION_ERROR, SERVICE_UNAVAILABLE (a local
 * ad server that says "later"), POLICY_VIOLATION never; a refusal is VALIDATION_ERROR with the ad server's reason. */
MUST_CHECK int booking_place(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome,
                             struct err *e);
MUST_CHECK int booking_update(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome,
                              struct err *e);
MUST_CHECK int booking_cancel(const struct act *act, struct str media_buy_id, enum booking_outcome *outcome,
                              struct err *e);

/* Tells the built-in ad server that what it runs of this buy has changed; it reads it once this is committed. */
MUST_CHECK int booking_serve(const struct act *act, const struct plan *plan, struct err *e);

/* ---- creatives (booking_creatives.c) ---- */

enum creatives_when {
    CREATIVES_WHEN_CHANGED, /* what is to run is not what the ad server was last asked to run */
    CREATIVES_AGAIN         /* in any case: a person wants it tried once more */
};

/* Has the ad server run exactly the approved creatives of a booked buy. A local one that refuses fails the act of a person
 * of the publisher, who sees why (VALIDATION_ERROR, the task stays open); whoever else caused it goes on, and a task of
 * kind "ad_server" tells the publisher. Booking and updating end with this. */
MUST_CHECK int booking_creatives(const struct act *act, struct str media_buy_id, enum creatives_when when,
                                 struct err *e);

/* Stores what the ad server took: all of the plan's creatives but those that `problems` name. */
MUST_CHECK int booking_creatives_taken(const struct act *act, const struct plan *plan,
                                       const struct adapter_problems *problems, struct err *e);

/* True when the ad server takes creatives by a job, so that what is approved here is not yet there. */
bool booking_awaits_creatives(const struct act *act);

/* In a dry run: notes what the ad server would be asked once the creatives under review are approved; otherwise nothing. */
MUST_CHECK int booking_rehearse_creatives(const struct act *act, struct str media_buy_id, struct err *e);
/* In a dry run: notes that what would be asked, would be refused. */
void booking_rehearse_refusal(const struct act *act, const struct err *why);

/* Stores the ids that an ad server gave, the moment they are known, however its operation ends. */
struct booking_remotes {
    const struct adapter_remote *list;
    size_t n;
};
MUST_CHECK int booking_record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                              const struct booking_remotes *remotes, struct err *e);

/* The job that asks a remote ad server. With a task its plan is the task's, and its end the task's (task_execute.h). */
struct booking_job {
    struct str job_id, media_buy_id, task_id; /* task_id empty: the rows are the plan */
    enum adapter_verb verb;
};
MUST_CHECK int booking_job_add(const struct act *act, const struct booking_job *job, struct err *e);

/* ---- for tests and for the job runner ---- */

const char *adapter_verb_name(enum adapter_verb verb); /* "book", "update", ... */
const char *adapter_verb_phrase(enum adapter_verb verb); /* "book this media buy", for people */
bool adapter_verb_parse(struct str name, enum adapter_verb *out);

/* Runs or queues one verb on an ad server chosen by the caller. */
MUST_CHECK int booking_submit(const struct act *act, const struct ad_server *server, const struct plan *plan,
                              enum adapter_verb verb, enum booking_outcome *outcome, struct err *e);
