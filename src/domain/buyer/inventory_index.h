/* Finds entries of a list by what they are. A list of a buyer may have 100,000 entries, and is asked about once for each
 * property, record or entry of another: by walking, one request would hold the agent up for minutes. Sorted, not hashed:
 * nobody can choose entries that make it slow. */
#pragma once

#include "domain/buyer/inventory_list.h"

struct inventory_index {
    const struct inventory_entry **sorted; /* by type, value and place in the list; points into the list */
    size_t n;
};

void inventory_index_make(struct arena *a, const struct inventory_entry *items, size_t n, struct inventory_index *out);

/* The first of the list's entries of this type and value, NULL when there is none. */
const struct inventory_entry *inventory_index_find(const struct inventory_index *x, struct str type, struct str value);
