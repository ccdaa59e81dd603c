/* Slots: the places where the built-in ad server shows ads. `doc` is described in docs/ad-servers/house.md. */
#pragma once

#include "store/store.h"

#define SLOTS_MAX 5000 /* of a publisher */

struct slot_row {
    int64_t slot_key; /* 0 before it is stored */
    struct str tenant_id, slot_id, doc;
};

struct slot_rows {
    struct slot_row *rows;
    size_t n;
};

/* 1 found, 0 not, -1 failed. */
MUST_CHECK int q_slot_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str slot_id,
                          struct slot_row *out, struct err *e);
/* By id, at most SLOTS_MAX. */
MUST_CHECK int q_slots_of(struct tx *tx, struct arena *a, struct str tenant_id, struct slot_rows *out, struct err *e);
/* Insert, or bring to this state. 1 something changed, 0 nothing, -1 failed. */
MUST_CHECK int q_slot_put(struct tx *tx, const struct slot_row *row, int64_t now, struct err *e);
/* 1 it was there, 0 not. */
MUST_CHECK int q_slot_delete(struct tx *tx, struct str tenant_id, struct str slot_id, struct err *e);
MUST_CHECK int q_slot_count(struct tx *tx, struct str tenant_id, int64_t *out, struct err *e);
