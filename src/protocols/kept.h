/* Answers to buyers' reads, kept as bytes until something changes them.
 *
 * A call is known by a digest of all that goes into its answer: the credential, the operation and its arguments, dialect,
 * host and URL. What goes round it is no part of that and is put in each time: `context`, the context id, the id of
 * JSON-RPC. A call that was answered before is answered at the first gate, because what the gates looked at then counts
 * as read, too: while the rows of the token, the buyer and the publisher are as they were (store/changes.h), the token has
 * not expired and its last use need not be noted, they would say the same. The rate limit is counted each time.
 *
 * An answer is kept when it was a success of an AdCP caller, its operation says that nothing but rows and stated moments
 * count (struct keeping in domain/core/act.h), and all it read is followed. It is never one under a simulated clock, of a
 * test session, or directed by the test controller. Together they hold at most a stated number of bytes; when that is
 * used up, the publisher who holds most makes room, by what was asked for longest ago. */
#pragma once

#include "protocols/call.h"

#define KEPT_BYTES_PRESET ((size_t)32 << 20)

struct kept;

/* A result of MCP, ending with the brace that ends its JSON-RPC envelope, too:
 * {"content":[{"type":"text","text":"<body, escaped>"}],"structuredContent":<body>}}
 * Shared between whoever keeps it and the connections it is on its way over. */
struct kept_text {
    size_t refs;
    size_t n;
    size_t escaped_end;         /* where the body's last brace is in its escaped form */
    size_t body_at, body_end;   /* the body, whose last byte is its last brace */
    char p[];
};
void kept_text_unref(void *text);

/* A text of one body, with one reference, which is the caller's. */
struct kept_text *kept_text_new(struct str body);

/* Where that of the body and what is to be added to it (`,"context":{}` or nothing) is written: */
struct kept_splice {
    struct str added;
    struct str behind; /* after the structured content: `,"isError":true` or nothing */
};
/* A result of MCP in the arena, without the last brace. */
struct str kept_text_result(struct arena *a, const struct kept_text *t, const struct kept_splice *s);

struct kept *kept_create(size_t bytes_max);
void kept_destroy(struct kept *k); /* NULL-safe */

/* At the first gate. True: c is answered (body, or kept_text for MCP, and what headers and logs say) and may be given
 * back. False: it goes on; c->keep says whether its answer may be kept. */
bool kept_answer(struct kept *k, struct call *c);

/* At the end of a call that went on: keeps its answer if it may be. */
void kept_take(struct kept *k, struct call *c);

struct kept_stats {
    uint64_t asked, answered;
    size_t bytes, bytes_max, answers;
};
void kept_stats(const struct kept *k, struct kept_stats *out); /* NULL: nothing is kept */
