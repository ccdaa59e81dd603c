/* Objects that buyers keep with us around their buys, and the events they log. */
#pragma once

#include "store/store.h"

/* The kinds of `buyer_object`. */
#define BUYER_OBJECT_CATALOG           "catalog"
#define BUYER_OBJECT_CATALOG_FEED      "catalog_feed" /* where the catalog of that id is fetched from */
#define BUYER_OBJECT_EVENT_SOURCE      "event_source"
#define BUYER_OBJECT_AUDIENCE          "audience"
#define BUYER_OBJECT_SIGNAL            "signal" /* activations */
#define BUYER_OBJECT_USAGE             "usage"
#define BUYER_OBJECT_PROPERTY_LIST     "property_list"
#define BUYER_OBJECT_COLLECTION_LIST   "collection_list"
#define BUYER_OBJECT_CONTENT_STANDARDS "content_standards"

struct buyer_object_key {
    struct str tenant_id;
    const char *kind;
    struct str principal_id;
    struct str account_id; /* empty: whichever account of the principal */
    struct str object_id;
};

struct buyer_object_row {
    struct buyer_object_key key;
    struct str name, status, doc;
    int64_t created_at, updated_at;
};

struct buyer_object_rows {
    struct buyer_object_row *rows;
    size_t n;
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_buyer_object_get(struct tx *tx, struct arena *a, const struct buyer_object_key *key,
                                  struct buyer_object_row *out, struct err *e);
/* The same whoever's it is: key->principal_id is ignored. For objects with ids of our own making. */
MUST_CHECK int q_buyer_object_find(struct tx *tx, struct arena *a, const struct buyer_object_key *key,
                                   struct buyer_object_row *out, struct err *e);
/* Inserts, or replaces everything but created_at. The key is complete. */
MUST_CHECK int q_buyer_object_put(struct tx *tx, const struct buyer_object_row *row, struct err *e);
/* 1 deleted, 0 there was none, -1 failed. Its parts go with it. */
MUST_CHECK int q_buyer_object_delete(struct tx *tx, const struct buyer_object_key *key, struct err *e);

/* A media buy of the owner that has not ended and refers to the object: one of its packages that have not ended by `now` has the object's id at a place
 * of its document that `where` fits, a LIKE pattern over JSON paths ("%catalogs%catalog_id%"). An id that another account
 * of the owner has as well is the buy's own account's there. 1 found, 0 not, -1 failed. */
MUST_CHECK int q_buyer_object_user(struct tx *tx, struct arena *a, const struct buyer_object_key *key,
                                   const char *where, int64_t now, struct str *media_buy_id, struct err *e);

/* How many objects of the scope's kind its principal has, in its account or, without one, in all. */
MUST_CHECK int q_buyer_object_count(struct tx *tx, const struct buyer_object_key *scope, int64_t *n, struct err *e);

struct buyer_object_filter {
    struct buyer_object_key scope; /* account_id empty: all accounts; object_id is ignored */
    struct str after_id; /* empty: from the start */
    int limit;
};
/* In order of object_id, at most limit + 1 rows, so that the caller sees whether there are more. */
MUST_CHECK int q_buyer_object_list(struct tx *tx, struct arena *a, const struct buyer_object_filter *f,
                                   struct buyer_object_rows *out, struct err *e);

/* ---- parts ---- the key names the object */

struct buyer_object_part {
    struct str part_id, doc;
};
/* Inserts or replaces: 1 it is new, 0 it was there, -1 failed. */
MUST_CHECK int q_buyer_object_part_put(struct tx *tx, const struct buyer_object_key *of,
                                       const struct buyer_object_part *part, struct err *e);
/* 1 deleted, 0 there was none, -1 failed. */
MUST_CHECK int q_buyer_object_part_delete(struct tx *tx, const struct buyer_object_key *of, struct str part_id,
                                          struct err *e);
MUST_CHECK int q_buyer_object_parts_clear(struct tx *tx, const struct buyer_object_key *of, struct err *e);
/* The part whose id comes first. 1 found, 0 there is none, -1 failed. */
MUST_CHECK int q_buyer_object_part_first(struct tx *tx, struct arena *a, const struct buyer_object_key *of,
                                         struct buyer_object_part *out, struct err *e);
MUST_CHECK int q_buyer_object_parts_count(struct tx *tx, const struct buyer_object_key *of, int64_t *n, struct err *e);

/* ---- events ---- */

struct event_row {
    struct str tenant_id, principal_id, event_source_id, event_id, event_type, doc;
    int64_t event_at, logged_at;
};
/* 1 stored, 0 it was logged before, -1 failed. */
MUST_CHECK int q_event_add(struct tx *tx, const struct event_row *row, struct err *e);
/* How many events a source has, and when the latest was logged (TIME_NONE: never). */
struct event_summary {
    int64_t n, last_at;
};
MUST_CHECK int q_event_summary(struct tx *tx, const struct event_row *source, struct event_summary *out, struct err *e);
