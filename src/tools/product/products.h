/* get_products in parts: what is asked (products.c), what stands in the list and in which order (products_list.c),
 * how one product is shown (products_show.c), refinement (products_refine.c), plans (products_plan.c). */
#pragma once

#include "domain/product/availability.h"
#include "domain/product/forecast.h"
#include "domain/product/format_iab.h"
#include "domain/product/product_filter.h"
#include "domain/product/ranking.h"
#include "domain/buyer/remote_list.h"
#include "domain/rule/rule.h"
#include "tools/product/catalog_reply.h"
#include "tools/core/page.h"

enum buying_mode { MODE_BRIEF, MODE_WHOLESALE, MODE_REFINE };

/* One product of the answer. */
struct found_product {
    struct product p;
    int64_t relevance_bp; /* -1: nothing was ranked */
    uint32_t matched;     /* words of the ranking */
};

/* A refinement the whole answer obeys. */
struct wishes {
    int guaranteed;       /* 1, 0, or -1 not asked */
    int fixed_price;      /* 1, 0, or -1 */
    struct str only[8], without[8]; /* AdCP channels */
    size_t only_n, without_n;
};

struct discovery {
    struct tool_call *c;
    struct tenant_settings ts;
    enum buying_mode mode;
    struct str brief;             /* MODE_BRIEF; empty: none was given */
    struct product_filter filter;
    struct format_verdicts formats; /* for the filter */
    struct property_filter properties;
    bool list_applied;              /* a property list was resolved; false with a list: see `list` */
    struct remote_list list;        /* when another agent keeps it */
    int64_t budget_s;             /* the buyer's time_budget; -1: none, or longer than anything here takes */
    bool firm_waits; /* finalizing needs a person, for whom the budget is too short: nothing was finalized */
    struct wishes wishes;
    struct page page;
    yyjson_val *fields; /* or NULL */
    yyjson_val *only_ids; /* ext.salesagent.product_ids, or NULL */
    yyjson_val *refine; /* MODE_REFINE */
    bool anonymous; /* limited results */
    struct str account_id; /* on whose behalf; empty: nobody's that is there */

    struct ranking ranking;
    struct str *order; /* product ids, in the order of the answer */
    size_t order_n;
    bool order_is_all; /* nothing lies beyond `order` */

    struct found_product *found; /* this page */
    bool reranked; /* by the assistant */
    size_t found_n;
    int64_t total; /* -1: not counted */
    int64_t next_offset; /* -1: last page */
    bool cut; /* the work budget ended before the page was full */
    int64_t excluded[FILTER_REASONS_N];
};

/* products_list.c */
MUST_CHECK int products_order(struct discovery *d, struct err *e);
MUST_CHECK int products_collect(struct discovery *d, struct err *e);

/* products_rerank.c: the page in the order of the optional assistant, when it is known; sets d->reranked. */
void products_rerank(struct discovery *d);

/* products_show.c */
MUST_CHECK int products_show(struct discovery *d, struct err *e);

/* products_refine.c */
MUST_CHECK int refine_check(const struct discovery *d, struct err *e);
void refine_wishes(struct discovery *d);
/* What product-scoped entries say of this product. */
enum refine_fate { REFINE_UNTOUCHED, REFINE_INCLUDED, REFINE_OMITTED };
enum refine_fate refine_fate_of(const struct discovery *d, struct str product_id);
/* refinement_applied; after the products are known. */
MUST_CHECK int refine_report(struct discovery *d, struct err *e);

/* products_plan.c */
MUST_CHECK int plans_offer(struct discovery *d, struct err *e);
/* 1: a person decides on finalizing, and the reply says so; 0: go on; -1. */
MUST_CHECK int plans_submit(struct discovery *d, struct err *e);
/* True when the refinement finalizes proposals. */
bool plans_finalizing(yyjson_val *args);
