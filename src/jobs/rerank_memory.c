#include "jobs/rerank_memory.h"

#include <stdlib.h>

#include "base/rfc3339.h"

#define ENTRIES_MAX  256
#define FILLS_MAX    4
#define RESTS_MAX    64 /* publishers whose failures are counted; two that share a place rest together */
#define FAILURES_MAX 3
#define REST_US      (INT64_C(60) * USEC_PER_SEC)
#define BAD_US       (INT64_C(30) * USEC_PER_SEC) /* a question that was answered with nonsense is not repeated at once */
#define HEADERS_N    3

/* The ids stand one after the other in `text`, each with a NUL behind it. */
struct entry {
    struct rerank_key key;
    int64_t expires_at, used_at; /* expires_at 0: free */
    char *text;
    size_t text_n, ids_n;
};

struct rest {
    int failures;
    int64_t until;
};

struct fill {
    struct list node;
    struct list waiters;
    struct rerank_memory *memory;
    struct arena arena;
    struct rerank_key key;
    struct rest *rest;
    int64_t keep_us;
    struct http_call call;
    struct http_header headers[HEADERS_N];
};

struct rerank_memory {
    struct reranker face; /* first */
    struct loop *loop;
    struct http_client *client;
    struct entry entries[ENTRIES_MAX];
    struct rest rests[RESTS_MAX];
    struct list fills;
    int fills_n;
    bool stopping;
    void (*stopped)(void *arg);
    void *stopped_arg;
};

/* ---- what is kept ---- */

static bool same(const struct rerank_key *x, const struct rerank_key *y)
{
    return memcmp(x->hash, y->hash, sizeof(x->hash)) == 0;
}

static struct entry *find(struct rerank_memory *m, const struct rerank_key *key)
{
    int64_t now = loop_now(m->loop);
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        struct entry *e = &m->entries[i];
        if (e->expires_at > now && same(&e->key, key)) return e;
    }
    return NULL;
}

static struct entry *make_room(struct rerank_memory *m)
{
    struct entry *oldest = &m->entries[0];
    int64_t now = loop_now(m->loop);
    for (size_t i = 0; i < ENTRIES_MAX; i++) {
        struct entry *e = &m->entries[i];
        if (e->expires_at <= now) {
            oldest = e;
            break;
        }
        if (e->used_at < oldest->used_at) oldest = e;
    }
    free(oldest->text);
    *oldest = (struct entry){ 0 };
    return oldest;
}

/* An order without ids says: leave the page as it is. */
static void keep(struct rerank_memory *m, const struct rerank_key *key, const struct rerank_order *order,
                 int64_t keep_us)
{
    struct entry *e = make_room(m);
    size_t bytes = 1;
    for (size_t i = 0; i < order->n; i++) bytes += order->ids[i].n + 1;
    e->text = malloc(bytes);
    if (!e->text) return; /* it is asked about again */
    for (size_t i = 0; i < order->n; i++) {
        memcpy(e->text + e->text_n, order->ids[i].p, order->ids[i].n);
        e->text_n += order->ids[i].n;
        e->text[e->text_n++] = '\0';
    }
    e->ids_n = order->n;
    e->key = *key;
    e->used_at = loop_now(m->loop);
    e->expires_at = e->used_at + keep_us;
}

static struct rest *rest_of(struct rerank_memory *m, struct str tenant_id)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < tenant_id.n; i++) h = (h ^ (unsigned char)tenant_id.p[i]) * 16777619u;
    return &m->rests[h % RESTS_MAX];
}

static struct fill *under_way(struct rerank_memory *m, const struct rerank_key *key)
{
    for (struct list *n = m->fills.next; n != &m->fills; n = n->next) {
        struct fill *f = CONTAINER_OF(n, struct fill, node);
        if (same(&f->key, key)) return f;
    }
    return NULL;
}

static enum rerank_state look(struct reranker *r, const struct rerank_ask *ask, struct arena *a,
                              struct rerank_order *out)
{
    struct rerank_memory *m = CONTAINER_OF(r, struct rerank_memory, face);
    struct entry *e = find(m, &ask->key);
    if (!e) {
        if (under_way(m, &ask->key)) return RERANK_PENDING;
        return rest_of(m, ask->tenant_id)->until > loop_now(m->loop) ? RERANK_RESTING : RERANK_UNKNOWN;
    }
    e->used_at = loop_now(m->loop);
    struct str text = arena_dup(a, (struct str){ e->text, e->text_n });
    *out = (struct rerank_order){ .ids = ARENA_ARRAY(a, struct str, e->ids_n + 1) };
    for (size_t at = 0; out->n < e->ids_n; at += out->ids[out->n++].n + 1) out->ids[out->n] = str_from(text.p + at);
    return RERANK_KNOWN;
}

/* ---- asking ---- */

static void fill_free(struct fill *f)
{
    list_remove(&f->node);
    f->memory->fills_n--;
    arena_finish(&f->arena);
    free(f);
}

static void wake(struct fill *f)
{
    while (!list_empty(&f->waiters)) {
        struct rerank_waiter *w = CONTAINER_OF(f->waiters.next, struct rerank_waiter, node);
        list_remove(&w->node);
        w->ready(w);
    }
}

static void judge(struct fill *f)
{
    struct rerank_memory *m = f->memory;
    const struct http_call *c = &f->call;
    struct rerank_order order = { 0 };
    bool answered = c->outcome == HTTP_OK && c->status == 200;
    if (c->outcome == HTTP_CANCELED) return;
    if (answered && rerank_read(&f->arena, c->response, &order)) {
        f->rest->failures = 0;
        keep(m, &f->key, &order, f->keep_us);
        return;
    }
    keep(m, &f->key, &order, BAD_US);
    if (++f->rest->failures < FAILURES_MAX) return;
    f->rest->failures = 0;
    f->rest->until = loop_now(m->loop) + REST_US;
}

static void heard(struct http_call *c)
{
    struct fill *f = CONTAINER_OF(c, struct fill, call);
    struct rerank_memory *m = f->memory;
    judge(f);
    m->client->finish(m->client, c);
    list_remove(&f->node); /* whoever wakes finds it known, or unknown */
    list_init(&f->node);
    wake(f);
    fill_free(f);
    if (!m->stopping || !list_empty(&m->fills) || !m->stopped) return;
    void (*stopped)(void *) = m->stopped;
    m->stopped = NULL;
    stopped(m->stopped_arg);
}

static bool want(struct reranker *r, const struct rerank_ask *ask)
{
    struct rerank_memory *m = CONTAINER_OF(r, struct rerank_memory, face);
    if (under_way(m, &ask->key)) return true;
    if (m->stopping || m->fills_n == FILLS_MAX) return false;
    struct fill *f = calloc(1, sizeof(*f));
    if (!f) return false;
    arena_init(&f->arena);
    list_init(&f->waiters);
    f->memory = m;
    f->key = ask->key;
    f->keep_us = ask->keep_us;
    f->rest = rest_of(m, ask->tenant_id);
    f->headers[0] = (struct http_header){ STR("Content-Type"), STR("application/json") };
    f->headers[1] = (struct http_header){ STR("Accept"), STR("application/json") };
    f->headers[2] =
        (struct http_header){ STR("Authorization"), arena_printf(&f->arena, "Bearer " STR_FMT, STR_ARG(ask->api_key)) };
    f->call = (struct http_call){ .method = STR("POST"),
                                  .url = arena_dup(&f->arena, ask->url),
                                  .headers = f->headers,
                                  .headers_n = ask->api_key.n ? HEADERS_N : HEADERS_N - 1,
                                  .body = arena_dup(&f->arena, ask->body),
                                  .reach = HTTP_REACH_OPERATOR,
                                  .timeout_ms = (int)ask->timeout_ms,
                                  .body_bytes_max = ASSISTANT_ANSWER_MAX,
                                  .done = heard };
    list_push_back(&m->fills, &f->node);
    m->fills_n++;
    m->client->start(m->client, &f->call);
    return true;
}

static void await(struct reranker *r, struct rerank_waiter *w)
{
    struct rerank_memory *m = CONTAINER_OF(r, struct rerank_memory, face);
    struct fill *f = under_way(m, &w->key);
    ENSURE(f != NULL);
    list_push_back(&f->waiters, &w->node);
}

/* ---- life ---- */

struct rerank_memory *rerank_memory_create(struct loop *loop, struct http_client *client)
{
    struct rerank_memory *m = calloc(1, sizeof(*m));
    ENSURE(m != NULL);
    m->face = (struct reranker){ look, want, await };
    m->loop = loop;
    m->client = client;
    list_init(&m->fills);
    return m;
}

struct reranker *rerank_memory_face(struct rerank_memory *m)
{
    return &m->face;
}

void rerank_memory_stop(struct rerank_memory *m, void (*stopped)(void *arg), void *arg)
{
    m->stopping = true;
    if (list_empty(&m->fills)) {
        stopped(arg);
        return;
    }
    m->stopped = stopped;
    m->stopped_arg = arg;
    for (struct list *n = m->fills.next, *next; n != &m->fills; n = next) {
        next = n->next;
        m->client->cancel(m->client, &CONTAINER_OF(n, struct fill, node)->call);
    }
}

void rerank_memory_destroy(struct rerank_memory *m)
{
    if (!m) return;
    while (!list_empty(&m->fills)) fill_free(CONTAINER_OF(m->fills.next, struct fill, node));
    for (size_t i = 0; i < ENTRIES_MAX; i++) free(m->entries[i].text);
    free(m);
}
