/* Rows of the built-in ad server: keys, the buys it runs, and what it counted. What the numbers mean is the fast side's to
 * say; here they are stored. */
#pragma once

#include <salesagent/adapter.h>

#include "store/store.h"

enum house_key_kind { HOUSE_KEY_PUBLISHER, HOUSE_KEY_PACKAGE, HOUSE_KEY_CREATIVE };

/* Who owns a creative: a principal of a tenant, in one text, and back. */
struct str house_creative_owner(struct arena *a, struct str tenant_id, struct str principal_id);
bool house_creative_owner_read(struct str owner, struct str *tenant_id, struct str *principal_id);

/* The number of a thing, made when there is none yet (inside a write transaction). */
MUST_CHECK int q_house_key_make(struct tx *tx, enum house_key_kind kind, struct str owner, struct str id, int64_t *key,
                                struct err *e);
/* 1 found, 0 there is none, -1 failed. */
MUST_CHECK int q_house_key_get(struct tx *tx, enum house_key_kind kind, struct str owner, struct str id, int64_t *key,
                               struct err *e);
/* What a number stands for. 1 found, 0 not, -1 failed. */
MUST_CHECK int q_house_key_name(struct tx *tx, struct arena *a, int64_t key, struct str *owner, struct str *id,
                                struct err *e);

/* ---- publishers ---- */

/* Notes that a publisher has slots. */
MUST_CHECK int q_house_publisher_add(struct tx *tx, struct str tenant_id, struct err *e);

struct house_publisher_row {
    struct str tenant_id;
    int64_t seq;
};
struct house_publisher_rows {
    struct house_publisher_row *rows;
    size_t n;
};
/* Those that changed after `seq`, the earliest change first, at most `max`. */
MUST_CHECK int q_house_publishers_since(struct tx *tx, struct arena *a, int64_t seq, size_t max,
                                        struct house_publisher_rows *out, struct err *e);

/* ---- buys ---- */

/* Notes that a buy is run here and has changed. */
MUST_CHECK int q_house_buy_touch(struct tx *tx, struct str tenant_id, struct str media_buy_id, struct err *e);
/* Until when the money is accounted that a buy owes for time; 0: not yet at all. */
MUST_CHECK int q_house_buy_accrued_get(struct tx *tx, struct str media_buy_id, int64_t *at, struct err *e);
MUST_CHECK int q_house_buy_accrued_put(struct tx *tx, struct str media_buy_id, int64_t at, struct err *e);
MUST_CHECK int q_house_buy_forget(struct tx *tx, struct str media_buy_id, struct err *e);

struct house_buy_row {
    struct str media_buy_id, tenant_id;
    int64_t seq;
};
struct house_buy_rows {
    struct house_buy_row *rows;
    size_t n;
};
/* All of a publisher. */
MUST_CHECK int q_house_buys_of(struct tx *tx, struct arena *a, struct str tenant_id, struct house_buy_rows *out,
                               struct err *e);
/* Those that changed after `seq`, the earliest change first, at most `max`. */
MUST_CHECK int q_house_buys_since(struct tx *tx, struct arena *a, int64_t seq, size_t max, struct house_buy_rows *out,
                                  struct err *e);

/* ---- a batch ---- */

struct house_count_row {
    int64_t package, creative, slot, hour_at;
    int event, invalid;
    int64_t n;
};
/* Adds to what is there. */
MUST_CHECK int q_house_count_add(struct tx *tx, const struct house_count_row *row, struct err *e);

MUST_CHECK int q_house_way_put(struct tx *tx, int64_t package, int64_t n, int64_t at, struct err *e);
/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_house_way_get(struct tx *tx, int64_t package, int64_t *n, int64_t *at, struct err *e);

MUST_CHECK int q_house_used_add(struct tx *tx, int64_t at, struct str tokens, struct err *e);
MUST_CHECK int q_house_epoch_put(struct tx *tx, int64_t epoch, int64_t until_ms, struct err *e);

struct house_exposure_row {
    int64_t package, visitor, useful_until_s;
    struct str seen;
};
MUST_CHECK int q_house_exposure_put(struct tx *tx, const struct house_exposure_row *row, struct err *e);

struct house_place_row {
    int64_t slot, key, package, creative, asked_s;
};
MUST_CHECK int q_house_place_put(struct tx *tx, const struct house_place_row *row, struct err *e);
MUST_CHECK int q_house_history_put(struct tx *tx, int64_t slot, struct str week, struct err *e);

/* Facts of a publisher's buys here, of days before `day_at`, become final. *n: how many. */
MUST_CHECK int q_house_facts_close(struct tx *tx, struct str tenant_id, struct str source, int64_t day_at, int64_t *n,
                                   struct err *e);

/* ---- at the start: each calls `each` for every row; what it is given lives until it returns ---- */

MUST_CHECK int q_house_epochs(struct tx *tx, void (*each)(void *arg, int64_t epoch, int64_t until_ms), void *arg,
                              struct err *e);
MUST_CHECK int q_house_used(struct tx *tx, int64_t since, void (*each)(void *arg, struct str tokens), void *arg,
                            struct err *e);
MUST_CHECK int q_house_exposures(struct tx *tx, int64_t now_s,
                                 void (*each)(void *arg, const struct house_exposure_row *row), void *arg,
                                 struct err *e);
MUST_CHECK int q_house_places(struct tx *tx, int64_t since_s,
                              void (*each)(void *arg, const struct house_place_row *row), void *arg, struct err *e);
MUST_CHECK int q_house_histories(struct tx *tx, void (*each)(void *arg, int64_t slot, struct str week), void *arg,
                                 struct err *e);

/* ---- expiry: at most `max` rows each; how many went ---- */

struct house_expiry {
    int64_t counts_before; /* hours that began before */
    int64_t used_before, epochs_before_ms, exposures_before_s, places_before_s;
    int64_t max;
};
/* Counts of one publisher's ads alone, of hours that began before `before`; at most `max`. */
MUST_CHECK int q_house_expire_counts(struct tx *tx, struct str tenant_id, int64_t before, int64_t max, int64_t *gone,
                                     struct err *e);
MUST_CHECK int q_house_expire(struct tx *tx, const struct house_expiry *x, int64_t *gone, struct err *e);

/* ---- reports ---- */

/* Sums by what is asked for; the rest is 0. Hours of [from, to). `package` 0: of the packages of a publisher's buys. */
struct house_report_ask {
    struct str tenant_id, media_buy_id; /* the buy may be empty: all */
    int64_t from, to;
    bool by_package, by_creative, by_slot, by_hour;
    size_t max;
};
struct house_report_rows {
    struct house_count_row *rows;
    size_t n;
    bool more;
};
MUST_CHECK int q_house_report(struct tx *tx, struct arena *a, const struct house_report_ask *ask,
                              struct house_report_rows *out, struct err *e);

/* What somebody asked for of the slots that the publisher has, by slot when that is asked for: rows of EVENT_REQUEST `event`.
 * Of the ask the buy does not matter. */
MUST_CHECK int q_house_requests(struct tx *tx, struct arena *a, const struct house_report_ask *ask, int event,
                                struct house_report_rows *out, struct err *e);

/* What counts of packages, each creative and slot for itself: in the order of packages. */
MUST_CHECK int q_house_parts(struct tx *tx, const struct house_report_ask *ask,
                             void (*each)(void *arg, const struct house_count_row *row), void *arg, struct err *e);

/* The facts of `source` of a publisher's packages, summed over [from_day_at, to_day_at), in the order of keys. */
struct house_fact_row {
    int64_t package; /* key */
    struct str currency, pricing_model;
    struct delivered
        delivered; /* impressions, clicks, views, completed and viewable ones, spend; 0 for what is unknown */
};
struct house_fact_ask {
    struct str tenant_id, media_buy_id, source; /* the buy may be empty: all */
    int64_t from_day_at, to_day_at;
};
MUST_CHECK int q_house_facts(struct tx *tx, struct arena *a, const struct house_fact_ask *ask,
                             struct house_fact_row **rows, size_t *n, struct err *e);
