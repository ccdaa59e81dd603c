/* Dialects: pure JSON-to-JSON translations between a caller's wire shapes and the canonical model, the newest
 * AdCP that is served.
 * No store, no clock, no state. Which dialect a call speaks is decided in dialects/choose.c, once, before anything
 * else looks at its arguments.
 *
 * The canonical arguments made for a dialect that is not AdCP are not complete AdCP requests: account, brand,
 * idempotency_key and flight dates may be missing (src/tools/README.md says what tools do then). */
#pragma once

#include "base/rfc3339.h"
#include "contract/json.h"
#include "contract/lines.h"

struct dialect_request {
    struct arena *arena;
    struct str tool;   /* as the caller named it */
    yyjson_val *args;  /* as the caller sent them; an object */
    int64_t now;
    struct str default_currency; /* the publisher's */
    struct str adcp_version;     /* the line served to AdCP callers: "3.1"; empty for others */
};

struct dialect_up {
    struct str tool;        /* canonical tool to run */
    yyjson_mut_doc *doc;
    yyjson_mut_val *args;   /* canonical arguments */
    int64_t now;            /* the time the call says it is, for sandbox mode; TIME_NONE when it says nothing */
};

struct dialect_down {
    /* What `up` was given. After an early failure (no credential, no such tool) everything in it may be zero. */
    const struct dialect_request *request;
    yyjson_val *reply;      /* canonical reply with its envelope; an object */
    yyjson_val *aux;        /* tool_call.aux; an object; NULL after a failure */
    bool failed;            /* reply holds {"adcp_error": {...}} */
    yyjson_mut_doc *doc;    /* build the result here */
};

struct dialect {
    const char *name; /* "adcp-3.2", "adcp-3.1", "adcp-3.0", "tutorial", "buy-v1", "data-model", "rc" */
    bool verbatim;    /* fresh replies leave in canonical form: `down` copies */
    bool adcp3;       /* speaks AdCP 3: versions, envelope, idempotency keys required on writes */
    enum adcp_line line; /* of those: whose schemas its requests and replies are valid by */
    bool minor_3_0;   /* means what AdCP 3.0 means where only the semantics differ (tools/tool.h) */
    /* Whether this dialect has a tool of that name; NULL for AdCP, which has the registry's. */
    bool (*has_tool)(struct str tool);
    /* Errors are the caller's fault in the caller's own field names. */
    MUST_CHECK int (*up)(const struct dialect_request *req, struct dialect_up *out, struct err *e);
    /* Never fails: what cannot be translated is the dialect's bug and asserts. Returns the root value. Errors come
     * with canonical field pointers and leave in the caller's. A reply with a member "error" (or "error_code") is a
     * failure for the transport too: what AdCP answers with an empty list may be an error in an older shape. */
    yyjson_mut_val *(*down)(const struct dialect_down *d);
};

/* What tools speak, for operations of our own. */
extern const struct dialect dialect_own;

extern const struct dialect dialect_adcp_3_0, dialect_adcp_3_1, dialect_adcp_3_2, dialect_tutorial, dialect_buy_v1,
    dialect_data_model, dialect_rc;
