/* What a product says of its ad server (ext.salesagent.ad_server), held against that ad server when the product is written: a
 * mistake is found by the publisher and not by the first booking. */
#pragma once

#include "domain/product/catalog.h"
#include "domain/product/product.h"

/* INVALID_REQUEST with the pointer relative to the product: an ad server that the publisher does not have, or settings its
 * adapter does not take. What only the inventory can tell is judged once that was read. */
MUST_CHECK int product_check_ad_server(struct catalog_writer *w, const struct product *p, struct err *e);

/* After ad servers were written: INVALID_STATE naming a stored product whose ad server is none of the publisher's. */
MUST_CHECK int products_have_ad_servers(struct tx *tx, struct arena *a, struct str tenant_id, struct err *e);
