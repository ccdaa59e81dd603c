/* One budget for all that connections hold: heads and bodies that come in, requests under way, replies whose clients do not
 * take them. Strangers together may have a part of it only, so that they cannot take what known callers need; and
 * whoever is slow makes room for others, the slowest first, never within the first moments. */
#include "base/log.h"
#include "net/conn.h"

#define STRANGERS_PART 4 /* a fourth */
#define PATIENCE_MS    2000
/* A request is parsed and answered in memory of its own; large ones are handled one after the other instead of all at once. */
#define SMALL_BYTES ((size_t)64 << 10)
#define GROWS       4

void memory_count(struct http_server *s, struct share *share, size_t bytes)
{
    s->held[share->known] += bytes - share->bytes; /* modulo 2^n: also when it takes less */
    share->bytes = bytes;
}

static void become_known(struct conn *c)
{
    size_t bytes = c->share.bytes;
    memory_count(c->server, &c->share, 0);
    c->share.known = true;
    memory_count(c->server, &c->share, bytes);
    if (list_empty(&c->slow_node)) return;
    list_remove(&c->slow_node);
    list_push_back(&c->server->slow[true], &c->slow_node);
}

void memory_slow(struct conn *c)
{
    if (!list_empty(&c->slow_node)) return;
    c->slow_from_ms = uv_now(&c->server->d->uv);
    list_push_back(&c->server->slow[c->share.known], &c->slow_node);
}

void memory_quick(struct conn *c)
{
    list_remove(&c->slow_node);
}

/* Without its own: what is large alone is no harm. */
static bool others_hold_too_much(const struct conn *c)
{
    const struct http_server *s = c->server;
    size_t max = s->o.memory_bytes_max, own = conn_holds(c);
    return s->held[0] + s->held[1] > max + own || (!c->share.known && s->held[0] > max / STRANGERS_PART + own);
}

static struct conn *slowest(struct http_server *s, bool known, const struct conn *but)
{
    struct list *n = s->slow[known].next;
    if (but && n == &but->slow_node) n = n->next;
    if (n == &s->slow[known]) return NULL;
    struct conn *c = CONTAINER_OF(n, struct conn, slow_node);
    return uv_now(&s->d->uv) >= c->slow_from_ms + PATIENCE_MS ? c : NULL;
}

bool memory_is_known(struct conn *c)
{
    const struct http_server_options *o = &c->server->o;
    if (c->share.known || c->asked || !o->known || c->h1.state < H1_BODY || c->h1.state == H1_FAILED)
        return c->share.known;
    struct http_exchange head;
    http_exchange_init(&head, NULL);
    h1_peek(&c->h1, &head);
    c->asked = true;
    if (o->known(c->server->handler_arg, &head)) become_known(c);
    http_exchange_finish(&head);
    return c->share.known;
}

bool memory_fits(struct conn *c)
{
    struct http_server *s = c->server;
    while (others_hold_too_much(c)) {
        if (!c->share.known && memory_is_known(c)) continue;
        struct conn *slow = slowest(s, false, c);
        if (!slow && c->share.known) slow = slowest(s, true, c);
        if (!slow) return false;
        conn_close(slow, "too slow while memory is scarce");
    }
    return true;
}

bool memory_may_run(const struct http_server *s, size_t body_bytes)
{
    if (body_bytes <= SMALL_BYTES || s->exchanges_n == 0) return true;
    return s->held[0] + s->held[1] + GROWS * body_bytes <= 2 * s->o.memory_bytes_max;
}

bool memory_cut_slowest(struct http_server *s)
{
    struct conn *c = slowest(s, false, NULL);
    if (c) conn_close(c, "slow, makes room for a new connection");
    return c != NULL;
}
