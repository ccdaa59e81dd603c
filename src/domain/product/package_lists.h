/* The lists of a package's targeting overlay (property_list, collection_list, collection_list_exclude): whether they can
 * be followed and leave anything of the product, when a package is bought or changed; and what they hold, for the ad
 * server. */
#pragma once

#include "domain/product/package_request.h"

/* REFERENCE_NOT_FOUND, SERVICE_UNAVAILABLE, INVALID_REQUEST for lists that cannot be had; VALIDATION_ERROR for a list that
 * names none of the product's properties, or some only where the product is sold with all of them. In a sandbox a list
 * that nobody answers for is let pass with a *warning, which is otherwise left as it is. -1 also when the operation must
 * wait for another agent's list (domain/core/act.h: struct outside). */
MUST_CHECK int package_lists_accept(const struct act *act, const struct product *p, const struct package_request *r,
                                    struct str *warning, struct err *e);

/* The overlay for the ad server: each list with what it holds (`identifiers`, [{type, value}]) as far as it is known,
 * and without the buyer's token. `principal_id`: whose package it is. */
MUST_CHECK int package_lists_resolve(const struct act *act, struct str principal_id, yyjson_val *overlay,
                                     struct str *out, struct err *e);
