/* Which products a brief is about. Built in: full-text search over name, description, channels, targeting and
 * properties, scored by BM25 with a flat inverse document frequency of our own.
 *
 *     words of the brief  -> without the ones that say nothing, with a few synonyms
 *                         -> the rarest of them (all, in a small catalogue): common words cost most and tell least
 *     each word's hits    -> score relative to the word's best hit, times the word's weight
 *     relevance           -> the share of the attainable score, 0..10000
 *
 * A product nothing matched is not in the result; callers list such products after the others, never drop them. */
#pragma once

#include "domain/core/act.h"

#define RANKING_MODEL    "fts5-bm25"
#define RELEVANCE_MAX    10000
#define RANKED_WORDS_MAX 24

struct ranked_product {
    struct str product_id;
    int64_t relevance_bp;  /* 1..RELEVANCE_MAX */
    uint32_t matched;      /* bit i: words[i] */
};

struct ranking {
    struct ranked_product *products; /* best first; equals in the publisher's order are up to the caller */
    size_t products_n;
    struct str words[RANKED_WORDS_MAX]; /* of the brief, as written in it */
    size_t words_n;
};

/* `max`: how many of the best are wanted. */
struct ranking_request {
    struct str tenant_id, brief;
    size_t max;
};
MUST_CHECK int rank_brief(struct tx *tx, struct arena *a, const struct ranking_request *q, struct ranking *out,
                          struct err *e);
