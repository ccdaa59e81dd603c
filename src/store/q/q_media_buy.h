/* Media buys, their packages and their history.
 *
 * `echo` of a buy and `doc` of a package are JSON objects whose members are sent on the wire exactly as stored:
 * replies splice their text in unparsed. A buy's `doc` holds what is never shown. */
#pragma once

#include "store/q/agent/q_quarantine.h"

struct media_buy_row {
    struct str media_buy_id, tenant_id, principal_id, account_id;
    struct str name, buyer_ref, po_number;
    struct str status; /* as last written: time may have moved on, see media_buy_status_at() */
    bool paused;
    char currency[4];
    int64_t total_budget_micros;
    int64_t start_at, end_at; /* half-open */
    int64_t revision;
    int64_t created_at, updated_at;
    int64_t confirmed_at, activated_at, completed_at, canceled_at, next_change_at; /* TIME_NONE when unset */
    struct str rejection_reason;
    int64_t actions_allowed, actions_approval; /* bits of enum media_buy_action */
    struct str
        actions_in; /* the allowed ones by live status, see media_buy_actions_in(); never changed after the insert */
    struct str echo, doc;
};

struct package_row {
    struct str media_buy_id, package_id;
    int64_t ordinal; /* 1..n */
    struct str name, product_id, pricing_option_id, pricing_model;
    int64_t rate_micros, budget_micros;
    int64_t previous_budget_micros; /* -1: never changed */
    int64_t impressions_goal;       /* -1: none */
    struct str pacing;
    int64_t start_at, end_at;
    bool paused;
    bool awaits_creatives; /* the buy runs, and this part of it has no approved creative yet */
    int64_t canceled_at; /* TIME_NONE */
    struct str remote_id;
    struct str ad_server; /* which it is booked on; empty: nobody has said */
    struct str doc;
    int64_t
        performance_ppm; /* what the buyer said it is worth, 1,000,000 as expected; written by q_package_performance alone */
};

struct media_buy_rows {
    struct media_buy_row *rows;
    size_t n;
};

struct package_rows {
    struct package_row *rows;
    size_t n;
};

struct media_buy_key {
    struct str tenant_id;
    struct str principal_id; /* empty: whoever's (for the publisher's people and for timers) */
    struct str media_buy_id;
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_media_buy_get(struct tx *tx, struct arena *a, const struct media_buy_key *key,
                               struct media_buy_row *out, struct err *e);

#define MEDIA_BUY_FILTER_STATUSES 12

struct media_buy_filter {
    struct str tenant_id, principal_id; /* principal_id empty: all (the publisher's people) */
    struct str account_id; /* empty: any */
    const char *statuses[MEDIA_BUY_FILTER_STATUSES]; /* stored ones; NULL from the first unused on; none: any */
    struct str before_id; /* newest first, from below this id; empty: from the newest */
    int limit;
};

/* At most `limit` rows, newest first. */
MUST_CHECK int q_media_buy_list(struct tx *tx, struct arena *a, const struct media_buy_filter *f,
                                struct media_buy_rows *out, struct err *e);
/* Those of the JSON array of ids that exist within the filter's tenant, principal and account; newest first. */
MUST_CHECK int q_media_buy_by_ids(struct tx *tx, struct arena *a, const struct media_buy_filter *f, struct str ids,
                                  struct media_buy_rows *out, struct err *e);
/* Has the buyer ever had a confirmed buy? 1 yes, 0 no, -1 failed. */
MUST_CHECK int q_media_buy_confirmed_any(struct tx *tx, struct str tenant_id, struct str principal_id, struct err *e);
MUST_CHECK int q_media_buy_insert(struct tx *tx, const struct media_buy_row *row, struct err *e);
/* Writes everything but the ids and created_at. */
MUST_CHECK int q_media_buy_update(struct tx *tx, const struct media_buy_row *row, struct err *e);

/* The least next_change_at of all tenants, of rows that are not in quarantine; TIME_NONE when nothing is due ever. */
MUST_CHECK int q_media_buy_next_change(struct tx *tx, int64_t *at, struct err *e);

/* What is due at `now`, the oldest first, at most `limit` rows; without what is in quarantine and not to be tried yet. */
MUST_CHECK int q_media_buy_due(struct tx *tx, struct arena *a, int64_t now, struct due_row *rows, int limit, size_t *n,
                               struct err *e);

/* In order of ordinal. */
MUST_CHECK int q_packages_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct package_rows *out,
                                 struct err *e);
/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_package_get(struct tx *tx, struct arena *a, struct str package_id, struct package_row *out,
                             struct err *e);
/* Of all these buys: in the order of the buys, each in order of ordinal. */
MUST_CHECK int q_packages_of_buys(struct tx *tx, struct arena *a, const struct media_buy_rows *buys,
                                  struct package_rows *out, struct err *e);
MUST_CHECK int q_package_insert(struct tx *tx, const struct package_row *row, struct err *e);
/* Writes everything but ids, ordinal, product and pricing option. */
MUST_CHECK int q_package_update(struct tx *tx, const struct package_row *row, struct err *e);
MUST_CHECK int q_package_performance(struct tx *tx, const struct package_row *row, struct err *e);

struct history_row {
    struct str media_buy_id;
    int64_t revision, at;
    struct str actor, action, summary, package_id;
};

/* Appends; the order is that of the calls. */
MUST_CHECK int q_history_add(struct tx *tx, const struct history_row *row, struct err *e);
/* Newest first, at most `limit`. */
MUST_CHECK int q_history_list(struct tx *tx, struct arena *a, struct str media_buy_id, int limit,
                              struct history_row **rows, size_t *n, struct err *e);
