/* The audit trail's end, written down outside the database: DATA/audit.anchor, one line "SEQ HASH TIME" at the start, each
 * hour in which something happened, and at the end. A database put back to an older copy does not have the rows that
 * were written down; the start says so in the log and `salesagent audit verify` finds it. Whoever puts back a backup on
 * purpose removes the file. */
#pragma once

#include "base/rfc3339.h"
#include "run/loop.h"
#include "store/store.h"

#define ANCHOR_FILE "audit.anchor"

struct anchor {
    struct loop *loop;
    struct store *store;
    const char *path;
    struct timer timer;
    struct work work;
    bool writing;
    int64_t seq; /* written down last */
    char line[160];
    size_t line_n;
};

/* `path` must outlive the anchor. Sees whether the newest line is in the trail, and begins. */
void anchor_start(struct anchor *a, struct loop *loop, struct store *store, const char *path);
/* Writes the last line. The loop has ended, the store is still open. */
void anchor_stop(struct anchor *a);
