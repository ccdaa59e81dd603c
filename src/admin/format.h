/* How values are shown to people: times in the publisher's zone, money with its currency, digits in groups. */
#pragma once

#include "base/tz.h"
#include "contract/json.h"

enum format {
    SHOW_NONE, /* text as it is, numbers as JSON has them, "yes" and "no", lists of texts between commas */
    SHOW_TIME, /* "Fri 1 Dec 2026, 09:05" */
    SHOW_DAY, /* "1 Dec", with its year when it is not this one */
    SHOW_LASTDAY, /* the same of an end, which is exclusive: what ends at midnight runs on the day before */
    SHOW_END, /* SHOW_TIME of an end: "Sun 31 May 2026, 24:00" */
    SHOW_CLOCK, /* "09:05" */
    SHOW_WHEN, /* "today 12:30", "tomorrow 09:00", "Fri 1 Dec, 09:05" */
    SHOW_AGO, /* "5 min ago", "in 3 h" */
    SHOW_MONEY, /* "25,000.00 USD"; the argument is the currency, absent: the amount alone */
    SHOW_NUMBER, /* "1,200,000" */
    SHOW_PERCENT, /* a share, 0.0152 -> "1.52 %" */
    SHOW_WORDS, /* an identifier: "pending_approval" -> "pending approval" */
    SHOW_BYTES, /* "1.2 MB" */
    SHOW_PLACE, /* "Europe/Berlin" -> "Berlin" */
    SHOW_JSON, /* any value as indented JSON text */
    SHOW_NAME, /* of an actor: "operator:ann" -> "ann" */
    SHOW_VALUE /* by what it is: times as SHOW_TIME, numbers in groups, anything else as it is */
};

struct format_how {
    struct arena *arena;
    const struct tz *zone;
    int64_t now;
};

/* Text in the arena (or of the value). What is not of the filter's kind is shown as SHOW_NONE does; NULL is "". */
struct str format_value(const struct format_how *how, enum format f, yyjson_val *v, yyjson_val *argument);
