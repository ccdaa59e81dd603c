/* When people work: the publisher's days, hours and holidays ("working_hours" of its settings), in which the time for deciding runs. */
#pragma once

#include "base/tz.h"
#include "contract/json.h"

#define HOLIDAYS_MAX 400

struct working_time {
    bool days[7]; /* Monday first */
    int from_minute, to_minute; /* of the day: 540 and 1080; 1440 is its end */
    yyjson_val *holidays; /* texts "2026-12-25"; may be NULL */
};

/* {"days": ["mon", ...], "from": "09:00", "to": "18:00", "holidays": ["2026-12-25", ...]}, all but holidays required. INVALID_REQUEST
 * with the field below `at`. */
MUST_CHECK int working_time_read(yyjson_val *settings, const char *at, struct working_time *out, struct err *e);

/* The moment by which `hours` of working time have passed since `from`, in the publisher's zone; with `w` NULL the clock's hours. Where
 * no day of two years is a working one, likewise. */
int64_t working_time_due(const struct working_time *w, const struct tz *zone, int64_t from, int64_t hours);
