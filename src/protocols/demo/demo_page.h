/* The example page of a sandbox: a publisher's slots, live, with what is counted of them beside. Whoever has just booked on the
 * built-in ad server sees the ad here, and the numbers rise.
 *
 *   /demo                 the page; ?p=PUBLISHER where there are several
 *   /demo/counts          {"packages": [...]}, the newest first: what is counted of each, why it cannot be shown now, how often it
 *                         was kept off in the last hour and what did not count, both with the reason of most of it
 *   /demo/landing         where the sample creative leads
 *   /demo/banner.png      that creative: 300x250 */
#pragma once

#include "protocols/ads.h"

/* True when the path is one of these, and then the exchange is answered. In a sandbox only, where ads are served. */
bool demo_page_answered(const struct ads_doors *d, struct http_exchange *ex, struct str path);
