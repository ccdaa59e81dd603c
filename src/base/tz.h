/* Civil days in a time zone of the IANA database, read from the files that Debian's tzdata installs (RFC 9636, TZif).
 *
 * libc's own functions know one zone at a time, for the whole process (TZ, tzset), so they are of no use to a program that
 * serves publishers in several zones. A day is a count of days since 1970-01-01 as the zone's own calendar shows it.
 * Clocks that are put forward or back make days of 23 or 25 hours; a day whose midnight is skipped begins where the
 * clocks go on. */
#pragma once

#include <salesagent/err.h>

#include "base/arena.h"

#define TZ_NAME_MAX 64

struct tz; /* immutable; lives in the arena it was read into */

/* UTC: no file is needed. */
const struct tz *tz_utc(void);

/* "UTC" or a name of the database ("America/New_York"); anything else is INVALID_REQUEST without a field. The file of
 * two kilobytes is read at once: it is in the page cache of a machine that uses it. */
MUST_CHECK int tz_load(struct arena *a, struct str name, const struct tz **out, struct err *e);

/* The bytes of a TZif file, version 2 or later. -1: they are none. */
MUST_CHECK int tz_parse(struct arena *a, struct str file, const struct tz **out);

/* Seconds east of UTC at the moment `at` (µs). */
int64_t tz_offset_s(const struct tz *z, int64_t at);

/* The day that holds `at`, and the moment at which a day begins (at the latest: the next one that exists). */
int64_t tz_day(const struct tz *z, int64_t at);
int64_t tz_day_begins_at(const struct tz *z, int64_t day);

/* The first day of the month that holds `day`, `months` later. */
int64_t tz_month_first_day(int64_t day, int months);
