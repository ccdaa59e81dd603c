/* Catalog feeds: what a buyer publishes at a URL, read into items. Pure, bounded by the bytes it is given; for the thread
 * pool.
 *
 *     JSON         an array, or an object with one under items, offerings, products or data; or an object a line
 *     CSV, TSV     a header row, then a record a row (RFC 4180; tab when the header has one, else comma, semicolon or bar);
 *                  rows of remarks before it (#) are passed over
 *     XML          every <item>, <entry>, <product>, <offer>, <job>, <record> or <row>, with its attributes; prefixes are
 *                  dropped, g: wins; what lies deeper is named by its path ("shipping.price"), what is repeated becomes a list;
 *                  no document types with entities
 *
 * In UTF-8, UTF-16, UTF-32, or whatever encoding an XML declaration or Content-Type names (feed_text.c).
 *
 *     format ""                       AdCP's own items, as they are; of tables and XML names are read in lower case
 *     google_merchant_center,         names in any case, with blanks or underscores; id, link and image_link become item_id,
 *     facebook_catalog                url and image_url; what Merchant Center takes once is there once; the rest stays
 *     custom                          what feed_field_mappings make of a record (AdCP 3.1 core/catalog-field-mapping.json) */
#pragma once

#include "contract/json.h"

#define FEED_ITEMS_MAX    10000
#define FEED_MAPPINGS_MAX 100

struct feed_ask {
    struct str format, body;
    yyjson_val *mappings; /* array or NULL */
    struct str content_type; /* as the server said; empty: nothing */
};

struct feed_item {
    struct str id, doc; /* JSON */
};

#define FEED_ISSUES_MAX 100
struct feed_issue {
    struct str item_id; /* "#12", the 13th record, when it has none */
    const char *reason;
};

struct feed_items {
    struct feed_item *items; /* in the feed's order, each with an id of its own */
    size_t n;
    size_t nameless, repeated; /* records left out for want of an id, or because an earlier one has it */
    struct feed_issue *issues; /* the first of those records */
    size_t issues_n;
};

/* INVALID_REQUEST that says what is wrong with the feed. */
MUST_CHECK int feed_read(struct arena *a, const struct feed_ask *ask, struct feed_items *out, struct err *e);

/* Whether a sync_catalogs entry with a URL can be honoured: UNSUPPORTED_FEATURE or INVALID_REQUEST below `at`, naming the
 * format, mapping or transform that cannot. The URL itself is not looked at. */
MUST_CHECK int feed_check(yyjson_val *entry, const char *at, struct err *e);

/* Where the item types of AdCP have their identifier; empty when there is none of 1..256 bytes. */
struct str feed_item_id(yyjson_val *item);
