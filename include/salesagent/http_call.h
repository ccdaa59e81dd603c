/* One outbound HTTP request, embedded in its owner (a job step, an adapter operation). The owner fills the
 * request part, hands it to an http_client and reads the result part inside `done`, which runs in a turn,
 * exactly once for every started call, also after a cancel.
 *
 * Memory: everything in the request part is borrowed until `done`; the result's header and body text belongs to
 * the call and lives until http_call_finish (client->finish). */
#pragma once

#include <salesagent/err.h>
#include <salesagent/str.h>

struct http_header {
    struct str name, value;
};

/* Which addresses the call may reach, checked after DNS on every resolved address. */
enum http_reach {
    HTTP_REACH_PUBLIC,   /* public addresses over https only: for every URL that came from a buyer */
    HTTP_REACH_LOOPBACK, /* as PUBLIC, and also loopback over http: for buyers' URLs in sandbox mode */
    HTTP_REACH_OPERATOR  /* anything the operator configured: adapters, Slack, mail relays */
};

enum http_outcome {
    HTTP_OK,         /* a complete response with any status arrived */
    HTTP_REFUSED,    /* never sent: the URL or an address is not allowed; not worth retrying */
    HTTP_NOT_SENT,   /* no connection, DNS or TLS failure: the peer has certainly not acted */
    HTTP_UNKNOWN,    /* sent, but no complete answer (timeout, reset): the peer may have acted */
    HTTP_TOO_LARGE,  /* the response passed body_bytes_max */
    HTTP_CANCELED
};

struct http_call {
    /* request */
    struct str method; /* "GET", "POST", ... */
    struct str url;
    const struct http_header *headers;
    size_t headers_n;
    struct str body;
    enum http_reach reach;
    int timeout_ms;        /* whole call; 0: 10 s */
    size_t body_bytes_max; /* of the response; 0: 1 MiB */
    bool inspect;          /* date_at and certificate_ends_at are wanted; the connection is a fresh one */
    void (*done)(struct http_call *c);

    /* result, valid in done */
    enum http_outcome outcome;
    int status;              /* HTTP status when outcome is HTTP_OK */
    int retry_after_s;       /* from Retry-After (either form); -1 when absent */
    struct str response;     /* body */
    struct str content_type; /* empty when absent */
    struct str www_authenticate; /* its first bytes; empty when absent */
    /* With HTTP_UNKNOWN: a kept connection turned out to be dead before anything was answered; the peer is likely there.
     * The client itself sends GET and HEAD again, but not what may act or is signed for one use: its owner decides. */
    bool stale_connection;
    /* Of a call that inspects, in microseconds since 1970; 0: the answer does not say. */
    int64_t date_at; /* its Date: the other side's clock, to the second */
    int64_t certificate_ends_at; /* which of the TLS certificates that were shown ends first, and when */
    char reason[160]; /* for logs and operators, never for buyers */
    int elapsed_ms;

    void *client_data; /* the client's */
};

struct http_client {
    void (*start)(struct http_client *h, struct http_call *c);
    void (*cancel)(struct http_client *h, struct http_call *c); /* done still runs, with HTTP_CANCELED */
    void (*finish)(struct http_client *h, struct http_call *c); /* frees the result; after done */
};
