/* All rows of one publisher, in whatever table they are: for removing a publisher whole. A table that is missing here fails
 * tests/unit/store/test_publisher_rows.c. */
#pragma once

#include "store/store.h"

/* Removes them all, but for the audit trail, whose rows are links of a chain. Foreign keys hold again at the commit.
 * *rows: how many went. */
MUST_CHECK int publisher_rows_remove(struct tx *tx, struct str tenant_id, int64_t *rows, struct err *e);

/* The names of the tables that hold a publisher's rows, and of those that hold none or are left alone; NULL-terminated. */
extern const char *const publisher_tables[], *const installation_tables[];
