#include "protocols/watch.h"

#include "protocols/dispatch.h"

static int64_t now_us(struct loop *loop)
{
    return loop->driver->now(loop->driver);
}

/* 16 characters that are unlike those of any other request. */
static struct str new_id(struct arena *a, struct rng *rng)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char text[16];
    uint64_t bits = 0;
    for (size_t i = 0; i < sizeof(text); i++) {
        if (i % 12 == 0) bits = rng_u64(rng);
        text[i] = digits[bits & 31];
        bits >>= 5;
    }
    return arena_dup(a, (struct str){ text, sizeof(text) });
}

static void request_ended(struct http_exchange *ex)
{
    struct request_note *n = ex->note;
    n->watcher->request_ended(n->watcher, n, now_us(n->loop) - n->begun_us);
}

void watch_request(struct dispatcher *d, struct http_exchange *ex)
{
    struct str id = ex->request_id.n ? ex->request_id : new_id(&ex->arena, &d->loop->rng);
    ex->request_id = id;
    ENSURE(http_rep_header(ex, "X-Request-Id", id) == 0); /* ours, or looked at by web_policy.c */
    if (!d->watcher) return;
    struct request_note *n = ARENA_NEW(&ex->arena, struct request_note);
    *n = (struct request_note){
        .ex = ex, .watcher = d->watcher, .loop = d->loop, .id = id, .begun_us = now_us(d->loop), .route = "none"
    };
    ex->note = n;
    ex->given_back = request_ended;
}

void watch_route(struct http_exchange *ex, const char *route)
{
    struct request_note *n = ex->note;
    if (n) n->route = route;
}

void watch_refused(struct http_exchange *ex, const char *what)
{
    struct request_note *n = ex->note;
    if (n) n->refused = what;
}

const char *watch_outcome(const struct call *c)
{
    switch (c->outcome) {
    case CALL_OK: return c->tool_outcome == TOOL_SUBMITTED ? "submitted" : "ok";
    case CALL_FAILED: return "refused";
    case CALL_UNKNOWN_TOOL: return "unknown_tool";
    case CALL_UNAUTHENTICATED: return "unauthenticated";
    case CALL_UNAVAILABLE: return "unavailable";
    }
    ENSURE(!"an outcome");
}

void watch_call(const struct call *c)
{
    struct request_note *n = c->headers.note;
    if (!n) return;
    n->call = c;
    n->calls++;
    const struct tool *row = c->row ? c->row : tool_find(c->tool);
    n->tool = row ? row->name : "unknown";
    n->dialect = c->dialect ? c->dialect->name : "none";
    n->outcome = watch_outcome(c);
    n->tenant_id = c->tenant.tenant_id;
    n->principal_id = c->authenticated ? c->principal.principal_id : STR_NONE;
    n->code = c->outcome == CALL_OK ? STR_NONE : str_from(c->err.code);
    n->watcher->call_ended(n->watcher, n, now_us(n->loop) - c->begun_us);
}
