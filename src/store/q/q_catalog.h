/* The publisher's catalogue: products with their search text, creative formats, properties; and what stands
 * booked on a product. `doc` is the canonical JSON object; a list is always read through a bounded statement. */
#pragma once

#include "store/store.h"

#define CATALOG_PAGE_MAX 10000 /* most rows one list call may return */

struct catalog_row {
    struct str id;
    int64_t position;
    struct str name; /* products only */
    struct str doc;
};

/* What a brief is ranked over, one text a column. */
struct product_text {
    struct str name, description, channels, targeting, properties;
};

enum catalog_kind { CATALOG_PRODUCT, CATALOG_FORMAT, CATALOG_PROPERTY, CATALOG_SIGNAL };

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_catalog_get(struct tx *tx, struct arena *a, enum catalog_kind kind, struct str tenant_id,
                             struct str id, struct catalog_row *out, struct err *e);

/* A product that names an ad server which the publisher does not have: 1, with both names; 0 there is none; -1. */
MUST_CHECK int q_catalog_without_ad_server(struct tx *tx, struct arena *a, struct str tenant_id, struct str *product_id,
                                           struct str *ad_server, struct err *e);

/* Rows in the publisher's order: position, then id. Starts after the first `skip` rows and gives at most `max`. */
struct catalog_slice {
    int64_t skip, max;
};
struct catalog_rows {
    struct catalog_row *rows;
    size_t n;
};
MUST_CHECK int q_catalog_list(struct tx *tx, struct arena *a, enum catalog_kind kind, struct str tenant_id,
                              struct catalog_slice slice, struct catalog_rows *out, struct err *e);

/* The same order without documents: for deciding what to read. `doc` and `name` stay empty. */
MUST_CHECK int q_product_ids(struct tx *tx, struct arena *a, struct str tenant_id, struct catalog_slice slice,
                             struct catalog_rows *out, struct err *e);

MUST_CHECK int q_catalog_count(struct tx *tx, enum catalog_kind kind, struct str tenant_id, int64_t *out,
                               struct err *e);

/* One past the last position in use. */
MUST_CHECK int q_catalog_last_position(struct tx *tx, enum catalog_kind kind, struct str tenant_id, int64_t *out,
                                       struct err *e);

/* Grows with every change of a product, and when that last was: what a feed version is made from. 0 and 0 before
 * the first product. */
struct catalog_version {
    int64_t version, changed_at;
};
MUST_CHECK int q_catalog_version(struct tx *tx, struct str tenant_id, struct catalog_version *out, struct err *e);

/* The time zones in which the products of one ad server say that they are reported ("UTC" where they do not say), each once,
 * at most 16; `first` is the ad server of those that name none. */
struct product_zones_of {
    struct str tenant_id, ad_server, first;
};
MUST_CHECK int q_product_zones(struct tx *tx, struct arena *a, const struct product_zones_of *of,
                               const struct str **zones, size_t *n, struct err *e);

/* Insert, or bring to this state. 1 something changed, 0 nothing, -1 failed. A changed product also changes the
 * catalogue's version; its search text is the caller's to replace (domain/product/catalog.h does both). */
MUST_CHECK int q_catalog_put(struct tx *tx, enum catalog_kind kind, struct str tenant_id, const struct catalog_row *row,
                             int64_t now, struct err *e);

/* 1: a package or a hold of a proposal, of whatever state, names the product; 0: none does; -1. */
MUST_CHECK int q_product_used(struct tx *tx, struct str tenant_id, struct str product_id, struct err *e);
/* With its search text; the catalogue's version changes. */
MUST_CHECK int q_product_delete(struct tx *tx, struct str tenant_id, struct str product_id, int64_t now, struct err *e);

/* Replaces the product's search text. */
MUST_CHECK int q_product_text_put(struct tx *tx, struct str tenant_id, struct str product_id,
                                  const struct product_text *text, struct err *e);

/* ---- ranking ---- Search text is one index for all tenants; a hit is a row of it, and reading which product that is
 * costs more than finding it, so it is done last and for the best only. */

struct term_hit {
    int64_t text_id;
    double score; /* FTS5's bm25 for this term alone, made positive: bigger is better */
};
struct term_hits {
    struct term_hit *hits;
    size_t n;
};
/* Whose products a word is looked for in. The index of words is one for all publishers: without this another's
 * catalogue would crowd out, and weigh down, the hits of this one. */
struct term_scope {
    struct str tenant_id;
    bool alone; /* no other publisher is here */
    int64_t first_id, last_id; /* of the publisher's texts, so that most of the others' are never read */
};
MUST_CHECK int q_term_scope(struct tx *tx, struct str tenant_id, struct term_scope *out, struct err *e);

/* `term` is an FTS5 expression of quoted words. How many products hold it, counting no further than `max`. */
struct term_ask {
    struct str term;
    int64_t max;
};
MUST_CHECK int q_term_count(struct tx *tx, const struct term_scope *scope, const struct term_ask *ask, int64_t *out,
                            struct err *e);
/* At most `max` of them, with scores. */
MUST_CHECK int q_term_hits(struct tx *tx, struct arena *a, const struct term_scope *scope, const struct term_ask *ask,
                           struct term_hits *out, struct err *e);
/* The product a hit is. 1 found, 0 another tenant's (or gone), -1 failed. */
MUST_CHECK int q_text_product(struct tx *tx, struct arena *a, struct str tenant_id, int64_t text_id,
                              struct str *product_id, struct err *e);

/* ---- bookings ---- */

struct product_window {
    struct str tenant_id, product_id;
    int64_t start_at, end_at; /* half-open */
    struct str except_buy; /* a media buy that does not count; empty: none */
    struct str except_holder, except_proposal; /* a principal's proposal whose hold does not count; empty: none */
};
/* Impressions other packages and held proposals have promised inside the window, their goals spread evenly over
 * their flights; flights and window are counted in whole UTC hours. Canceled packages, dead buys and those of sandbox
 * accounts do not count. Costs as many rows as the product has different flights, however many buys share them: the
 * table product_flight is kept summed by triggers on media_buy and package. */
MUST_CHECK int q_product_booked(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now,
                                int64_t *impressions, struct err *e);

/* When the next of the publisher's holds expires; TIME_NONE: there is none. */
MUST_CHECK int q_product_holds_next(struct tx *tx, struct str tenant_id, int64_t now, int64_t *at, struct err *e);

/* Flights in whole UTC days since the epoch, half-open; a day that is touched counts. */
struct flight_days {
    int64_t start_day, end_day, impressions;
};
struct flight_list {
    struct flight_days *rows;
    size_t n;
};
/* Everything that is booked or held of the product and not over by `now`, as q_product_booked counts it (the window's
 * times do not matter), flights of the same days summed. */
MUST_CHECK int q_product_holds(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now,
                               struct flight_list *out, struct err *e); /* those of proposals alone */
MUST_CHECK int q_product_flights(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now,
                                 struct flight_list *out, struct err *e);
