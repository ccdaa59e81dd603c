/* One call of one tool, whatever door it came through. The transport fills the first part, dispatch_call() takes it
 * through the gates (one list, one order, in dispatch.c) and `done` runs when the reply may leave: for a writing
 * tool after its commit.
 *
 *   http bytes -> http_exchange -> mcp | a2a | rest -> call -> gates -> tool.run -> canonical reply
 *   http bytes <- http_exchange <- mcp | a2a | rest <- call.body <- envelope <- dialect.down
 *
 * The call and everything it points at live in the arena of its exchange. */
#pragma once

#include "contract/json.h"
#include "dialects/dialect.h"
#include "domain/core/act.h"
#include "domain/product/rerank.h"
#include "protocols/aside.h"
#include "protocols/hashing.h"
#include "protocols/rate_limit.h"
#include "domain/core/tenant_settings.h"
#include "base/crypto.h"
#include "store/changes.h"
#include "tools/tool.h"

struct dispatcher;
struct kept_text;
struct request_note;
struct request_signer;

enum transport { TRANSPORT_MCP, TRANSPORT_A2A, TRANSPORT_REST, TRANSPORT_LOCAL, TRANSPORT_DESK };

/* The headers that mean the same on every transport. Empty when absent. */
struct call_headers {
    struct request_note *note; /* of the exchange (watch.h), or NULL */
    const struct request_signer *signer; /* of a request with a valid signature, else NULL */
    bool strict_url; /* came to a URL that serves the newest line alone (http_call_headers.h) */
    struct str x_salesagent_as; /* the local socket's alone: on whose behalf */
    struct str session; /* the desk's alone: its cookie's secret; empty: nobody is signed in */
    struct str authorization, x_adcp_auth, x_adcp_tenant, x_adcp_dialect, x_context_id, host;
    bool secure; /* came over our own TLS */
    struct str peer; /* the caller's address, as far as it can be known */
    int *late_ms;    /* of the exchange; NULL: its answer cannot come late */
    /* honoured in sandbox mode only, see sandbox.h */
    struct str x_auto_advance, x_dry_run, x_mock_time, x_jump_to_event, x_test_session_id, x_force_error,
        x_simulated_spend;
};

/* What a sandbox's headers ask for, and what they are answered with. */
enum sandbox_forced {
    FORCE_NOTHING,
    FORCE_BUDGET,
    FORCE_LOW_DELIVERY,
    FORCE_PLATFORM,
    FORCE_CREATIVE_REJECTED,
    FORCE_UNAVAILABLE,
    FORCE_TARGETING
};

struct call_sandbox {
    bool used;    /* the call sent one of them */
    bool undo;    /* a read that saw something simulated: what it wrote is undone */
    bool session; /* principal_id is that of a test session */
    enum sandbox_forced forced;
    int64_t spend_micros;
    struct str next_event, next_event_time, spend; /* reply headers; empty: not sent */
};

/* Where the caller wants to be told, when said outside the arguments: X-Push-Notification-* headers, A2A's
 * configuration. Becomes push_notification_config unless the arguments have one. */
struct call_push {
    struct str url, token, scheme, credentials; /* no url: not said */
    struct str channel; /* "a2a" or "a2a-1.0": tell it in the words of A2A; empty: AdCP's own */
};

/* How a call ended, for the transport to map onto its own status codes. */
enum call_outcome {
    CALL_OK,               /* body is the tool's reply */
    CALL_FAILED,           /* body is an error of the operation */
    CALL_UNKNOWN_TOOL,     /* no such tool for this caller */
    CALL_UNAUTHENTICATED,  /* HTTP 401: credential missing or not accepted */
    CALL_UNAVAILABLE       /* HTTP 503: the store could not do it */
};

/* Of an answer that is kept, or may be (protocols/kept.h). */
struct call_keep {
    bool asked;           /* whether it is has been asked; `key` is what by */
    bool own_context_id;  /* the answer names one itself */
    uint8_t key[SHA256_BYTES];
    uint64_t generation;  /* of the store, when the gates read it */
    struct str plain;     /* the body without what is the call's alone */
    struct str added;     /* that: `,"context":{},"context_id":""`, or nothing */
    struct kept_text *text; /* NULL: the body is */
};

/* What makes a repeated call the same call (protocols/idempotency.h); `key` is empty without one. */
struct idem {
    struct str key, account, hash;
};

struct call {
    /* filled by the transport */
    struct arena *arena;
    enum transport transport;
    struct str tool;
    yyjson_val *args; /* an object; NULL means {} */
    struct call_headers headers;
    struct call_push push;
    uid_t local_uid;  /* TRANSPORT_LOCAL: whoever is at the other end of the local socket acts as administrator */
    bool own_page;    /* made by one of our own pages, not named by a caller: may use hidden tools */
    void (*done)(struct call *c);
    void *owner;

    /* the answer, valid in done */
    enum call_outcome outcome;
    struct str body;    /* a JSON object in the caller's dialect */
    struct str message; /* one sentence for people; may be empty */
    struct str task_id; /* of a submitted operation; may be empty */
    enum tool_outcome tool_outcome;
    struct str context_id; /* x-context-id as the caller sent it, when it is an id; echoed */
    int retry_after_s;  /* 0: not stated */

    /* dispatch's own */
    struct dispatcher *dispatcher;
    int64_t begun_us; /* by the loop's clock */
    const struct tool *row;
    const struct dialect *dialect;
    struct str adcp_version; /* the line served: "3.1" */
    struct dialect_request request;
    yyjson_val *canonical_args;
    const struct contract_report *item_issues; /* of a batch whose malformed items fail alone */
    struct tenant tenant;
    struct tenant_settings settings;
    struct principal principal;
    bool authenticated;
    bool signature_wanted; /* the credential is refused for want of a signature */
    bool token_stale; /* its last use was noted an hour ago or more */
    struct act act;
    bool simulated; /* the reply rests on numbers that an ad server made up */
    bool dry_run;
    struct call_sandbox sandbox;
    struct rate_state rate; /* what is left of the caller's minute */
    bool replayed;
    struct tool_call *fresh; /* what the tool produced in this call; NULL for a replay */
    struct str canonical;    /* the snapshot as text, when one was made or replayed */
    struct err err;
    struct write_cmd cmd;
    bool reads;              /* on the snapshot; else as a write command */
    struct outside outside;  /* what the operation asks of the world, if anything */
    int64_t patient_until;   /* for all of its questions */
    struct slow_hashes slow; /* of passwords */
    struct hash_wait hash_wait;
    struct aside_read aside; /* of a read that takes long */
    struct rng aside_rng;
    bool rendered;           /* aside, with the outcome that it then had */
    struct list waiting;     /* of dispatcher.waiting, while the answer is awaited */
    struct rerank_wish rerank_wish; /* of a read that may wait for a better order of its products */
    struct rerank_waiter rerank;
    struct timer patience;
    struct keeping keeping;  /* what the operation says of how long its answer holds */
    struct call_keep keep;
    struct idem idem;        /* of a write */
    struct call *asking_next; /* of dispatcher.asking, from the question until the end of the call */
    bool asks;
};
