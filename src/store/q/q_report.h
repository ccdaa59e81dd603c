/* Where the stream of delivery reports of a media buy stands. */
#pragma once

#include "store/store.h"

struct report_row {
    struct str media_buy_id, tenant_id, frequency, metrics;
    int64_t version, period_start, sequence;
    bool is_delayed, is_final;
    int64_t updated_at;
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_report_get(struct tx *tx, struct arena *a, struct str media_buy_id, struct report_row *out,
                            struct err *e);
/* Inserts or replaces. */
MUST_CHECK int q_report_put(struct tx *tx, const struct report_row *row, struct err *e);
