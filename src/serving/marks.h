/* Which tokens were used for what: sixteen bits for each, kept in pages that exist once something in them was used.
 *
 * Tokens are numbered within an epoch: a random number that stands for a stretch of time. When an epoch is older than
 * what may still be counted, it is forgotten, and its tokens are unknown from then on; likewise the oldest one when
 * there is no memory for more. So the memory is bounded whatever the traffic. */
#pragma once

#include "base/compiler.h"

struct marks;

struct marks_options {
    int64_t life_ms;    /* how long an epoch is kept after the last token of it was issued */
    size_t bytes_max;   /* of all pages */
};

struct marks *marks_create(const struct marks_options *o);
void marks_destroy(struct marks *m); /* NULL-safe */

/* Makes an epoch known; tokens of it may be issued until `until_ms`. Known ones stay as they are. */
void marks_open(struct marks *m, uint32_t epoch, int64_t until_ms);
/* Forgets what is too old. */
void marks_turn(struct marks *m, int64_t now_ms);

enum mark { MARK_SET, MARK_WAS_SET, MARK_UNKNOWN /* epoch */, MARK_NO_MEMORY };

/* Sets bit 0..15 of a token. */
enum mark marks_set(struct marks *m, uint32_t epoch, uint32_t sequence, int bit);
/* Sets all bits of `bits`: what a crash must not forget was stored, and comes back. Nothing for an unknown epoch. */
void marks_restore(struct marks *m, uint32_t epoch, uint32_t sequence, uint16_t bits);
bool marks_has(const struct marks *m, uint32_t epoch, uint32_t sequence, int bit);

size_t marks_bytes(const struct marks *m);
size_t marks_epochs(const struct marks *m);
