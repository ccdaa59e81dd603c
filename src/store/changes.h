/* What was computed from rows may be kept until one of these rows changes. This says which rows something rests on, and
 * whether one of them has changed since.
 *
 *   Reading. changes_watch() forgets, and from then on the connection notes which tables its statements read (SQLite's
 *     authorizer tells, when a statement is compiled). changes_basis() makes of them what is to be compared later.
 *   Writing. For every row that is inserted, changed or deleted, also by a trigger, SQLite's preupdate hook says of
 *     which table it is and whose; its versions grow when the commit is answered, before anybody hears of it.
 *
 * Whose a row is says the table of tables in changes.c: every table stands there (a test holds that), and what a table of
 * no scope tells can never be kept. A statement whose text has OWN in it reads rows of one buyer only, the one it is
 * asked for; any other rests on the rows of all buyers of the publisher. When in doubt too much counts as changed. */
#pragma once

#include "store/store.h"

/* In the text of a statement, behind SELECT: of tables that belong to buyers it reads the rows of one buyer alone, who is
 * named by its parameters (or owns the media buy that is). Only where what is read is read for a buyer: its own rows. */
#define OWN "/* own */ "

#define BASIS_MAX 40

struct changes_basis {
    uint64_t everything; /* how often all that is stored may have changed */
    size_t n;
    struct {
        uint32_t slot, version;
    } of[BASIS_MAX];
};

/* Whose rows statements with OWN have read. */
struct changes_reader {
    struct str tenant_id, principal_id;
};

/* Forgets what this connection has read so far. */
void changes_watch(struct tx *tx);

/* What was read since changes_watch, all of it in transactions of one store_generation. False: something was read whose
 * changes nobody follows, so nothing that rests on it may be kept. */
MUST_CHECK bool changes_basis(const struct store *s, const struct tx *tx, const struct changes_reader *who,
                              struct changes_basis *out);

/* Is all of it as it was? */
bool changes_none(const struct store *s, const struct changes_basis *b);

/* The scope of a table by its name, for tests: "none", "buyer", "buy", "publisher", "all", "view"; NULL: it has none. */
const char *changes_scope(const char *table);
