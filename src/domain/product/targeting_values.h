/* What a package refers to, held against what exists and what is declared. Which members of an overlay are honoured at all is
 * targeting_accept's (package_request.h). */
#pragma once

#include "domain/product/product.h"

bool country_exists(struct str code); /* "GB"; not "UK", which ISO 3166-1 has not */
bool region_exists(struct str code); /* "US-CA" */

/* What a package of the product refers to: the values of its targeting_overlay, catalogs, optimization_goals' event sources, format_option_refs. `at` is the
 * package's JSON Pointer. VALIDATION_ERROR for places that do not exist or in which the product is not sold,
 * UNSUPPORTED_FEATURE for metro areas of a system that is not declared and for signals on a product that takes none,
 * REFERENCE_NOT_FOUND and AUDIENCE_TOO_SMALL for audiences, SIGNAL_NOT_FOUND for signals, REFERENCE_NOT_FOUND for the rest. */
MUST_CHECK int package_refs_accept(const struct act *act, const struct product *p, yyjson_val *package, const char *at,
                                   struct err *e);

/* A catalog that is named by its catalog_id is one of the buyer's: REFERENCE_NOT_FOUND at `at`/catalog_id. One whose items
 * are in the call names none. */
MUST_CHECK int catalog_ref_accept(const struct act *act, yyjson_val *catalog, const char *at, struct err *e);

/* Whether the product has a format option of that id, declared or as get_products shows its named formats. */
bool product_has_option(const struct product *p, struct str id);

/* Whether a product is sold in one of the places: codes of countries and of regions, either NULL. Anywhere, when it says
 * nothing. */
bool product_sold_in(const struct product *p, yyjson_val *countries, yyjson_val *regions);

/* How many members an audience needs to be targeted. */
int64_t audience_minimum(const struct act *act);
