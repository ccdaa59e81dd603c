/* Products and the slots they are sold on. */
#pragma once

#include "domain/product/slot.h"

/* A product that has just been written, against the ad server it is sold on: when that is the built-in one, its settings must be
 * what that takes, its slots must exist, and each of its formats must fit one of them. Products of other ad servers pass: what
 * these have may be known only later. INVALID_REQUEST, with the place below the product. */
MUST_CHECK int slot_check_product(struct catalog_writer *w, yyjson_val *product, struct err *e);

/* Which slots each product names. */
struct slot_use {
    struct str product_id, slot_id;
};
struct slot_uses {
    struct slot_use *uses;
    size_t n;
};
/* Of a publisher, in the order of its products. */
MUST_CHECK int slot_uses_of(struct tx *tx, struct arena *a, struct str tenant_id, struct slot_uses *out, struct err *e);
