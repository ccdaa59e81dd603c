/* Fetches the catalogs that buyers publish at a URL (domain/feed/catalog_feed.h): one GET, read on the thread pool, kept in
 * the commit that ends the job.
 *
 *     200                       read; what cannot be read is a failure that says so
 *     no answer, 5xx, 429       again, a few times within ten minutes
 *     anything else             a failure
 *
 * Redirects are not followed: the address that was checked is the one that is called. */
#pragma once

#include "jobs/pump.h"

extern const struct job_kind feed_kind;
