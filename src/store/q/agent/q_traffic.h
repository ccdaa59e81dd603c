/* What a sandbox's jobs sent for a buyer. */
#pragma once

#include "store/store.h"

#define TRAFFIC_KEPT 1000 /* of each buyer */

struct traffic_row {
    struct str tenant_id, principal_id, method, url, content_type, body, purpose;
    int64_t sent_at, http_status; /* status -1: none */
};

/* The oldest beyond TRAFFIC_KEPT go. */
MUST_CHECK int q_traffic_insert(struct tx *tx, const struct traffic_row *row, struct err *e);

struct traffic_filter {
    struct str tenant_id, principal_id;
    int64_t since; /* TIME_NONE: all */
};
/* Oldest first, at most TRAFFIC_KEPT. */
MUST_CHECK int q_traffic_list(struct tx *tx, struct arena *a, const struct traffic_filter *f, struct traffic_row **rows,
                              size_t *n, struct err *e);
