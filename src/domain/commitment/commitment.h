/* What buyer and publisher agreed on when a media buy was made by the compact lifecycle (AdCP 3.2 buy_products,
 * accept_proposal): the accepted proposal, a snapshot of commercial terms that nobody changes afterwards, with their digest.
 * It is a row of `proposal`, status "accepted". A direct purchase makes its own, whose id follows from the media buy's; one
 * that accepts a proposal has that.
 *
 * Digest: "sha256:" and base64url of SHA-256 over the RFC 8785 text of the terms, as the buyer sees them. */
#pragma once

#include "domain/media_buy/media_buy.h"

/* One purchase of the terms. */
struct terms_purchase {
    const struct product *product;
    const struct pricing_option *option;
    yyjson_val *package; /* what was asked of it beside the price (targeting_overlay, ...); NULL: nothing */
    int64_t budget_micros, impressions; /* impressions: -1: none */
    int64_t rate_micros; /* of an auction: what is bid */
    int64_t start_at, end_at;
    struct str pacing; /* may be empty */
};
void terms_add_purchase(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct terms_purchase *p);

/* The commercial terms in their closed shape (media-buy/commercial-terms.json), as JSON, and their digest.
 * SERVICE_UNAVAILABLE when they do not fit it. */
struct terms_text {
    struct str json, digest;
};
MUST_CHECK int terms_close(const struct act *act, yyjson_mut_val *terms, struct terms_text *out, struct err *e);

/* Remembers what was agreed with a media buy that was just made. `args`: those of buy_products. */
MUST_CHECK int commitment_record(const struct act *act, const struct media_buy *buy, yyjson_val *args, struct err *e);

/* The AdCP object (core/canonical-proposal.json) of the media buy's accepted proposal, added as `key`. 1 added; 0 the buy was not
 * made by these tools; -1 failed. */
MUST_CHECK int commitment_proposal(const struct act *act, const struct media_buy_row *buy, yyjson_mut_doc *doc,
                                   yyjson_mut_val *obj, const char *key, struct err *e);

/* The members of a media-buy-commitment-response, and of a control-media-buy-response: `touched`, by package, in order. */
MUST_CHECK int commitment_encode(const struct act *act, const struct media_buy *buy, yyjson_mut_doc *doc,
                                 yyjson_mut_val *obj, struct err *e);
MUST_CHECK int control_encode(const struct act *act, const struct media_buy *buy, const bool *touched,
                              yyjson_mut_doc *doc, yyjson_mut_val *obj, struct err *e);

/* "available_actions" of a media buy that has an accepted proposal: core/canonical-media-buy-action.json. */
MUST_CHECK int commitment_actions(const struct act *act, const struct media_buy_row *buy, yyjson_mut_doc *doc,
                                  yyjson_mut_val *obj, struct err *e);

/* The result of a task that decided such a call, as the synchronous answer would be now; empty when the buy is gone. `tool`: the
 * one that was called. */
MUST_CHECK int commitment_result(const struct act *act, struct str tool, struct str media_buy_id, struct str *json_text,
                                 struct err *e);
