/* Products and the slots they are sold on. */
#pragma once

#include "domain/product/product.h"
#include "domain/product/slot.h"

/* A product of the built-in ad server, whose slots exist: each of its formats must fit one of them. INVALID_REQUEST, with the place
 * below the product. */
MUST_CHECK int slot_check_formats(struct catalog_writer *w, const struct product *p, struct err *e);

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
