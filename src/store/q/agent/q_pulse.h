/* The row that shows that the store can be written. */
#pragma once

#include "store/store.h"

MUST_CHECK int q_pulse_write(struct tx *tx, int64_t now, struct err *e);

/* How many migrations there are in this database; -1 failed. */
MUST_CHECK int q_schema_count(struct tx *tx, struct err *e);
