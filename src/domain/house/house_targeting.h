/* A targeting overlay and a product's key-values, as the serving side matches them. What it cannot honour was refused when the
 * package was booked (adapters/house/admit.c). */
#pragma once

#include "contract/json.h"
#include "serving/visit.h"

/* `overlay` may be NULL; `key_values` {key: [values]} or NULL. Groups live in the arena. */
void house_targeting(struct arena *a, yyjson_val *overlay, yyjson_val *key_values, struct targeting *out);

/* The pairs of {key: [values]} and of a section, in the arena; *n is set. */
const uint64_t *house_pairs(struct arena *a, struct str section, yyjson_val *key_values, size_t *n);
