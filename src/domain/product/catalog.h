/* Putting products, creative formats and properties into the catalogue: the one way in, for import, for the
 * publisher's pages and for sandbox seeding. A product's search text is kept in step with its row here. */
#pragma once

#include "contract/json.h"
#include "store/q/q_catalog.h"

#define CATALOG_POSITION_KEEP INT64_C(-1) /* where it is; a new one goes to the end */

struct catalog_writer {
    struct tx *tx;
    struct arena *arena;
    struct str tenant_id;
    int64_t now;
    bool sandbox;                    /* of the installation */
    struct product_servers *servers; /* private: what products' ad servers are held against */
    bool properties_loaded; /* private */
    struct catalog_rows properties; /* private: what search text names; refreshed by catalog_put_property */
};

/* 1 something changed, 0 nothing, -1 refused (INVALID_REQUEST, field relative to the object) or failed.
 *
 * A product names its own formats as {"id"} or "id" (they must exist), others' with their agent_url. Without
 * publisher_properties it runs on everything the publisher has; without reporting_capabilities it reports
 * impressions, spend, clicks and ctr, as often as AdCP knows, in UTC. A time zone nobody knows is refused, and so is what its
 * ad server does not take (ad_server_check.h). */
MUST_CHECK int catalog_put_product(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e);
MUST_CHECK int catalog_put_format(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e);
MUST_CHECK int catalog_put_property(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e);

/* A first-party signal: signal_id, name, description, coverage_percentage and pricing_options as AdCP has them in
 * get_signals; deployments are the destinations it can be activated on (besides this agent). */
MUST_CHECK int catalog_put_signal(struct catalog_writer *w, yyjson_val *doc, int64_t position, struct err *e);

/* Writes the product's search text anew: after properties it runs on have changed. */
MUST_CHECK int catalog_index_product(struct catalog_writer *w, yyjson_val *doc, struct err *e);

/* Words people use for an AdCP channel ("olv": "online video"), for search; the name itself when there are none. */
const char *channel_words(struct str channel);
