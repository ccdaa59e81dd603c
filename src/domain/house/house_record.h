/* Writing what the built-in ad server counted: the numbers by hour, slot and creative, the facts that reports are made of, and
 * the tokens used for it, all in the transaction that the caller has open. A part of a batch holds whole packages, so that each
 * part is right by itself. */
#pragma once

#include "domain/core/act.h"
#include "serving/serving.h"
#include "store/q/q_house.h"

#define HOUSE_SOURCE "house" /* of facts */

/* A part of a sorted tally: [from, to) of each list. */
struct house_part {
    const struct tally *tally;
    struct tally_place from, to;
};

/* What of a fact an event is added to; METRICS_N: nothing. */
enum metric house_metric_of(enum event event);

/* The next part after `from`: whole packages, about as much as one turn may write. Nothing is left when `to` is the end. */
struct house_part house_part_next(const struct tally *t, struct tally_place from);

struct house_recorder {
    const struct act *act; /* without tenant */
    /* Decisions of a package that are on their way; and the zone of the publisher whose package it is (NULL: UTC). */
    int64_t (*on_the_way)(void *arg, uint32_t package);
    const struct tz *(*zone_of)(void *arg, uint32_t package);
    void *arg;
    struct serving_epoch epoch;
};

/* The tokens of a stored batch. */
void house_used_read(struct str tokens, void (*each)(void *arg, const struct used *u), void *arg);

/* What is stored of a visitor, and of a slot's hours; false for what is not ours. */
MUST_CHECK bool house_exposure_read(const struct house_exposure_row *row, struct exposure *out);
struct str house_week_bytes(struct arena *a, const int64_t week[WEEK_HOURS]);
bool house_week_read(struct str bytes, int64_t week[WEEK_HOURS]);

MUST_CHECK int house_record(const struct house_recorder *r, const struct house_part *part, struct err *e);

/* Each day of a package that runs has a fact, be it of nothing, so that nothing is known to be nothing: `day`, which is under way,
 * and those since its last one, when this program did not run. */
MUST_CHECK int house_open_days(const struct act *act, struct str media_buy_id, struct str package_id, int64_t day,
                               struct err *e);
/* Money that is owed for time rather than for what is shown (flat_rate, time). */
MUST_CHECK int house_accrue(const struct act *act, struct str media_buy_id, struct str package_id, int64_t day,
                            int64_t micros, struct err *e);
/* Days of a publisher before `day` are over: nothing is added to them any more. *n: facts that became final. */
MUST_CHECK int house_close_days(const struct act *act, struct str tenant_id, int64_t day, int64_t *n, struct err *e);
