/* Values made from the contract's tables (contract/program.h): a walk over the operations of a node that builds what they
 * ask for. It prefers the edges: as many items as may be, the longest strings, the first and the last day, numbers that
 * are longer when they are written. What it makes is valid or nearly so; the validator says which. */
#pragma once

#include "contract/validate_internal.h"
#include "pool.h"

struct gen {
    struct rng *rng;
    struct known *pool;
    struct arena *arena;
    yyjson_mut_doc *doc;
    int64_t now;
    int optional_percent; /* of members that may be missing */
    int extreme_percent; /* of values that lie at an edge */
    int nodes; /* that may still be made, roughly */
    uint64_t keys; /* idempotency keys made so far */
    struct str product; /* the last one named: its pricing options go with it */
    yyjson_val *products; /* an array of {product_id, pricing_options}, of the publishers' files */
};

yyjson_mut_val *gen_value(struct gen *g, const struct contract *c);

/* Values that somebody, somewhere, has not thought of. */
yyjson_mut_val *gen_odd(struct gen *g);
/* One of the options of a product that is known; empty when it is not. */
struct str gen_pricing_option(struct gen *g, struct str product_id);
const char *gen_day(struct gen *g, bool with_time, bool late);
