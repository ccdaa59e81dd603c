/* RFC 3339 text and civil days. Wall time is int64_t microseconds since the epoch, UTC. No locale, no global. */
#pragma once

#include "base/compiler.h"

#define RFC3339_MAX  32
#define USEC_PER_SEC INT64_C(1000000)
#define USEC_PER_DAY (INT64_C(86400) * USEC_PER_SEC)
#define TIME_NONE    INT64_MIN /* no time: a NULL column, an absent field */
#define TIME_LAST    (INT64_C(253402300800) * USEC_PER_SEC - 1) /* the end of the year 9999; years have four digits */

enum rfc3339_precision { RFC3339_SECONDS, RFC3339_MILLIS };

/* "2026-03-09T14:30:00Z" into out, NUL-terminated; returns the length. Fractions are cut, not rounded. What the format
 * has no text for (a sum that left the year 9999, a damaged row) is printed as the nearest moment that it has. */
size_t rfc3339_print(int64_t at, enum rfc3339_precision precision, char out[RFC3339_MAX]);

/* "2026-03-09" of the UTC day holding `at`. */
size_t rfc3339_print_date(int64_t at, char out[RFC3339_MAX]);

/* Parses a complete date-time with offset (years 1970-9999 in UTC). 0, or -1 for anything else, including days that
 * do not exist. A leap second (":60") counts as the following second. */
MUST_CHECK int rfc3339_parse(struct str text, int64_t *at);

/* Parses exactly YYYY-MM-DD into the start of that UTC day. */
MUST_CHECK int rfc3339_parse_date(struct str text, int64_t *at);

/* The proleptic Gregorian calendar; days are counted from 1970-01-01. */
struct civil {
    int64_t year;
    int month, day; /* from 1 */
};
int64_t days_from_civil(struct civil c);
struct civil civil_from_days(int64_t days);
int days_in_month(int64_t year, int month);

/* Start of the UTC day holding `at` (at >= 0). */
static inline int64_t utc_day_start(int64_t at)
{
    return at - at % USEC_PER_DAY;
}
