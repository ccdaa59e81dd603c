/* All rows of one publisher, in whatever table they are: for removing a publisher whole, and for moving one. A table that is missing here fails
 * tests/unit/store/test_publisher_rows.c. */
#pragma once

#include "store/store.h"

/* Removes them all, but for the audit trail, whose rows are links of a chain. Foreign keys hold again at the commit.
 * *rows: how many went. */
MUST_CHECK int publisher_rows_remove(struct tx *tx, struct str tenant_id, int64_t *rows, struct err *e);

/* The names of the tables that hold a publisher's rows, and of those that hold none or are left alone; NULL-terminated. */
extern const char *const publisher_tables[], *const installation_tables[];

/* ---- one publisher in a file of its own, and back ---- */

/* In a copy of a database: everything but this publisher's rows goes, other publishers', their part of the audit trail and what
 * belongs to the installation. The audit trail's rows of the publisher stay as they are: links of a chain that is elsewhere. */
MUST_CHECK int publisher_rows_keep(struct tx *tx, struct str tenant_id, struct err *e);

/* Of a file that comes from elsewhere: what says that the identity provider knows somebody was not seen here. Sessions end, and
 * each person is bound anew at the next sign-in. */
MUST_CHECK int publisher_rows_unbind(struct tx *tx, struct err *e);

/* In such a file: numbers that must be unique where they are going grow by more than `beyond`, and jobs are nobody's. */
MUST_CHECK int publisher_rows_shift(struct tx *tx, int64_t beyond, struct err *e);
/* The greatest of these numbers here. */
MUST_CHECK int publisher_rows_greatest(struct tx *tx, int64_t *out, struct err *e);

/* The only publisher of such a file. INVALID_REQUEST when it holds none, several, or rows of another one. */
MUST_CHECK int publisher_rows_only(struct tx *tx, struct arena *a, struct str *tenant_id, struct err *e);

/* The file is there as `moved` for the transactions to come; outside of any. */
MUST_CHECK int publisher_rows_attach(struct store *s, const char *path, struct err *e);
/* All rows of the attached file, but for the audit trail; CONFLICT when something of it is here already. */
MUST_CHECK int publisher_rows_take(struct tx *tx, int64_t *rows, struct err *e);

/* Writes a database file that nobody else uses anew, so that nothing of rows that went is left in it, and as one file. */
MUST_CHECK int publisher_rows_compact(const char *path, struct err *e);
