/* Creatives of a principal's library, and their assignments to packages.
 *
 * A creative belongs to (tenant, principal) and is listed under one account. `doc` is described in
 * domain/creative/creative.h. Lists are paged by key, never by offset: rows that appear or vanish between two pages are
 * neither shown twice nor hide others. */
#pragma once

#include "base/rfc3339.h"
#include "store/store.h"

struct creative_key {
    struct str tenant_id, principal_id, creative_id;
};

struct creative_row {
    struct creative_key key;
    struct str account_id, name, format_id, status, doc;
    int64_t created_at, updated_at;
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_creative_get(struct tx *tx, struct arena *a, const struct creative_key *key, struct creative_row *out,
                              struct err *e);
/* Inserts, or replaces everything but created_at. 1 inserted, 0 updated, -1 failed. */
MUST_CHECK int q_creative_put(struct tx *tx, const struct creative_row *row, struct err *e);

/* With its assignments. 1 deleted, 0 there was none, -1 failed. */
MUST_CHECK int q_creative_delete(struct tx *tx, const struct creative_key *key, int64_t now, struct err *e);

struct creative_rows {
    struct creative_row *rows;
    size_t n;
};

/* Every creative of one account that is not archived, in id order; at most `limit`. For delete_missing. */
MUST_CHECK int q_creatives_of_account(struct tx *tx, struct arena *a, const struct creative_key *owner,
                                      struct str account_id, int limit, struct creative_rows *out, struct err *e);

/* ---- lists ---- */

enum creative_sort {
    CREATIVE_SORT_CREATED,
    CREATIVE_SORT_UPDATED,
    CREATIVE_SORT_NAME,
    CREATIVE_SORT_STATUS,
    CREATIVE_SORT_ASSIGNMENTS
};

enum filter_bool { FILTER_ANY, FILTER_TRUE, FILTER_FALSE };

/* What is empty, TIME_NONE or FILTER_ANY does not filter: start from CREATIVE_FILTER_ALL. The `_json` members are
 * JSON arrays of strings as text, formats_json one of {id, width?, height?} objects. */
struct creative_filter {
    struct str tenant_id, principal_id;
    struct str account_ids_json;
    struct str statuses_json; /* empty: all but archived */
    struct str creative_ids_json, formats_json, concept_ids_json;
    struct str tags_all_json, tags_any_json;
    struct str package_ids_json, media_buy_ids_json;
    struct str asset_types_json; /* of assets that stand alone in their slot */
    struct str format_kinds_json,
        kind_formats_json; /* and, for creatives of named formats, which ids are of these kinds */
    struct str name_contains; /* ASCII letters compare without case */
    int64_t created_after, created_before, updated_after, updated_before; /* both exclusive */
    enum filter_bool unassigned, has_served, has_variables;
};

#define CREATIVE_FILTER_ALL                                                                                            \
    ((struct creative_filter){ .created_after = TIME_NONE,                                                             \
                               .created_before = TIME_NONE,                                                            \
                               .updated_after = TIME_NONE,                                                             \
                               .updated_before = TIME_NONE })

/* The place after which a page starts: the sort key and id of the last row shown. */
struct creative_cursor {
    bool present;
    int64_t number;         /* created, updated, assignments */
    struct str text;        /* name, status */
    struct str creative_id;
};

struct creative_page {
    enum creative_sort sort;
    bool descending;
    int limit;
    struct creative_cursor after;
};

struct creative_listed {
    struct creative_row row;
    int64_t assignment_count;
};

struct creative_list {
    struct creative_listed *items;
    size_t n; /* up to limit + 1: one more than asked for says that there is another page */
};

MUST_CHECK int q_creative_list(struct tx *tx, struct arena *a, const struct creative_filter *f,
                               const struct creative_page *page, struct creative_list *out, struct err *e);

struct creative_count {
    struct str status, format_id;
    int64_t n;
};

struct creative_counts {
    struct creative_count *counts;
    size_t n;
};

/* How many match, by status and format. */
MUST_CHECK int q_creative_count(struct tx *tx, struct arena *a, const struct creative_filter *f,
                                struct creative_counts *out, struct err *e);

/* ---- assignments ---- */

struct creative_assignment_row {
    struct creative_key key;
    struct str package_id, media_buy_id, doc;
    int64_t created_at;
    struct creative_row creative; /* filled when read; not looked at when written */
    struct str remote_id;         /* the ad server's; written by q_remote_creative_put */
    int64_t sent_at;              /* when the ad server took it; TIME_NONE: it has not */
};

struct creative_assignment_rows {
    struct creative_assignment_row *rows;
    size_t n;
};

/* Inserts, or replaces doc; created_at is kept. 1 something changed, 0 nothing, -1 failed. */
MUST_CHECK int q_creative_assign(struct tx *tx, const struct creative_assignment_row *row, struct err *e);
/* 1 removed, 0 was not there, -1 failed. */
MUST_CHECK int q_creative_unassign(struct tx *tx, struct str package_id, struct str creative_id, int64_t now,
                                   struct err *e);

/* What was taken out of packages; kept because it was shown there until then. */
struct creative_removal_row {
    struct str package_id, creative_id;
    int64_t at; /* the last time */
};
struct creative_removal_rows {
    struct creative_removal_row *rows;
    size_t n;
};
MUST_CHECK int q_creative_removals_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                                          struct creative_removal_rows *out, struct err *e);
/* 1: it was taken out of a package at some time; 0 never; -1 failed. */
MUST_CHECK int q_creative_was_removed(struct tx *tx, const struct creative_key *key, struct err *e);
/* In the order package, assigned first. */
MUST_CHECK int q_creative_assignments_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                                             struct creative_assignment_rows *out, struct err *e);
MUST_CHECK int q_creative_assignments_of_package(struct tx *tx, struct arena *a, struct str package_id,
                                                 struct creative_assignment_rows *out, struct err *e);
/* `creative` is not filled. */
MUST_CHECK int q_creative_assignments_of_creative(struct tx *tx, struct arena *a, const struct creative_key *key,
                                                  struct creative_assignment_rows *out, struct err *e);

/* What an assignment needs to know about a package of this principal. 1 found, 0 not, -1 failed. */
struct creative_package_row {
    struct str package_id, media_buy_id, product_id, account_id, media_buy_status;
    int64_t end_at;
    bool canceled;
    struct str doc;
};
MUST_CHECK int q_creative_package_get(struct tx *tx, struct arena *a, const struct creative_key *owner,
                                      struct str package_id, struct creative_package_row *out, struct err *e);
struct creative_package_rows {
    struct creative_package_row *rows;
    size_t n;
};
MUST_CHECK int q_creative_packages_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                                          struct creative_package_rows *out, struct err *e);

/* Packages that were created waiting for creatives not yet synced: ext.salesagent.awaited_creatives of their doc.
 * Of this principal's buys that end after `now`. At most `limit`. */
struct creative_awaited_row {
    struct str package_id, creative_id;
};
struct creative_awaited_rows {
    struct creative_awaited_row *rows;
    size_t n;
};
struct creative_awaited_query {
    struct creative_key owner;
    int64_t now;
    int limit;
};
MUST_CHECK int q_creative_awaited(struct tx *tx, struct arena *a, const struct creative_awaited_query *q,
                                  struct creative_awaited_rows *out, struct err *e);

/* Products that state a creative_policy: doc is the whole product. At most `limit`. */
struct creative_policy_row {
    struct str product_id, doc;
};
struct creative_policy_rows {
    struct creative_policy_row *rows;
    size_t n;
};
MUST_CHECK int q_creative_policies(struct tx *tx, struct arena *a, struct str tenant_id, int limit,
                                   struct creative_policy_rows *out, struct err *e);

/* For the publisher's people: the creatives of this id, of every buyer who has one, at most `limit`; or of one buyer, whose
 * principal_id is not empty. */
MUST_CHECK int q_creatives_of_id(struct tx *tx, struct arena *a, const struct creative_key *key, int limit,
                                 struct creative_rows *out, struct err *e);

/* ---- and all of theirs: of every buyer, the latest change first ---- */

/* Of a search by name or buyer so many rows are looked at for one page; then it says where to go on. */
#define CREATIVE_SEARCH_LOOKED_AT 2000

/* The row after which a page goes on: the last one that was looked at. */
struct creative_place {
    bool present;
    int64_t updated_at;
    struct str principal_id, creative_id;
};

/* What is empty does not filter. `text`: in ASCII lower case, found in names and ids. */
struct creative_search {
    struct str tenant_id, principal_id, status, text;
    struct creative_place after;
    int limit;
};

struct creative_found {
    struct str principal_id, creative_id, account_id, name, format_id, status;
    struct str buyer_name, brand_domain; /* the latter may be empty */
    int64_t created_at, updated_at;
};

struct creative_search_result {
    struct creative_found *rows;
    size_t n;
    struct creative_place next; /* present: there are more rows, looked at or not */
};

MUST_CHECK int q_creative_search(struct tx *tx, struct arena *a, const struct creative_search *f,
                                 struct creative_search_result *out, struct err *e);
