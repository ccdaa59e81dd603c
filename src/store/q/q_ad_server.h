/* A publisher's ad servers: their settings, their inventory, when they were last read and tried, and what they call things
 * that are not of one media buy. */
#pragma once

#include <salesagent/adapter.h>

#include "store/store.h"

struct ad_server_key {
    struct str tenant_id, ad_server;
};

/* ---- which there are ---- */

struct ad_server_row {
    struct str tenant_id, name;
    int64_t position; /* 0: of products that name none */
    struct str adapter;
    struct str settings; /* JSON, sealed where the installation has keys; may be empty */
    int64_t wait_days; /* 0: not set */
};

/* `name` empty: the first. 1 found, 0 not, -1 failed. */
MUST_CHECK int q_ad_server_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str name,
                               struct ad_server_row *out, struct err *e);
/* By position; of all publishers when tenant_id is empty. */
MUST_CHECK int q_ad_server_list(struct tx *tx, struct arena *a, struct str tenant_id, struct ad_server_row **rows,
                                size_t *n, struct err *e);
/* Inserts or replaces. */
MUST_CHECK int q_ad_server_put(struct tx *tx, const struct ad_server_row *row, int64_t now, struct err *e);
/* With its inventory and what else was known of it. */
MUST_CHECK int q_ad_server_delete(struct tx *tx, const struct ad_server_key *of, struct err *e);
/* How many media buys are on it that may still deliver. */
MUST_CHECK int q_ad_server_used(struct tx *tx, const struct ad_server_key *of, int64_t *n, struct err *e);

/* ---- inventory ---- */

/* Inserts or replaces, seen now in this pass. */
struct ad_item_seen {
    struct str pass;
    int64_t now;
};
MUST_CHECK int q_ad_item_put(struct tx *tx, const struct ad_server_key *of, const struct adapter_item *item,
                             const struct ad_item_seen *seen, struct err *e);

/* An active item by its key or by its remote id; of several with one key, the first by remote id. 1, 0, -1. */
MUST_CHECK int q_ad_item_find(struct tx *tx, struct arena *a, const struct ad_server_key *of, struct str kind,
                              struct str key, struct adapter_item *out, struct err *e);
MUST_CHECK int q_ad_item_get(struct tx *tx, struct arena *a, const struct ad_server_key *of, struct str kind,
                             struct str remote_id, struct adapter_item *out, struct err *e);

/* What of a kind was not seen in this pass is there no more. */
MUST_CHECK int q_ad_items_close(struct tx *tx, const struct ad_server_key *of, struct str kind, struct str pass,
                                struct err *e);

struct ad_item_list {
    struct adapter_item *items;
    size_t n;
};
/* Active ones in the order of their remote ids, after `after`; of one kind, or of one parent where that is not empty. */
struct ad_item_filter {
    struct str kind, parent_id, after;
    size_t limit;
};
MUST_CHECK int q_ad_items(struct tx *tx, struct arena *a, const struct ad_server_key *of,
                          const struct ad_item_filter *f, struct ad_item_list *out, struct err *e);

/* How many active items there are, by kind. */
struct ad_item_count {
    struct str kind;
    int64_t n;
};
MUST_CHECK int q_ad_item_counts(struct tx *tx, struct arena *a, const struct ad_server_key *of,
                                struct ad_item_count **out, size_t *n, struct err *e);

/* ---- state ---- */

struct ad_server_state {
    int64_t synced_at, tested_at; /* TIME_NONE */
    struct str tested; /* JSON; empty */
};
/* Nothing known is no error. */
MUST_CHECK int q_ad_server_state(struct tx *tx, struct arena *a, const struct ad_server_key *of,
                                 struct ad_server_state *out, struct err *e);
MUST_CHECK int q_ad_server_synced(struct tx *tx, const struct ad_server_key *of, int64_t at, struct err *e);
MUST_CHECK int q_ad_server_tested(struct tx *tx, const struct ad_server_key *of, int64_t at, struct str doc,
                                  struct err *e);

/* ---- names over there ---- */

struct ad_remote_row {
    const char *kind; /* "advertiser" */
    struct str own_id, remote_id;
    int64_t recorded_at;
};
/* Inserts or replaces. */
MUST_CHECK int q_ad_remote_put(struct tx *tx, const struct ad_server_key *of, const struct ad_remote_row *row,
                               struct err *e);
/* Empty when there is none. */
MUST_CHECK int q_ad_remote_get(struct tx *tx, struct arena *a, const struct ad_server_key *of, const char *kind,
                               struct str own_id, struct str *remote_id, struct err *e);
