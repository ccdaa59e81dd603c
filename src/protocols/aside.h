/* Reads that take long, made by a worker on a connection of its own, one after the other: whoever asks waits, and nobody else. What a
 * worker does may touch its transaction and the memory of its call, nothing of the loop. */
#pragma once

#include "run/loop.h"
#include "store/store.h"

/* What a buyer's read may cost, in steps of SQLite's machine (store.h, tx_limit); a package in a report is 25 and some 5 us. On
 * the loop, where all others wait; there for what is never made aside; and aside. */
#define READ_STEPS_PROMPT 20000
#define READ_STEPS_MAX    10000000
#define ASIDE_STEPS_MAX   20000000

#define ASIDE_BYTES_MAX   (16 << 20) /* of an answer that is made aside */
#define ASIDE_WAITING_MAX 16 /* calls */
#define ASIDE_OWN_MAX     4 /* of one caller */

struct aside_read {
    void (*read)(struct aside_read *r, struct tx *tx); /* on the worker */
    void (*done)(struct aside_read *r); /* in a later turn */
    struct str tenant_id, principal_id; /* whose; they live as long as the read */
    struct list node;
    bool made; /* false in `done`: no connection could be had when its turn came */
};

struct aside {
    struct work work;
    struct loop *loop; /* NULL before the first */
    struct store *store;
    struct tx *tx;
    struct list waiting; /* the first of them is being made */
    size_t waiting_n;
    uint64_t made; /* since the start */
    bool stopping; /* nobody waits for what has not been begun */
};

/* 1 when it will be done, 0 when it cannot be here (the store has no connection to spare), -1 when too many wait, or of this caller. */
int aside_start(struct aside *a, struct loop *l, struct store *s, struct aside_read *r);
