/* One HTTP/1.1 request at a time, from bytes: llhttp in its strict mode, our limits, and the checks that keep
 * two parsers from reading one message differently (RFC 9112 §2.2, §3.2, §5, §6.1, §11.2). No sockets and no
 * clock.
 *
 *     H1_BEFORE --first byte--> H1_HEAD --blank line--> H1_BODY --> H1_COMPLETE --h1_next--> H1_BEFORE
 *         any of these but the last two may turn into H1_FAILED, which is final
 */
#pragma once

#include <llhttp.h>

#include "net/http.h"

enum h1_state { H1_BEFORE, H1_HEAD, H1_BODY, H1_COMPLETE, H1_FAILED };

struct h1_limits {
    size_t head_bytes_max, headers_max, body_bytes_max;
};

struct h1 {
    llhttp_t parser;
    const struct h1_limits *limits; /* borrowed from the server */
    enum h1_state state;
    int fail_status;         /* of the reply when H1_FAILED */
    const char *fail_reason; /* static text */
    struct buf head;         /* target NUL { name NUL value NUL }: no part may contain a NUL itself */
    struct buf body;
    size_t head_raw_bytes; /* bytes taken before the body */
    size_t headers_n;
    size_t side_bytes; /* chunk extensions and trailers, which are dropped */
    bool target_complete;
    bool expects_continue; /* the client waits for 100 before it sends the body; the owner clears it */
    bool keep_alive;       /* valid when H1_COMPLETE */
};

void h1_init(struct h1 *h, const struct h1_limits *limits);
void h1_finish(struct h1 *h);

/* Takes bytes until the request is complete, has failed, or the bytes are used up. Returns how many it took.
 */
size_t h1_feed(struct h1 *h, struct str bytes);

/* Moves the complete request into `ex` (text copied to its arena) and `body`, which ex->body then borrows. */
void h1_take(struct h1 *h, struct http_exchange *ex, struct buf *body);
/* Shows the head of a request whose body is still coming: headers only, copied to ex's arena. */
void h1_peek(struct h1 *h, struct http_exchange *ex);
void h1_next(struct h1 *h); /* after H1_COMPLETE */

static inline bool h1_is_http10(const struct h1 *h)
{
    return h->parser.http_major == 1 && h->parser.http_minor == 0;
}
