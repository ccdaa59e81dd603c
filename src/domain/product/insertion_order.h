/* Insertion orders: products that are only sold against a signed one (ext.salesagent.io_required) carry it on the
 * committed proposal, and buying needs its acceptance. AdCP 3.1 core/insertion-order.json and create_media_buy,
 * io_acceptance. */
#pragma once

#include "domain/product/proposal.h"

/* Adds "insertion_order" to a committed proposal when one of its products demands it. */
void insertion_order_add(const struct act *act, const struct proposal_view *v, yyjson_mut_doc *doc,
                         yyjson_mut_val *proposal);

/* Checks args.io_acceptance against the order of the proposal as stored. IO_REQUIRED with field /io_acceptance. */
MUST_CHECK int insertion_order_accepted(yyjson_val *args, yyjson_val *proposal, struct err *e);

/* For a package bought without a proposal: IO_REQUIRED with field `at`/product_id when its product demands an order. */
MUST_CHECK int insertion_order_refuse(const struct product *p, const char *at, struct err *e);
