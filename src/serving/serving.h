/* The built-in ad server's fast side: decides which ads a page gets, and counts what becomes of them. From memory only:
 * no store, no clock, no network. Whoever owns it
 *
 *   installs a lineup (lineup.h) whenever slots, packages or creatives have changed,
 *   calls serving_tick once a second: shares follow what is owed and what comes in (pace.h, forecast.h),
 *   calls serving_decide for each request and serving_count for each event (the rules of counting: count.c),
 *   and takes a batch once a second, writes it in one transaction, and says how that ended.
 *
 *      lineup ──install──> serving <──tick── time
 *                            │  ^
 *        request ──decide──> │  │ <──count── token, event
 *                            v  │
 *                     batch (tally.h) ──> store
 *
 * A crash loses what was counted since the last batch, at most a second; the tokens of it were not marked as used
 * either, so nothing is ever counted twice. One thread owns all of it. */
#pragma once

#include "base/id.h"
#include "serving/lineup.h"
#include "serving/pace.h"
#include "serving/reasons.h"
#include "serving/token.h"

struct serving;

struct serving_options {
    struct str key; /* seals tokens; 32 bytes */
    struct rng rng; /* epochs, and choices by chance */
    size_t marks_bytes_max; /* 0: 64 MiB */
    size_t exposures_max; /* visitors times capped packages; 0: 262,144 */
};

#define REQUEST_SLOTS_MAX 32

/* How long after its decision an event counts, at most. A package's own unit counts for outstanding_life_ms. */
#define LIFE_IMPRESSION_MS INT64_C(900000)
#define LIFE_EVENT_MS      INT64_C(3600000)
#define LIFE_CLICK_MS      INT64_C(86400000)

struct serving *serving_create(const struct serving_options *o, int64_t now);
void serving_destroy(struct serving *s); /* NULL-safe */

/* Takes the lineup over; the one before is destroyed. What was counted of packages stays, whether they are in it or not
 * (for a day), and is not taken from the parts again. */
void serving_install(struct serving *s, struct lineup *l, int64_t now);
const struct lineup *serving_lineup(const struct serving *s); /* NULL before the first */

/* Once a second, more or less: everything that changes with time. */
void serving_tick(struct serving *s, int64_t now);

/* ---- decisions ---- */

/* The number a visitor is known by: of an id that may be kept, which is stored with its frequency caps, or of one page view
 * (`kept` false), which is not. Never 0; 0 for an empty id. */
uint32_t serving_visitor(struct serving *s, uint32_t publisher, struct str id, bool kept);

struct ask {
    uint32_t slot; /* its place in the lineup; all of one publisher */
    unsigned room; /* for what (lineup.h); 0: for everything */
};

struct request {
    struct visit visit; /* week_hour and slot_pairs are filled in here */
    enum invalid invalid; /* of the visit: it gets ads, which will not count */
    uint8_t agent_hash;
    int64_t now;
};

struct choice {
    const struct serving_package *package; /* NULL: no ad */
    const struct serving_creative *creative;
    struct token_text token;
};

/* One choice for each of at most REQUEST_SLOTS_MAX asks; never two ads of one advertiser. Pointers are good until the
 * next lineup is installed. */
void serving_decide(struct serving *s, const struct request *r, const struct ask *asks, size_t n, struct choice *out);

/* A picture of a mail: the ad its place has, as long as it may be shown; else another, which the place keeps. Its
 * impression is the fetching of the picture, and is counted by the caller with the token. */
void serving_decide_mail(struct serving *s, const struct request *r, const struct ask *ask, uint64_t key,
                         struct choice *out);

/* ---- events ---- */

struct report {
    enum event event;
    struct str token;
    enum invalid invalid; /* of the visit */
    uint8_t agent_hash;
    const struct address *address; /* NULL: unknown, no rate is kept */
    int64_t now;
};

struct verdict {
    enum invalid invalid; /* VALID: it was counted */
    bool authentic; /* the token is ours, whatever came of it: `token` says which ad it was */
    struct token token;
};

struct verdict serving_count(struct serving *s, const struct report *r);

/* Which ad a token was made for, without counting anything; false when it is not ours. */
MUST_CHECK bool serving_open_token(struct serving *s, struct str text, struct token *out);
/* Notes a token that is not ours and was not given to serving_count. */
void serving_forged(struct serving *s);

/* The link of a mail's picture: counted for the ad that was last shown there, once a minute for an address. False: nothing was
 * shown there. The report's token is not looked at; the verdict's names package, creative and slot. */
MUST_CHECK bool serving_click_mail(struct serving *s, const struct report *r, uint32_t slot, uint64_t key,
                                   struct verdict *out);

/* ---- batches ---- */

/* What was counted since the last batch, by package; NULL when there is nothing or one is under way. */
const struct tally *serving_batch_begin(struct serving *s);
/* How far it was written: the rest will be part of the next one. */
void serving_batch_end(struct serving *s, struct tally_place written);

/* Epochs of which tokens are good: to be stored with the batch, and given back at the next start. */
struct serving_epoch {
    uint32_t epoch;
    int64_t until_ms; /* tokens are issued until then */
};
struct serving_epoch serving_epoch(const struct serving *s);
/* How long after `until_ms` an epoch is to be kept. */
int64_t serving_epoch_life_ms(void);

/* At the start, before anything is decided. */
void serving_restore_epoch(struct serving *s, const struct serving_epoch *e);
void serving_restore_used(struct serving *s, const struct used *u);
void serving_restore_exposure(struct serving *s, const struct exposure *e, int64_t now);
void serving_restore_place(struct serving *s, const struct mail_place *p);
void serving_restore_history(struct serving *s, uint32_t slot, const int64_t week[WEEK_HOURS]);

/* ---- looking in ---- */

/* Net totals, and those of the day of the publisher's zone that is under way. False: no such package. */
MUST_CHECK bool serving_counted(const struct serving *s, uint32_t package, struct counted *total, struct counted *today,
                                int64_t *day);

struct package_look {
    enum why why; /* WHY_SHOWN: it may be shown; else what keeps it from it */
    struct pace pace;
    int64_t requests_expected; /* until its plan ends */
    int64_t on_the_way;
    int64_t yield; /* units of a decision, of YIELD_ONE */
    uint64_t last_hour[WHYS_N];
    uint32_t filtered[INVALIDS_N]; /* events of its ads that did not count, since the start, by reason */
};
MUST_CHECK bool serving_look(const struct serving *s, uint32_t package, struct package_look *out);

/* What is learned of a slot's hours, sixteenths of requests (forecast.h), and how often it was closed an hour since the
 * start: when that grows, there is something to store. False: no such slot. */
MUST_CHECK bool serving_history(const struct serving *s, uint32_t slot, int64_t week[WEEK_HOURS], int64_t *closed);

struct serving_stats {
    uint64_t requests, decisions, counted, filtered, forged;
    size_t marks_bytes, epochs, exposures, packages, slots;
};
void serving_stats(const struct serving *s, struct serving_stats *out);
