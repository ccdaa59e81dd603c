/* What earlier calls were answered, by the names of the members it stood under: ids, cursors, accounts, formats. So a
 * generated call names things that exist and gets past the first look-up. */
#pragma once

#include "base/id.h"
#include "contract/json.h"

#define POOL_NAMES  512
#define POOL_VALUES 24

struct known {
    struct arena arena;
    struct rng *rng;
    struct pool_name {
        struct str name;
        struct str values[POOL_VALUES]; /* JSON texts */
        size_t n, seen;
    } names[POOL_NAMES];
    size_t n;
};

void pool_init(struct known *p, struct rng *rng);
void pool_finish(struct known *p);
/* Keeps what of the document other calls could name. */
void pool_note(struct known *p, yyjson_val *document);
/* A value that was seen under `name`, or as an item of a list of that name; for "id" what `parent` was called counts, too.
 * NULL when there is none. */
yyjson_mut_val *pool_pick(struct known *p, yyjson_mut_doc *doc, struct str parent, struct str name);

uint64_t rng_below(struct rng *r, uint64_t n);
bool rng_percent(struct rng *r, int percent);
