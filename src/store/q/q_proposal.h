/* Finalized proposals and the inventory they keep. */
#pragma once

#include "store/store.h"

struct proposal_row {
    struct str tenant_id, principal_id, proposal_id;
    struct str account_id, status, doc, media_buy_id;
    int64_t created_at, expires_at;
};

struct proposal_hold_row {
    struct str product_id;
    int64_t impressions, start_at, end_at;
};

/* 1 found, 0 not, -1 failed. `key`: the three ids. */
MUST_CHECK int q_proposal_get(struct tx *tx, struct arena *a, const struct proposal_row *key, struct proposal_row *out,
                              struct err *e);
/* Inserts, or replaces all but created_at. */
MUST_CHECK int q_proposal_put(struct tx *tx, const struct proposal_row *row, struct err *e);
/* Drafts that are kept (proposal_draft): of the row its ids, doc and times count, and status: "draft" or "declined". */
MUST_CHECK int q_proposal_draft_get(struct tx *tx, struct arena *a, const struct proposal_row *key,
                                    struct proposal_row *out, struct err *e);
MUST_CHECK int q_proposal_draft_put(struct tx *tx, const struct proposal_row *row, struct err *e);
/* The key's principal: drops drafts that lapsed before `now`; how many there are. */
MUST_CHECK int q_proposal_drop_drafts(struct tx *tx, const struct proposal_row *key, int64_t now, struct err *e);
MUST_CHECK int q_proposal_drafts(struct tx *tx, const struct proposal_row *key, int64_t *n, struct err *e);
/* A product twice in one proposal adds up. */
MUST_CHECK int q_proposal_hold_add(struct tx *tx, const struct proposal_row *owner,
                                   const struct proposal_hold_row *hold, struct err *e);
MUST_CHECK int q_proposal_holds_drop(struct tx *tx, const struct proposal_row *key, struct err *e);
