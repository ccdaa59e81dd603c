/* Whether a stored catalogue object, shown to a buyer, is valid AdCP 3.1: for import, so that a mistake is found by
 * the publisher and not by the first buyer's validator. */
#pragma once

#include "contract/json.h"
#include "store/q/q_catalog.h"

/* Looks at the row as it is stored now. INVALID_REQUEST with the pointer relative to the object. */
MUST_CHECK int catalog_check_stored(struct tx *tx, struct arena *a, enum catalog_kind kind, struct str tenant_id,
                                    struct str id, struct err *e);
