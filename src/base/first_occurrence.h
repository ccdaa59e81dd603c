/* Which of many ids, or other words of a caller's, were given before. By sorting: comparing each with all before it would let one call of 10,000 items
 * hold the agent up, and a hash could be made slow by who chooses the ids. */
#pragma once

#include "base/arena.h"

/* For each of the ids the place of the first that equals it: its own when it is the first. In the arena. */
const size_t *first_occurrences(struct arena *a, const struct str *ids, size_t n);
