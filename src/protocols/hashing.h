/* Hashes of passwords, made by a worker one after the other: each takes a tenth of a second of a core and 64 MiB, and the
 * threads are those that commits need too. Who comes when many wait already is sent away. */
#pragma once

#include "domain/core/slow_hash.h"
#include "run/loop.h"

#define HASHES_WAITING_MAX 32

struct hash_wait {
    struct slow_hash *hash; /* stays until `done` */
    void (*done)(struct hash_wait *w); /* in a later turn */
    struct list node;
};

struct hashing {
    struct work work;
    struct loop *loop; /* NULL before the first */
    struct list waiting; /* the first of them is being made */
    size_t waiting_n;
};

/* -1, and `done` is not called, when too many wait. */
MUST_CHECK int hashing_start(struct hashing *h, struct loop *l, struct hash_wait *w);
