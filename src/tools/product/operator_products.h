/* Walking a publisher's products, for lists of its people. */
#pragma once

#include "domain/product/product.h"
#include "tools/tool.h"

/* The products from `at` on, in the publisher's order, that hold `text` (any case, of ASCII letters; empty: all) in name,
 * description or id, and are on sale or not as `sale` says ("on", "off"; empty: all): each is handed to `each`, at most `limit`
 * of them. Afterwards `at` is where to go on, -1 at the end. A damaged one is left out. */
struct operator_products {
    struct tool_call *c;
    struct str text, sale;
    int64_t limit, at;
    int (*each)(void *arg, const struct product *p, struct err *e); /* 0, or -1 with an error */
    void *arg;
};
MUST_CHECK int operator_products_each(struct operator_products *l, struct err *e);

/* The one that the argument product_id names. 0, or PRODUCT_NOT_FOUND. */
MUST_CHECK int operator_product_load(struct tool_call *c, struct product *out, struct err *e);
