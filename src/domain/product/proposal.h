/* Proposals: media plans over several products.
 *
 *     draft ---finalize---> committed ---create_media_buy---> accepted
 *                             |  ^
 *                             +--+ lapses at expires_at; finalizing again renews it
 *
 * A draft is not stored: its id carries its allocations (fingerprints of product and pricing option, and percents),
 * with a checksum over the publisher, so that a draft means the same tomorrow and needs no row. Finalizing writes
 * the row, freezes the prices and keeps the inventory that the recommended budget buys; acceptance turns the allocations into packages
 * and lets the hold go. AdCP 3.1 get_products (refine, finalize) and create_media_buy (proposal_id). */
#pragma once

#include "domain/product/product.h"
#include "store/q/q_proposal.h"

#define PROPOSAL_ALLOCATIONS_MAX 6
#define PROPOSAL_DRAFT_DAYS      7

struct allocation {
    struct product product;
    const struct pricing_option *option;
    int percent; /* 1..100; all of a proposal's add up to 100 */
};

struct proposal {
    struct str proposal_id;
    struct str name, description; /* may be empty */
    struct allocation allocations[PROPOSAL_ALLOCATIONS_MAX];
    size_t n;
};

/* Plans the publisher made itself are in its settings, "proposals": [{proposal_id, name, description, allocations:
 * [{product_id, pricing_option_id, percent}]}], with ids of its own; they are drafts until finalized, like the others.
 * The i-th of them: 1 read, 0 there is none (or it names what is no more), -1 failed. `count`: how many there are. */
size_t proposal_curated_count(const struct tenant_settings *ts);
MUST_CHECK int proposal_read_curated(const struct act *act, const struct tenant_settings *ts, size_t i,
                                     struct proposal *out, struct err *e);
/* Checks them as far as they can be without looking at products; errors name the place below "/proposals". */
MUST_CHECK int proposal_check_curated(yyjson_val *settings, struct err *e);

/* Gives the proposal its id; allocations and percents must be set. */
void proposal_name(const struct act *act, struct proposal *p);

/* Reads a draft back from its id, or one of the publisher's own. 1 read; 0 no such draft (not ours, altered, or of products or prices that are no
 * more); -1 failed. */
MUST_CHECK int proposal_read_draft(const struct act *act, struct str proposal_id, struct proposal *out, struct err *e);

/* What it should cost: min, recommended and max of the whole plan, micros, in the first allocation's currency. */
struct proposal_budget {
    int64_t min, recommended, max;
};
struct proposal_budget proposal_budget(const struct proposal *p, const struct tenant_settings *ts);

/* The AdCP proposal object. `expires_at` is shown; `status` is "draft" or "committed". */
struct proposal_view {
    const struct proposal *proposal;
    const struct tenant_settings *ts;
    const char *status;
    int64_t now, expires_at;
};
yyjson_mut_val *proposal_json(yyjson_mut_doc *doc, const struct proposal_view *v);

/* Commits the draft for the act's principal: firm until the publisher's hold ends. A proposal that is committed and
 * not lapsed is given back as it is. PROPOSAL_NOT_FOUND; PRODUCT_UNAVAILABLE when guaranteed inventory does not
 * suffice. `doc` is the AdCP object. Write transactions only. */
MUST_CHECK int proposal_finalize(const struct act *act, struct str proposal_id, struct str *doc, struct err *e);

/* What was agreed when the proposal was finalized, for each of its packages. */
struct proposal_terms {
    struct str proposal_id; /* empty: there is no proposal and nothing was agreed */
    int64_t rate_micros[PROPOSAL_ALLOCATIONS_MAX]; /* -1: the option had no known rate */
    size_t n;
};
/* create_media_buy: when args has a proposal_id, *out is args with the packages the proposal stands for; otherwise
 * args itself. INVALID_REQUEST (total_budget missing, packages given too), PROPOSAL_NOT_FOUND,
 * PROPOSAL_NOT_COMMITTED, PROPOSAL_EXPIRED, IO_REQUIRED, CONFLICT (bought already). */
MUST_CHECK int proposal_expand(const struct act *act, yyjson_val *args, yyjson_val **out, struct proposal_terms *terms,
                               struct err *e);

/* After the buy stands: remembers it and lets the hold go. Does nothing without a proposal_id. */
MUST_CHECK int proposal_accept(const struct act *act, yyjson_val *args, struct str media_buy_id, struct err *e);
