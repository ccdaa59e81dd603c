/* Stored documents: the JSON text of the store's `doc` columns, and what holds for all of them. */
#pragma once

#include "contract/json.h"
#include "contract/limits.h"

/* Before a text is stored. VALIDATION_ERROR without a field when it is longer than `bytes_max`; `what` begins the sentence
 * and names it as its owner does ("The package"). */
MUST_CHECK int document_fits(struct str text, size_t bytes_max, const char *what, struct err *e);
