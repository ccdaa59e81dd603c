/* Delivery facts, what ad servers call what they booked, and buyers' feedback. */
#pragma once

#include <salesagent/adapter.h>

#include "store/store.h"

struct fact_row {
    struct str media_buy_id, package_id;
    int64_t day_at;
    struct str source;
    struct delivered delivered; /* METRIC_UNKNOWN is NULL */
    bool is_final;
    int64_t read_at;
};

struct fact_rows {
    struct fact_row *rows;
    size_t n;
};

/* Ordered by package, day, source. */
MUST_CHECK int q_facts_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct fact_rows *out,
                              struct err *e);
/* One row by its key (the first four members of `row`), into row's other members. 1 found, 0 not, -1 failed. */
MUST_CHECK int q_fact_get(struct tx *tx, struct fact_row *row, struct err *e);
/* The sums over all days of one source; METRIC_UNKNOWN for what no day knows. */
MUST_CHECK int q_fact_sum(struct tx *tx, struct str media_buy_id, struct str package_id, struct str source,
                          struct delivered *out, struct err *e);
/* The last day that has one. 1, 0 there is none, -1 failed. */
MUST_CHECK int q_fact_last_day(struct tx *tx, struct str media_buy_id, struct str package_id, struct str source,
                               int64_t *day_at, struct err *e);
/* Inserts or replaces. */
MUST_CHECK int q_fact_put(struct tx *tx, const struct fact_row *row, struct err *e);

/* What an ad server says of one creative's part of a package's day. */
struct creative_fact_row {
    struct str media_buy_id, package_id, creative_id;
    int64_t day_at;
    struct str source;
    struct delivered delivered;
};
/* Inserts or replaces. */
MUST_CHECK int q_creative_fact_put(struct tx *tx, const struct creative_fact_row *row, struct err *e);
/* Fills `delivered` of the row with this key. 1 found, 0 not (it stays as it was), -1 failed. */
MUST_CHECK int q_creative_fact_get(struct tx *tx, struct creative_fact_row *row, struct err *e);
/* By package, creative and day; of [from_day, to_day). */
struct creative_fact_rows {
    struct creative_fact_row *rows;
    size_t n;
};
MUST_CHECK int q_creative_facts_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                                       struct creative_fact_rows *out, struct err *e);

/* ---- what ad servers call what they booked ---- */

MUST_CHECK int q_remote_package_put(struct tx *tx, struct str package_id, struct str remote_id, struct err *e);

/* The ad server's id of a creative, in all packages of the buy that use it. */
MUST_CHECK int q_remote_creative_id_put(struct tx *tx, struct str media_buy_id, struct str creative_id,
                                        struct str remote_id, struct err *e);
/* The ad server runs this creative in this package. */
struct remote_creative {
    struct str package_id, creative_id;
    int64_t sent_at;
};
MUST_CHECK int q_creative_sent_put(struct tx *tx, const struct remote_creative *r, struct err *e);

struct feedback_row {
    struct str feedback_id, tenant_id, media_buy_id, package_id;
    int64_t at;
    struct str doc; /* JSON object */
};

MUST_CHECK int q_feedback_insert(struct tx *tx, const struct feedback_row *row, struct err *e);
/* Newest first, at most `limit`. */
MUST_CHECK int q_feedback_list(struct tx *tx, struct arena *a, struct str media_buy_id, int limit,
                               struct feedback_row **rows, size_t *n, struct err *e);
