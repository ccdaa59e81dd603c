/* Proposals of the compact lifecycle (AdCP 3.2): snapshots of commercial terms, each a row of `proposal` under an id of its own that
 * never changes what it means.
 *
 *     request --> draft --revise--> draft (another)          draft, committed --decline--> declined
 *                   |
 *                   +--finalize--> committed (another: same terms, inventory kept) --accept--> accepted, with a media buy
 *
 * The id of the committed one follows from its draft's, so finalizing twice is finalizing once. */
#pragma once

#include "domain/commitment/commitment.h"
#include "domain/product/proposal.h"

#define OFFERS_MAX 2000 /* that a buyer may have at a time */

struct offer_purchase {
    struct product product;
    const struct pricing_option *option;
    int64_t budget_micros;
};
struct offer_plan {
    yyjson_val *brand;
    struct offer_purchase purchases[PROPOSAL_ALLOCATIONS_MAX];
    size_t n;
    int64_t start_at, end_at;
    struct str name, description; /* may be empty */
    struct str parent_id; /* what it was made of; empty: of a brief */
};

int64_t offer_total(const struct offer_plan *p);
/* Shares a total out as the purchases are now, or, where they cost nothing yet, evenly. */
void offer_set_total(struct offer_plan *p, int64_t total_micros);
/* What the purchases are together; -1: a price says nothing of impressions. */
int64_t offer_impressions(const struct offer_plan *p);

/* Stores a draft. *shown: core/canonical-proposal.json, as JSON text. INVALID_REQUEST when the buyer has OFFERS_MAX. */
MUST_CHECK int offer_draft(const struct act *act, const struct offer_plan *p, struct str *shown, struct err *e);

/* The buyer's own, of any status. PROPOSAL_NOT_FOUND with field /proposal_id: also for what was declined, or is none of these. */
MUST_CHECK int offer_load(const struct act *act, struct str proposal_id, struct proposal_row *out, struct err *e);
/* 1 read back; 0: a product or price of it is no more; -1. */
MUST_CHECK int offer_read(const struct act *act, const struct proposal_row *row, struct offer_plan *out, struct err *e);

/* The committed one of a draft, made now or earlier. PROPOSAL_EXPIRED, INVALID_STATE (not a draft), PRODUCT_UNAVAILABLE, with
 * field /proposal_id. */
MUST_CHECK int offer_commit(const struct act *act, struct str draft_id, struct str *shown, struct err *e);

/* The task of a finalizing call was approved: commits all that it names, for their buyer. Its result: what refine_proposals would
 * answer, without products. */
MUST_CHECK int offers_approve(const struct act *act, const struct task_row *task, struct err *e);
MUST_CHECK int offers_result(const struct act *act, const struct task_row *task, struct str *out, struct err *e);

/* 1 declined, now or before; 0: `why` says why not; -1. */
MUST_CHECK int offer_decline(const struct act *act, struct str proposal_id, yyjson_val *said, struct err *why,
                             struct err *e);
