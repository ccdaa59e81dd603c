/* Catalogs of buyers that live at a URL: what is asked for, when it was last fetched and what came of it. A row of
 * `buyer_object` beside the catalog's own, so that a catalog that is deleted takes nothing with it but its appointment.
 *
 *     sync_catalogs --> pending --job--> fetched --(update_frequency)--> fetched ...
 *                                   \--> failed: the items stay what they were, and the next appointment stands
 *
 * One job a catalog holds the appointment (`job_id`); another that was made before finds itself replaced and ends. */
#pragma once

#include "domain/feed/feed.h"
#include "domain/core/act.h"
#include "store/q/q_buyer_object.h"

#define CATALOG_FEED_JOB "catalog.fetch"

enum catalog_feed_status { CATALOG_FEED_PENDING, CATALOG_FEED_FETCHED, CATALOG_FEED_FAILED };

struct catalog_feed {
    struct buyer_object_key catalog;  /* the catalog's key */
    struct str url, format, frequency, job_id;
    struct str reason;        /* FAILED: why, for the buyer */
    struct str mark;          /* of the items last kept: a hash */
    struct str mappings;      /* JSON array; empty: none */
    enum catalog_feed_status status;
    int64_t fetched_at, next_at; /* TIME_NONE: never */
    int64_t rejected;            /* records that became no item */
    struct str issues;           /* JSON array of the first of them: AdCP's item_issues; empty: none */
    bool known;                  /* there is such a row */
};

/* url, feed_format and feed_field_mappings of a sync_catalogs entry: INVALID_REQUEST, UNSUPPORTED_FEATURE below `at`. */
MUST_CHECK int catalog_feed_check(const struct act *act, yyjson_val *entry, const char *at, struct err *e);

/* 0 with `known` false when the catalog has no feed. */
MUST_CHECK int catalog_feed_load(struct tx *tx, struct arena *a, const struct buyer_object_key *catalog,
                                 struct catalog_feed *out, struct err *e);

/* Makes the catalog one that is fetched as this entry says, at once; nothing when that is under way already. */
MUST_CHECK int catalog_feed_ask(const struct act *act, const struct buyer_object_key *catalog, yyjson_val *entry,
                                struct catalog_feed *out, struct err *e);
/* The catalog is sent with its items from now on. */
MUST_CHECK int catalog_feed_forget(struct tx *tx, const struct buyer_object_key *catalog, struct err *e);

/* What a fetch brought: the items replace the catalog's (unless they are the same), or `failure` says why there are none;
 * and the next appointment is made. `feed` as loaded by the job that fetched. Nothing when it was replaced since. */
struct catalog_feed_result {
    const struct feed_items *items; /* NULL: it failed */
    struct str failure;
};
MUST_CHECK int catalog_feed_fetched(const struct act *act, const struct catalog_feed *feed,
                                    const struct catalog_feed_result *result, struct err *e);
