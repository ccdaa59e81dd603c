/* The gates. A call is admitted in this order, written once in dispatch.c:
 *
 *   tool known -> credential -> tenant and principal -> rate limit -> size and depth (done by the JSON border)
 *   -> dialect up -> schema -> idempotency (replay / conflict) -> run -> dialect down -> envelope
 */
#pragma once

#include "base/crypto.h"
#include "protocols/a2a_hub.h"
#include "protocols/aside.h"
#include "protocols/call.h"
#include "domain/publisher/sign_in_throttle.h"
#include "protocols/document_cache.h"
#include "protocols/hashing.h"
#include "protocols/kept.h"
#include "protocols/web_policy.h"
#include "protocols/wrong_credentials.h"

/* See auth_note_use. */
struct token_note {
    struct write_cmd cmd;
    char token_id[64];
    size_t token_id_n;
    int64_t at;
    bool busy;
};

struct ads_doors;
/* The same for a session of the desk. */
struct session_note {
    struct write_cmd cmd;
    uint8_t hash[SHA256_BYTES];
    int64_t at;
    bool busy;
};

struct nonces;
struct openid;
struct watcher;
struct http_exchange;

#define TOKENS_SEEN_N 4096

struct dispatcher {
    struct loop *loop;
    struct store *store;
    bool sandbox;
    bool dry_run; /* every write is checked, answered and undone */
    struct web_policy web;
    /* What the process answers itself, asked before the routes; true when it was such a request. May be NULL. */
    bool (*own_route)(void *arg, struct http_exchange *ex, unsigned roles);
    void *own_route_arg;
    /* What the process knows of itself, for those who ask whether all is well; NULL: nothing. */
    void (*facts)(void *arg, struct process_facts *out);
    void *facts_arg;
    struct str
        desk_url; /* where people find the desk when no publisher says so: "http://localhost:8000"; may be empty */
    /* the desk, which stands above the protocols: gets what follows /admin ("", "/decisions"); NULL: it is not served */
    void (*desk)(struct dispatcher *d, struct http_exchange *ex, struct str rest);
    /* likewise: what follows /decide/ and /sign/ */
    void (*decide_link)(struct dispatcher *d, struct http_exchange *ex, struct str text);
    void (*sign_order)(struct dispatcher *d, struct http_exchange *ex, struct str task_id);
    struct a2a_hub a2a;
    struct rate_limiter rates;
    struct wrong_credentials wrong;
    struct sign_in_throttle sign_ins;
    struct hashing hashing;
    struct aside aside;
    struct openid *openid; /* the identity provider of the desk (openid.h); NULL: there is none */
    uint64_t tokens_seen[TOKENS_SEEN_N]; /* what was accepted lately, as auth.c digests it */
    struct token_note token_note;
    struct session_note session_note;
    struct watcher *watcher; /* NULL: nobody watches (watch.h) */
    struct reranker *reranker; /* NULL: there is none */
    struct ads_doors *ads; /* of the built-in ad server; NULL: there is none */
    struct document_cache documents;
    struct kept *kept; /* NULL: no answer is */
    struct nonces *nonces; /* of signed requests; NULL before the first */

    /* calls that wait for the job of a question (domain/core/act.h: struct outside); set up by the first of them */
    struct list waiting;
    struct commit_hook committed;
    struct timer look;
    struct call *asking; /* all that asked and have not ended: those that wait, and those about to or just after */
    bool waits;
};

/* Starts the call; c->done runs in this or a later turn, exactly once. */
void dispatch_call(struct dispatcher *d, struct call *c);
