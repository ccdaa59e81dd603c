/* AdCP product filters (core/product-filters.json): hard ones; a product that does not satisfy all of them is left
 * out without an error. What a product does not say about itself counts against it where the filter asks for a
 * commitment (metrics, standards, placement types), and for it where the filter asks about reach (countries). */
#pragma once

#include "domain/product/product.h"
#include "domain/product/property_filter.h"

enum filter_reason {
    FILTER_DELIVERY_TYPE,
    FILTER_EXCLUSIVITY,
    FILTER_IS_FIXED_PRICE,
    FILTER_PRICING_STRUCTURES,
    FILTER_PRICING_CURRENCIES,
    FILTER_FORMAT_IDS,
    FILTER_FORMAT_KINDS,
    FILTER_FORMAT_OPTION_REFS,
    FILTER_STANDARD_FORMATS,
    FILTER_MIN_EXPOSURES,
    FILTER_DATES,
    FILTER_BUDGET_RANGE,
    FILTER_COUNTRIES,
    FILTER_REGIONS,
    FILTER_METROS,
    FILTER_POSTAL_AREAS,
    FILTER_GEO_PROXIMITY,
    FILTER_CHANNELS,
    FILTER_VIDEO_PLACEMENT_TYPES,
    FILTER_AUDIO_DISTRIBUTION_TYPES,
    FILTER_SPONSORED_PLACEMENT_TYPES,
    FILTER_SOCIAL_PLACEMENT_SURFACES,
    FILTER_REQUIRED_AXE_INTEGRATIONS,
    FILTER_TRUSTED_MATCH,
    FILTER_REQUIRED_GEO_TARGETING,
    FILTER_REQUIRED_FEATURES,
    FILTER_SIGNAL_TARGETING,
    FILTER_REQUIRED_PERFORMANCE_STANDARDS,
    FILTER_REQUIRED_METRICS,
    FILTER_REQUIRED_VENDOR_METRICS,
    FILTER_REQUIRED_POLICIES,
    FILTER_PROPERTY_LIST,
    FILTER_CATALOG,
    FILTER_REASONS_N,
    FILTER_PASSED = FILTER_REASONS_N
};

/* The member of `filters` (or of the request). */
const char *filter_reason_name(enum filter_reason r);

struct product_filter {
    const struct tenant_settings *ts;
    yyjson_val *filters; /* NULL: none */
    yyjson_val *required_policies;
    int price_kind;                      /* 1 fixed, 0 auction, -1 not asked */
    int64_t budget_min, budget_max;      /* micros; -1: not asked */
    struct str budget_currency;
    struct str catalog_type;             /* of what is to be promoted; empty: not asked */
    int64_t min_exposures;               /* 0: not asked */
    int64_t start_at, end_at;            /* half-open days; TIME_NONE: not asked */
    int64_t horizon_start_at,
        horizon_end_at; /* when the buyer might run, half-open; TIME_NONE: not asked. Filters nothing */
    bool (*feature)(struct str name);    /* whether this seller has a protocol feature; NULL: has none */
    const struct property_filter *properties; /* of a resolved property list; NULL: not asked */
    bool (*standard_format)(void *arg, const struct format_ref *f); /* for standard_formats_only; NULL: cannot tell */
    const char *(*format_kind)(void *arg, const struct format_ref *f); /* for format_kinds; NULL: cannot tell */
    void *standard_arg; /* of both */
};

/* Reads what needs checking; errors are INVALID_REQUEST at /filters/... */
MUST_CHECK int product_filter_read(yyjson_val *args, const struct tenant_settings *ts, struct product_filter *out,
                                   struct err *e);

/* True when nothing is filtered. */
bool product_filter_empty(const struct product_filter *f);

/* FILTER_PASSED, or the first filter that refuses the product. Dates and exposures are compared with the product's
 * capacity alone; bookings are the caller's to subtract. */
enum filter_reason product_filter_check(const struct product_filter *f, const struct product *p);

/* True when this option may be shown: of the asked price kind and currency. */
bool product_filter_option(const struct product_filter *f, const struct pricing_option *o);
