/* The stream of delivery reports of a media buy (AdCP reporting_webhook).
 *
 * Periods are hours, days and months of UTC, which is the time zone our products declare for reporting and in which
 * facts are counted. A report is due when its period is over plus the delay our products declare; then a job wakes
 * report_next():
 *
 *     the ad server's numbers are older than the period's end -> "delayed", once, and again in an hour
 *     the buy is over                                          -> "final", once, and no job any more
 *     otherwise                                                -> "scheduled", and a job for the next period
 *
 * After downtime the periods missed are one report with one longer reporting_period. sequence_number counts every
 * report sent. "adjusted" follows when facts of reported days change afterwards (report_facts_changed). */
#pragma once

#include "contract/json.h"
#include "domain/act.h"
#include "store/q_media_buy.h"
#include "store/q_report.h"

#define REPORT_JOB           "report" /* payload: {"media_buy_id", "version", "adjusted"?} */
#define REPORT_DELAY_MINUTES 5        /* our numbers are live; products promise an hour */

enum report_frequency { REPORT_HOURLY, REPORT_DAILY, REPORT_MONTHLY };

/* Stores the configuration; begins the stream, or changes its pace. Nothing when it says what is there already. */
MUST_CHECK int report_configure(const struct act *act, const struct media_buy_row *buy, yyjson_val *config,
                                struct err *e);

/* Facts of days that were reported have changed: an "adjusted" report follows, unless there is no stream. */
MUST_CHECK int report_facts_changed(const struct act *act, struct str media_buy_id, struct err *e);

MUST_CHECK int report_frequency_parse(struct str name, enum report_frequency *out);
/* The start of the period holding `at`, and of the one after it. */
int64_t report_period_start(enum report_frequency f, int64_t at);
int64_t report_period_end(enum report_frequency f, int64_t start);

/* Writes the job that wakes the stream at `due_at`. */
struct report_wake {
    struct str media_buy_id;
    int64_t version, due_at;
    bool adjusted;
};
MUST_CHECK int report_wake(const struct act *act, const struct report_wake *wake, struct err *e);
