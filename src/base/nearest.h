/* "Did you mean": the known word that is closest to a misspelt one. */
#pragma once

#include "base/compiler.h"

/* Of `n` words, the one reached by the fewest inserted, dropped, changed or swapped characters (upper and
 * lower case, '-' and '_' count as equal), or NULL when none is close: a third of the word at most, and never
 * all of it. */
const char *nearest_word(struct str word, const char *const *words, size_t n);
