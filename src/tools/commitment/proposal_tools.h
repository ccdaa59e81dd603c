/* What the tools of proposals share in writing replies. */
#pragma once

#include "domain/commitment/offer.h"
#include "tools/tool.h"

#define PROPOSALS_SHOWN_MAX    64
#define PROPOSALS_PRODUCTS_MAX 100

struct proposals_reply {
    struct tool_call *c;
    yyjson_mut_val *list; /* of core/canonical-proposal.json */
    struct str products[PROPOSALS_PRODUCTS_MAX]; /* each once */
    size_t products_n;
};

/* Appends what offer_draft or offer_commit has shown to the list, and remembers the plan's products. NULL plan: none. */
void proposals_add(struct proposals_reply *r, struct str shown, const struct offer_plan *plan);
/* Adds "products" to the reply: compact ones, of all plans. */
MUST_CHECK int proposals_products(struct proposals_reply *r, struct err *e);
