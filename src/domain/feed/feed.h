/* Catalog feeds: what a buyer publishes at a URL, read into items. Pure, bounded by the bytes it is given; for the thread
 * pool.
 *
 *     JSON         an array, or an object with one under items, offerings, products or data; or an object a line
 *     CSV, TSV     a header row, then a record a row (RFC 4180; tab when the header has one)
 *     XML          every <item>, <entry>, <product>, <offer>, <job>, <record> or <row>; prefixes are dropped, what lies
 *                  deeper is named by its path ("shipping.price"), what is repeated becomes a list; no document types
 *
 *     format ""                       AdCP's own items, as they are
 *     google_merchant_center,         id, link and image_link become item_id, url and image_url; the rest stays
 *     facebook_catalog
 *     custom                          what feed_field_mappings make of a record (AdCP 3.1 core/catalog-field-mapping.json) */
#pragma once

#include "contract/json.h"

#define FEED_ITEMS_MAX    10000
#define FEED_MAPPINGS_MAX 100

struct feed_ask {
    struct str format, body;
    yyjson_val *mappings; /* array or NULL */
};

struct feed_item {
    struct str id, doc; /* JSON */
};

struct feed_items {
    struct feed_item *items; /* in the feed's order, each with an id of its own */
    size_t n;
    size_t nameless, repeated; /* records left out for want of an id, or because an earlier one has it */
    struct str first_repeated; /* for the report */
};

/* INVALID_REQUEST that says what is wrong with the feed. */
MUST_CHECK int feed_read(struct arena *a, const struct feed_ask *ask, struct feed_items *out, struct err *e);

/* Whether a sync_catalogs entry with a URL can be honoured: UNSUPPORTED_FEATURE or INVALID_REQUEST below `at`, naming the
 * format, mapping or transform that cannot. The URL itself is not looked at. */
MUST_CHECK int feed_check(yyjson_val *entry, const char *at, struct err *e);

/* Where the item types of AdCP have their identifier; empty when there is none of 1..256 bytes. */
struct str feed_item_id(yyjson_val *item);
