/* Reordering a page of products for a brief with the optional assistant (domain/core/assistant.h). Discovery never depends
 * on it: the built-in ranking is always there first, what the assistant adds is an order of the same products.
 *
 *     brief + page --> key --> known: its order          unknown: asked for in the background, the page as it is
 *
 * The key is a hash of the brief, the catalogue's version, the candidates in their order and the settings: a change of
 * any is another question, and who sees other products asks another question. Only what the caller's page
 * shows is sent. Ids that were not asked about are ignored, those left out follow in their own order.
 *
 * A buyer is not made to wait unless the publisher says for how long (wait_ms): a model takes longer than a buyer should, and
 * the next call of the same brief has the order. */
#pragma once

#include "base/list.h"
#include "domain/core/assistant.h"

#define RERANK_CANDIDATES_MAX 50
#define RERANK_ID_MAX         128

struct rerank_key {
    uint8_t hash[32];
};

struct rerank_order {
    struct str *ids; /* best first */
    size_t n;
};

enum rerank_state {
    RERANK_UNKNOWN, /* not asked about */
    RERANK_PENDING, /* under way */
    RERANK_KNOWN,
    RERANK_RESTING /* this publisher's endpoint failed too often: for a while nobody asks and nobody waits */
};

struct rerank_ask {
    struct rerank_key key;
    struct str tenant_id;
    struct str url, api_key, body;
    int64_t timeout_ms, keep_us;
};

/* A caller that can wait offers one; then its operation runs again, with `waited`. */
struct rerank_wish {
    bool wanted;
    bool waited;
    struct rerank_key key; /* it is under way */
    int64_t patience_ms;
};

struct rerank_waiter {
    struct list node;
    struct rerank_key key;
    void (*ready)(struct rerank_waiter *w); /* once, in a turn, when the key is not under way any more */
};

/* Where orders are kept and got. jobs/rerank_memory.h is one; NULL in an act: there is none. */
struct reranker {
    enum rerank_state (*look)(struct reranker *r, const struct rerank_ask *ask, struct arena *a,
                              struct rerank_order *out);
    /* Copies what it needs; true when the key is under way afterwards. */
    bool (*want)(struct reranker *r, const struct rerank_ask *ask);
    void (*wait)(struct reranker *r, struct rerank_waiter *w); /* the key is under way; list_remove to leave */
};

/* ---- for tools ---- */

struct rerank_candidate {
    struct str product_id, name, description;
    const struct str *channels;
    size_t channels_n;
    bool guaranteed;
};

struct rerank_request {
    const struct tenant_settings *settings;
    struct str brief;
    const struct rerank_candidate *items;
    size_t n; /* at most RERANK_CANDIDATES_MAX */
};

/* True: position[i] is the index of the candidate that comes i-th, all of them. False: they stay as they are; then the act's
 * rerank_wish may be filled. */
bool rerank(const struct act *act, const struct rerank_request *q, size_t *position);

/* ---- for whoever asks ---- */

/* Exactly {"product_ids": [...]}; false for anything else. */
MUST_CHECK bool rerank_read(struct arena *a, struct str response, struct rerank_order *out);
