/* One package as a caller asks for it: an entry of packages[] (create), new_packages[] or packages[] (update) in
 * AdCP 3.1 shape, read into typed values and checked against its product. What AdCP only asks us to keep and send
 * back (targeting, terms, context, ...) stays JSON: the package's `doc`. */
#pragma once

#include "domain/product/product.h"
#include "store/q/q_media_buy.h"

#define PACKAGES_MAX 250

enum package_request_kind { PACKAGE_NEW, PACKAGE_CHANGE };

struct package_request {
    enum package_request_kind kind;
    yyjson_val *val;
    const char *at;        /* JSON Pointer of `val` */
    struct str package_id; /* PACKAGE_CHANGE */
    struct str product_id, pricing_option_id; /* PACKAGE_NEW */
    struct str name, pacing;
    int64_t budget_micros, bid_micros, impressions; /* -1: not given */
    int64_t start_at, end_at;                       /* TIME_NONE: not given */
    int paused;                                     /* -1: not given */
    bool canceled;
    bool fixed_price; /* set by who knows the option: a bid is then no price of the package and is not kept */
    struct str cancellation_reason;
    int64_t agreed_micros; /* set by who knows: the rate of a finalized proposal, which holds whatever the price list
                            * says since; -1: none */
};

/* The whole array `args`.`key`; *n is 0 when it is absent. */
MUST_CHECK int package_requests_read(struct arena *a, yyjson_val *args, const char *key, enum package_request_kind kind,
                                     struct package_request **out, size_t *n, struct err *e);

/* Product and pricing option of a new package: PRODUCT_NOT_FOUND, PRODUCT_UNAVAILABLE (taken off sale), or
 * VALIDATION_ERROR for an option the product does not have, with those it has. */
MUST_CHECK int package_product(const struct act *act, const struct package_request *r, struct product *product,
                               const struct pricing_option **option, struct err *e);

/* What the price needs to know of a package, new or changed. */
struct package_price {
    const struct pricing_option *option;
    int64_t budget_micros;
    int64_t bid_micros; /* -1: none given */
    const char *at;     /* the package's JSON Pointer */
    int64_t agreed_micros; /* -1: none; else the rate, without a look at price and floor */
};
/* The rate that applies: the fixed price, or the bid, checked against the floor. BUDGET_TOO_LOW under the option's
 * minimum spend (or nothing) or under the floor; INVALID_REQUEST for a missing bid. A bid on a fixed price means
 * nothing (the SDK's test clients send one) and is not kept. */
MUST_CHECK int package_rate(const struct package_price *in, int64_t *rate_micros, struct err *e);

/* What a package's impressions follow from. */
struct package_goal {
    const struct product *product; /* NULL: gone from the catalogue */
    enum pricing_model model;
    int64_t rate_micros, budget_micros;
    int64_t bought; /* what the price says that the budget buys; -1: nothing */
    int64_t stated; /* the buyer's own goal; -1: none */
    bool fixed_price;
    const char *at; /* the package's JSON Pointer */
};
/* The impressions that are kept free for the package and that its delivery stops at: the buyer's goal, else what the
 * budget buys; -1 when neither says. VALIDATION_ERROR for a goal that the budget does not pay for, and for guaranteed
 * inventory of stated capacity when nothing says how much of it is taken. */
MUST_CHECK int package_goal(const struct package_goal *in, int64_t *goal, struct err *e);

/* Formats, targeting, measurement terms, committed metrics and catalogs of the request, as far as given:
 * UNSUPPORTED_FEATURE, VALIDATION_ERROR, TERMS_REJECTED. */
MUST_CHECK int package_accept(const struct product *p, const struct tenant_settings *ts,
                              const struct package_request *r, struct err *e);

/* The package's doc: members of the request that are kept and echoed, over those of `old` ('' for a new one). */
struct str package_doc(const struct act *act, const struct package_request *r, struct str old);

/* AdCP core/targeting.json as far as this seller honours it: anything else is refused, never ignored. `at` is the
 * overlay's JSON Pointer. */
MUST_CHECK int targeting_accept(const struct tenant_settings *ts, yyjson_val *overlay, const char *at, struct err *e);
