/* Which country an address is in, by a file that the publisher supplies: lines of
 *
 *     first address,last address,country        1.0.0.0,1.0.0.255,AU
 *     network,country                           2001:db8::/32,DE
 *
 * with the country as two letters, fields perhaps in double quotes, fields after them ignored, in any order. Lines that are
 * empty or begin with '#' are passed over, and so is a first line of headings. Where ranges overlap, the one that begins
 * last counts: the narrower, in files that nest. Addresses in no range are unknown. */
#pragma once

#include <salesagent/err.h>

#include "serving/invalid.h"

#define GEO_BYTES_MAX  ((size_t)256 << 20)
#define GEO_RANGES_MAX 4000000

struct geo;

/* INVALID_REQUEST names the line. `text` may be dropped afterwards. */
MUST_CHECK int geo_create(struct str text, struct geo **out, struct err *e);
void geo_destroy(struct geo *g); /* NULL-safe */

/* A country's code (visit.h), or CODE_UNKNOWN. */
int geo_country(const struct geo *g, const struct address *a);
size_t geo_ranges(const struct geo *g);
