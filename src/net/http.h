/* One inbound HTTP request and its reply: what protocols, the admin pages and tests see of the net layer.
 *
 * A handler gets a `struct http_exchange` with a complete request. It answers inside its call or any time
 * later, in one of two ways:
 *
 *     http_rep_header(ex, "Content-Type", STR("application/json"));
 *     ex->status = 200;
 *     ex->reply = body;                        // borrowed until sent: take it from ex->arena
 *     http_exchange_reply(ex);                 // gives the exchange back
 *
 *     ex->closed = on_closed;                  // optional
 *     http_exchange_begin_stream(ex);          // status and headers leave now
 *     http_exchange_write(ex, piece);          // any number of times; copies
 *     http_exchange_end(ex);                   // gives the exchange back
 *
 * An exchange that was given back must not be used after the handler has returned to the loop. Until then it
 * stays valid whatever the client does: when the client goes away, `client_gone` is set, `closed` runs once
 * in a turn, and what is written afterwards is dropped; the owner must still give it back.
 *
 * Where the bytes come from and go to is the sink's business: a connection (conn.c), or memory
 * (struct http_memory below), so that tests and the simulator push requests through the whole program without
 * sockets. */
#pragma once

#include <salesagent/http_call.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"

#define HTTP_EXCHANGE_MAGIC   0x45784367u
#define HTTP_STREAM_QUEUE_MAX ((size_t)1 << 20) /* a streaming client this far behind is cut off */

struct http_exchange;

struct http_sink {
    void (*reply)(struct http_exchange *ex);
    void (*begin)(struct http_exchange *ex);
    void (*write)(struct http_exchange *ex, struct str piece);
    void (*end)(struct http_exchange *ex);
};

enum http_state { HTTP_HANDLING, HTTP_STREAMING, HTTP_GIVEN_BACK };

struct http_exchange {
    uint32_t magic;
    struct arena arena; /* lives until the reply has left; everything below is in it unless said otherwise */

    /* The request; read-only for handlers. */
    struct str method; /* as sent, upper case by convention: "GET" */
    struct str target; /* as sent */
    struct str path;   /* begins with '/', still percent-encoded; "*" for OPTIONS * */
    struct str query;  /* after '?', still encoded */
    struct str host;   /* Host, or the authority of an absolute-form target; empty in HTTP/1.0 without one */
    const struct http_header *headers; /* in order, trimmed; names as sent */
    size_t headers_n;
    struct str body;
    struct str peer; /* numeric address without port; "" on a local socket */
    bool secure;     /* came over our own TLS */
    struct str request_id; /* of whoever gives one; see protocols/watch.h */
    bool by_proxy;   /* a proxy that is trusted stands between: peer, host and secure are what it said */
    int listener;    /* over which of the server's TCP listeners it came, in their order; -1: none of them */
    bool local;      /* came over the local (unix-domain) socket */
    uid_t peer_uid;  /* of the process at the other end; only when `local` */

    /* The reply; filled by the handler. */
    int status; /* 200 unless set */
    struct http_header *reply_headers;
    size_t reply_headers_n, reply_headers_cap;
    struct str lead;  /* the body's beginning, before `reply`; mostly empty */
    struct str reply; /* body; not sent for HEAD, 204 and 304 */
    void *shared;     /* what `reply` is a part of, when others use it, too: http_exchange_share */
    void (*unshare)(void *shared);
    size_t shared_bytes; /* this exchange's part of it */

    int late_ms; /* the reply leaves about this much later: who guesses has to wait */

    /* For the owner. */
    void *owner;                              /* nobody here looks at it */
    void (*closed)(struct http_exchange *ex); /* the client went away before the exchange was given back */
    const void *signer;                       /* who signed the request, when somebody did; likewise */
    void *note;                                   /* somebody's who watches; likewise */
    void (*given_back)(struct http_exchange *ex); /* runs once, as the owner gives it back; optional */
    bool client_gone;
    bool close_on_drain; /* set before begin_stream: a long-lived stream that shutdown need not wait for */

    enum http_state state;
    const struct http_sink *sink;
};

/* --- reading the request ------------------------------------------------------------------------------- */

/* The value of the first header of that name (ASCII case ignored); empty when absent. */
struct str http_req_header(const struct http_exchange *ex, const char *name);
/* How many headers of that name there are: 0 tells "absent" from "empty", 2 and more is a duplicate. */
size_t http_req_header_count(const struct http_exchange *ex, const char *name);
bool http_req_is(const struct http_exchange *ex, const char *method);

/* The decoded value of the first query parameter of that name ('+' is a space). False when absent or when its
 * percent-encoding is malformed. The value is in the exchange's arena and may hold any byte, NUL excluded. */
MUST_CHECK bool http_req_query(struct http_exchange *ex, const char *name, struct str *value);

/* All query parameters, in order: 1 the next one, decoded; 0 no more; -1 malformed percent-encoding. */
struct http_query {
    struct str rest;
};
static inline struct http_query http_query_start(const struct http_exchange *ex)
{
    return (struct http_query){ ex->query };
}
MUST_CHECK int http_query_next(struct http_exchange *ex, struct http_query *q, struct str *name, struct str *value);
/* Percent-decodes one path segment. -1 on malformed encoding or an encoded NUL. */
MUST_CHECK int http_percent_decode(struct arena *a, struct str encoded, struct str *decoded);

/* True when a comma-separated list header names `token` (ASCII case ignored; parameters after ';' ignored,
 * but "q=0" excludes it). */
bool http_list_has(struct str list, const char *token);
bool http_name_eq(struct str name, const char *other); /* ASCII case ignored */

/* --- replying ------------------------------------------------------------------------------------------ */

/* Adds a header; name and value are copied. A name that is not a token, a value with CR, LF or NUL, and the
 * names that frame the message (Content-Length, Transfer-Encoding, Connection, Date) are refused with -1:
 * whether that matters is for the caller to say. */
int http_rep_header(struct http_exchange *ex, const char *name, struct str value);

/* Sends status, headers and body, and gives the exchange back. */
void http_exchange_reply(struct http_exchange *ex);
/* The common whole: sets status, Content-Type and body and replies. `body` is borrowed like ex->reply. */
void http_exchange_reply_with(struct http_exchange *ex, int status, const char *content_type, struct str body);

/* `ex->reply` will be a part of `shared`, which holds its bytes until `unshare` has run, once. Of them `bytes` are counted as
 * this exchange's. */
void http_exchange_share(struct http_exchange *ex, void *shared, void (*unshare)(void *shared), size_t bytes);
/* The body in one piece, of the exchange's own: `lead` is empty then. */
void http_exchange_join(struct http_exchange *ex);

void http_exchange_begin_stream(struct http_exchange *ex);
void http_exchange_write(struct http_exchange *ex, struct str piece);
void http_exchange_end(struct http_exchange *ex);

/* "Not Found" for 404, "" for what we have no name for. */
const char *http_status_text(int status);

/* --- for sinks ----------------------------------------------------------------------------------------- */

void http_exchange_init(struct http_exchange *ex, const struct http_sink *sink);
void http_exchange_finish(struct http_exchange *ex);
/* Gives back what is shared, when nothing of the reply is there any more. */
void http_exchange_unshare(struct http_exchange *ex);

/* --- an exchange without a socket ---------------------------------------------------------------------- */

struct http_memory {
    struct http_exchange ex; /* pass &m->ex to the handler */
    struct buf streamed; /* what was written to a stream so far */
    bool replied; /* given back: ex.status, ex.reply_headers and ex.reply (or `streamed`) are final */
    bool streaming;
    void (*done)(struct http_memory *m); /* optional: runs when the exchange is given back */
    void (*wrote)(struct http_memory *m, struct str piece); /* optional: runs for each piece of a stream */
    struct http_header *headers;
    size_t headers_n, headers_cap;
};

/* Prepares a request; method and target are copied. `host` is "localhost" and `peer` 127.0.0.1 until set. */
void http_exchange_init_memory(struct http_memory *m, const char *method, const char *target);
void http_memory_header(struct http_memory *m, const char *name, struct str value);
void http_memory_body(struct http_memory *m, struct str body); /* copied */
/* Plays the client that goes away: sets client_gone and runs `closed`. */
void http_memory_hang_up(struct http_memory *m);
/* The first reply header of that name, empty when absent; for assertions. */
struct str http_memory_reply_header(const struct http_memory *m, const char *name);
void http_memory_finish(struct http_memory *m);
