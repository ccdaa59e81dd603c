/* get_products by a property list (AdCP 3.1 get_products, property_list): which products can run on the listed
 * properties.
 *
 * A product names its properties by selectors (publisher_properties); a list holds identifiers. Both are compared over the
 * publisher's catalogue of properties, and a publisher domain without a catalogued property counts as one property, its
 * domain. A product that does not let buyers choose among its properties (property_targeting_allowed false, the default)
 * is all or nothing. */
#pragma once

#include "domain/buyer/inventory_index.h"
#include "domain/buyer/inventory_list.h"
#include "domain/product/product.h"

struct property_filter {
    bool everything;      /* the list names all there is */
    yyjson_val **properties;
    bool *listed;         /* by property */
    size_t properties_n;
    struct inventory_index entries;
};

MUST_CHECK int property_filter_make(const struct act *act, const struct inventory_entries *entries,
                                    struct property_filter *out, struct err *e);

/* How many of the product's properties the list names. */
enum property_match { PROPERTIES_NONE, PROPERTIES_SOME, PROPERTIES_ALL };
enum property_match property_filter_match(const struct property_filter *f, const struct product *p);

/* All of them, or some where the product lets buyers choose. */
bool property_filter_admits(const struct property_filter *f, const struct product *p);
