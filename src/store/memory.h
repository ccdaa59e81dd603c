/* What rows were made into (a product read, a format understood), kept in memory until one of the rows changes.
 *
 *     static int make(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e);
 *     int rc = memory_get(tx, arena, &(struct memory_of){ make, tenant_id, product_id }, &out, &e);
 *
 * Which rows that are is noted while `make` reads them (store/changes.h), so nobody has to say when something is out of date;
 * what the open transaction itself has changed is made anew and not kept. Only what rests on rows of a publisher or of the
 * installation is kept, not what rests on a buyer's media buys. A caller holds what it was given as long as its arena. */
#pragma once

#include "base/arena.h"
#include "store/store.h"

struct memory_of;
/* Makes it, in `a`, of rows that it reads with tx and of nothing else but *of. 1 made, 0 there is none, -1 failed. */
typedef int memory_make(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e);

/* What it is of: `make` is called with all of it, and the same in every part is the same. */
struct memory_of {
    memory_make *make;
    struct str tenant_id, id, also;
    int64_t numbers[3];
};

/* As `make` answers. *out (when 1) is not to be changed, and lives as long as the arena. */
MUST_CHECK int memory_get(struct tx *tx, struct arena *a, const struct memory_of *of, const void **out, struct err *e);
