/* Delivers the jobs that domain/webhook writes.
 *
 *     prepare: the registration as it is now -> sign (on the pool) -> POST -> judge
 *
 *     2xx                       done
 *     5xx, 429, 408, 425        again, not before Retry-After; the lane failed
 *     no or half an answer      again; the lane failed
 *     a kept connection died    once more at once, with a signature of its own
 *     401, an endless answer    again, a few times
 *     401 with Signature error  dead; once more in a minute when the code says that a fresh signature may do
 *     409, other 4xx, 3xx       dead: the receiver has decided, and redirects are not followed
 *     refused by our policy     dead: the name now leads to an address that may not be called
 *
 * Every attempt sends the same bytes with a fresh signature and leaves a row in webhook_activity. */
#pragma once

#include "domain/plan/plan.h"
#include "jobs/pump.h"
#include "net/mail.h"

struct health_machine; /* jobs/health_look.h */

/* What the kinds of this layer need to know; jobs_context(). */
struct jobs_world {
    bool sandbox; /* loopback receivers over http are allowed */
    struct str own_url;       /* where this process serves people's pages, when no publisher says so; may be empty */
    struct mail_client *mail; /* NULL: this process sends no mail */
    const struct health_machine *machine; /* of looks at the health; NULL: it is not looked at */
    struct cassette *cassette; /* of what ad servers are told; NULL: nothing is recorded */
    const struct ad_server *ad_server; /* the simulator's, instead of the publisher's own; NULL in production */
};

extern const struct job_kind webhook_kind;           /* domain/tell/webhook.h: WEBHOOK_JOB */
extern const struct job_kind webhook_challenge_kind; /* WEBHOOK_CHALLENGE_JOB: the answer must echo the challenge */
