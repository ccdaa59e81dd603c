/* The stream of delivery reports of a media buy (AdCP reporting_webhook).
 *
 * Periods are hours, days and months in the time zone that the buy's products declare for their reports
 * (reporting_capabilities.timezone); products that disagree, or name none, are reported in UTC. A report is due when its
 * period is over plus the delay: some minutes where numbers are live, else what the products declare
 * (expected_delay_minutes). Then a job wakes report_next():
 *
 *     the ad server's numbers are older than the period's end -> "delayed", once, and again in an hour
 *     the buy is over and its numbers are final                -> "final", once, and no job any more
 *     over, but the numbers may change yet                     -> the last "scheduled"; "final" when they are, or after
 *                                                                 three days
 *     otherwise                                                -> "scheduled", and a job for the next period
 *
 * After downtime the periods missed are one report with one longer reporting_period. sequence_number counts every
 * report sent. "adjusted" follows when facts of reported days change afterwards (report_facts_changed): of the periods
 * that hold those days, or of the whole flight once the final report is out. */
#pragma once

#include "base/tz.h"
#include "contract/json.h"
#include "domain/core/act.h"
#include "domain/delivery/delivery.h"
#include "domain/product/product.h"
#include "store/q/q_media_buy.h"
#include "store/q/q_report.h"

#define REPORT_JOB           "report" /* payload: {"media_buy_id", "version", "adjusted"?: {"first_day", "last_day"}} */
#define REPORT_DELAY_MINUTES 5 /* where numbers are live; products promise an hour */

enum report_frequency { REPORT_HOURLY, REPORT_DAILY, REPORT_MONTHLY };

/* Stores the configuration; begins the stream, or changes its pace. Nothing when it says what is there already. */
MUST_CHECK int report_configure(const struct act *act, const struct media_buy_row *buy, yyjson_val *config,
                                struct err *e);

/* Facts have changed: an "adjusted" report follows for the periods that were reported and hold such days. */
MUST_CHECK int report_facts_changed(const struct act *act, struct str media_buy_id,
                                    const struct delivery_changes *changed, struct err *e);

MUST_CHECK int report_frequency_parse(struct str name, enum report_frequency *out);

/* What the products of a buy say of their reports. */
struct report_terms {
    const struct tz *zone;
    int64_t delay_us;
};
/* `packages` are the buy's. Never fails for what a product says: a zone unknown by now is UTC, with a line in the log. */
MUST_CHECK int report_terms_of(const struct act *act, const struct package_rows *packages, struct report_terms *out,
                               struct err *e);

/* Can this product be reported as `config` (a reporting_webhook) asks? INVALID_REQUEST naming the member. */
MUST_CHECK int report_check(const struct product *product, yyjson_val *config, struct err *e);
/* The same of every package of a buy. */
MUST_CHECK int report_check_packages(const struct act *act, const struct package_rows *packages, yyjson_val *config,
                                     struct err *e);

/* The start of the period holding `at`, and the end of the period that begins at `start`. */
int64_t report_period_start(enum report_frequency f, const struct tz *zone, int64_t at);
int64_t report_period_end(enum report_frequency f, const struct tz *zone, int64_t start);

/* Writes the job that wakes the stream at `due_at`. */
struct report_wake {
    struct str media_buy_id;
    int64_t version, due_at;
    const struct delivery_changes *adjusted; /* NULL: no correction, but the next of the stream */
};
MUST_CHECK int report_wake(const struct act *act, const struct report_wake *wake, struct err *e);
