/* Dialects: pure JSON-to-JSON translations between a caller's wire shapes and the canonical model, AdCP 3.1.
 * No store, no clock, no state. Which dialect a call speaks is decided in dialects/choose.c, once, before anything
 * else looks at its arguments. */
#pragma once

#include "contract/json.h"

struct dialect_request {
    struct arena *arena;
    struct str tool;   /* as the caller named it */
    yyjson_val *args;  /* as the caller sent them; an object */
    int64_t now;
    struct str default_currency; /* the publisher's */
};

struct dialect_up {
    struct str tool;        /* canonical tool to run */
    yyjson_mut_doc *doc;
    yyjson_mut_val *args;   /* canonical arguments */
};

struct dialect_down {
    const struct dialect_request *request; /* what `up` was given */
    yyjson_val *reply;      /* canonical reply with its envelope; an object */
    yyjson_val *aux;        /* tool_call.aux; an object */
    bool failed;            /* reply holds {"adcp_error": {...}} */
    yyjson_mut_doc *doc;    /* build the result here */
};

struct dialect {
    const char *name; /* "adcp-3.1", "adcp-3.0", "tutorial", "buy-v1", "data-model", "rc" */
    bool adcp3;       /* speaks AdCP 3: versions, envelope, idempotency keys required on writes */
    /* Tools that exist only in this dialect, NULL-terminated (may be NULL). */
    const char *const *own_tools;
    /* Errors are the caller's fault in the caller's own field names. */
    MUST_CHECK int (*up)(const struct dialect_request *req, struct dialect_up *out, struct err *e);
    /* Never fails: what cannot be translated is the dialect's bug and asserts. Returns the root value. */
    yyjson_mut_val *(*down)(const struct dialect_down *d);
};
