/* Numbers that people bring for an ad server that is worked by hand: a file (delivery_csv.h) becomes facts, and what follows
 * from facts follows: budgets are watched, reports adjusted. All of a file or nothing of it. A day that is brought again replaces
 * what was known of it; days that no file has are unknown. */
#pragma once

#include "domain/core/act.h"

struct delivery_imported {
    size_t days; /* of packages and creatives: rows */
    size_t corrected; /* days whose numbers were others before */
    struct str *media_buys;
    size_t media_buys_n;
};

/* `ad_server` empty: the first. Errors: INVALID_STATE for an ad server that reports by itself; INVALID_REQUEST naming the line
 * for what is no file of numbers, a package that is not on it, a day that has not ended or is before its media buy. */
MUST_CHECK int delivery_import(const struct act *act, struct str ad_server, struct str csv,
                               struct delivery_imported *out, struct err *e);
