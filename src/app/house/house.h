/* The built-in ad server at work: loads what it runs when the rows of it have changed, ticks once a second, and writes what was
 * counted. It sleeps, without any timer, until a publisher has slots.
 *
 *   commit ──> what has changed? ──load──> lineup ──install──> serving <── doors (protocols/ads.c)
 *                                                                 │
 *   every second: tick; batch ──parts, one write command each──> store
 *   every minute: money that is owed for time; days that are over
 *   every hour:   what is too old is forgotten */
#pragma once

#include "domain/house/house_record.h"
#include "protocols/ads.h"
#include "run/loop.h"
#include "store/store.h"

struct house;

struct house_options {
    struct str secret; /* of the installation */
    const struct web_policy *web;
    bool sandbox;
    const char *data_dir; /* where publishers' files of countries are; NULL: none are read */
};

/* Reads everything, so that the first request is answered. The loop and the store must outlive it. */
MUST_CHECK int house_start(struct house **out, struct loop *loop, struct store *store, const struct house_options *o,
                           struct err *e);
/* Rows may have changed by another process's commit. */
void house_look_again(struct house *h);
/* Writes nothing more: what was not written is lost, as in a crash. Call house_flush before. */
void house_destroy(struct house *h); /* NULL-safe */

/* Writes what was counted until now; `done` runs in a turn, or at once when there is nothing. At most one at a time. */
void house_flush(struct house *h, void (*done)(void *arg), void *arg);

struct ads_doors *house_doors(struct house *h);
struct serving *house_serving(struct house *h);
