/* Numbers as people export them from an ad server: comma-separated values (RFC 4180) with a header line that names the columns,
 * in any order. Pure.
 *
 *     date,package_id,impressions,clicks,spend
 *     2026-03-01,pkg-1,12000,31,54.20
 *
 *   date              YYYY-MM-DD, of the publisher's calendar
 *   package_id        ours, or the ad server's id of it
 *   creative_id       optional, ours: the row is that creative's part of the package's day
 *   impressions, clicks, views, completed_views, measurable, viewable, conversions    whole numbers
 *   spend             a decimal number in the media buy's currency
 *
 * An empty cell is a number that nobody knows. Nothing is guessed: a column of another name, a number with separators, a day
 * that is there twice refuse the file, naming the line. */
#pragma once

#include <salesagent/plan.h>

#include "base/arena.h"

#define DELIVERY_CSV_BYTES_MAX ((size_t)2 << 20)
#define DELIVERY_CSV_ROWS_MAX  20000

struct delivery_csv_row {
    size_t line; /* of the file, from 1 */
    struct str package_id, creative_id;
    int64_t day_at;
    struct delivered delivered; /* METRIC_UNKNOWN: not told */
};

struct delivery_csv {
    struct delivery_csv_row *rows;
    size_t n;
};

/* Text that the rows hold is the file's, or the arena's where it was quoted. Errors: INVALID_REQUEST. */
MUST_CHECK int delivery_csv_parse(struct arena *a, struct str text, struct delivery_csv *out, struct err *e);
