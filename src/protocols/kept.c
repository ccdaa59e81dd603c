#include "protocols/kept.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/rfc3339.h"
#include "protocols/dispatch.h"
#include "protocols/envelope.h"

#define BUCKETS_MIN 1024
#define ENTRY_SHARE 8 /* one answer may take so much of all that is kept */
#define KEY_BYTES   ((size_t)64 << 10) /* longer arguments are not worth it */
#define TIME_TEXT   20 /* of 2026-03-09T14:30:00Z */
#define TIMES_MAX   2048

static const struct {
    const char *plain, *escaped;
} says[SAYS_N] = {
    [SAYS_STATUS_AS_OF] = { "\"status_as_of\":\"", "\\\"status_as_of\\\":\\\"" },
    [SAYS_GENERATED_AT] = { "\"generated_at\":\"", "\\\"generated_at\\\":\\\"" },
    [SAYS_EXPIRES_AT] = { "\"expires_at\":\"", "\\\"expires_at\\\":\\\"" },
};

/* Where a text says one of them. */
struct said {
    uint32_t *at;
    size_t n;
    int64_t plus_us;
    char shown[TIME_TEXT];
};

/* Whose answers these are; those asked for last are at the end of its list. */
struct holder {
    struct list node, answers;
    struct str tenant_id; /* in its own memory */
    size_t bytes;
};

struct kept_entry {
    struct list of_holder;
    struct kept_entry *next; /* in its bucket */
    struct holder *holder;
    uint8_t key[SHA256_BYTES];
    struct changes_basis basis;
    int64_t from, until;
    size_t bytes;
    struct kept_text *text;
    struct said said[SAYS_N];
    /* What the call is to others */
    const struct tool *row;
    const struct dialect *dialect;
    enum tool_outcome tool_outcome;
    uint64_t rate_key;
    int64_t rate_limit;
    bool own_context_id;
    struct arena arena; /* the strings */
    struct str principal_id, adcp_version, message;
};

struct kept {
    struct kept_entry **buckets;
    size_t buckets_n, entries_n;
    struct list holders;
    struct sha256_machine *digest;
    struct kept_stats stats;
};

static void *memory(size_t n)
{
    void *p = calloc(1, n);
    ENSURE(p != NULL);
    return p;
}

/* ---- the text ---- */

static size_t escaped_size(struct str s)
{
    size_t more = 0;
    for (size_t i = 0; i < s.n; i++) more += (s.p[i] == '"') + (s.p[i] == '\\');
    return s.n + more;
}

/* JSON text as the inside of a JSON string: there are no control characters in what was written compactly. */
static char *escape(char *out, struct str s)
{
    size_t from = 0;
    if (!s.n) return out;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '"' && s.p[i] != '\\') continue;
        out = mempcpy(out, s.p + from, i - from);
        *out++ = '\\';
        from = i;
    }
    return mempcpy(out, s.p + from, s.n - from);
}

static const char text_head[] = "{\"content\":[{\"type\":\"text\",\"text\":\"",
                  text_middle[] = "\"}],\"structuredContent\":";

struct kept_text *kept_text_new(struct str body)
{
    size_t n = sizeof(text_head) - 1 + escaped_size(body) + sizeof(text_middle) - 1 + body.n + 2;
    struct kept_text *t = malloc(sizeof(*t) + n); /* not zeroed: all of it is written */
    ENSURE(t != NULL);
    char *p = mempcpy(t->p, text_head, sizeof(text_head) - 1);
    p = escape(p, body);
    t->escaped_end = (size_t)(p - t->p) - 1;
    p = mempcpy(p, text_middle, sizeof(text_middle) - 1);
    t->body_at = (size_t)(p - t->p);
    p = mempcpy(p, body.p, body.n);
    t->body_end = (size_t)(p - t->p) - 1;
    *p++ = '}';
    *p++ = '}';
    t->n = (size_t)(p - t->p);
    t->refs = 1;
    return t;
}

void kept_text_unref(void *text)
{
    struct kept_text *t = text;
    if (--t->refs == 0) free(t);
}

struct str kept_text_result(struct arena *a, const struct kept_text *t, const struct kept_splice *s)
{
    size_t n = t->n - 1 + escaped_size(s->added) + s->added.n + s->behind.n;
    char *out = arena_alloc_raw(a, n + 1);
    char *p = mempcpy(out, t->p, t->escaped_end);
    p = escape(p, s->added);
    p = mempcpy(p, t->p + t->escaped_end, t->body_end - t->escaped_end);
    p = mempcpy(p, s->added.p ? s->added.p : "", s->added.n);
    *p++ = '}';
    p = mempcpy(p, s->behind.p ? s->behind.p : "", s->behind.n);
    *p++ = '}';
    *p = '\0';
    return (struct str){ out, (size_t)(p - out) };
}

/* ---- the key ---- */

static void key_part(struct buf *b, struct str s)
{
    uint32_t n = (uint32_t)s.n;
    buf_add(b, (struct str){ (const char *)&n, sizeof(n) });
    buf_add(b, s);
}

/* What a caller may send and no answer is kept for. */
static bool peculiar(const struct call *c)
{
    const struct call_headers *h = &c->headers;
    yyjson_val *context = c->args ? yyjson_obj_get(c->args, "context") : NULL;
    return c->own_page || h->signer || c->push.url.n || h->x_auto_advance.n || h->x_dry_run.n || h->x_mock_time.n ||
           h->x_jump_to_event.n || h->x_test_session_id.n || h->x_force_error.n || h->x_simulated_spend.n ||
           (context && !yyjson_is_obj(context)) || (!h->authorization.n && !h->x_adcp_auth.n) ||
           (c->transport != TRANSPORT_MCP && c->transport != TRANSPORT_A2A && c->transport != TRANSPORT_REST);
}

/* False: there is no key for such a call. */
static bool make_key(struct kept *k, struct call *c)
{
    const struct call_headers *h = &c->headers;
    const struct str parts[] = {
        c->tool, h->authorization, h->x_adcp_auth, h->x_adcp_tenant, h->x_adcp_dialect, h->host
    };
    char flags[] = { (char)('a' + (int)c->transport), h->secure ? 's' : 'p', h->strict_url ? 's' : 'l' };
    struct buf b;
    yyjson_val *key, *value;
    size_t i, n;
    if (peculiar(c)) return false;
    buf_init(&b, KEY_BYTES);
    buf_add(&b, (struct str){ flags, sizeof(flags) });
    for (size_t p = 0; p < ARRAY_LEN(parts); p++) key_part(&b, parts[p]);
    yyjson_obj_foreach(c->args, i, n, key, value) {
        if (yyjson_equals_str(key, "context")) continue;
        key_part(&b, json_val_str(key));
        key_part(&b, json_write_val(c->arena, value));
    }
    bool whole = !b.overflowed;
    if (whole) sha256_machine_make(k->digest, buf_str(&b), c->keep.key);
    buf_finish(&b);
    return whole;
}

/* ---- the table ---- */

static struct kept_entry **place_of(struct kept *k, const uint8_t *key)
{
    uint64_t h;
    memcpy(&h, key, sizeof(h));
    return &k->buckets[h & (k->buckets_n - 1)];
}

static void entry_free(struct kept_entry *x)
{
    if (x->text) kept_text_unref(x->text);
    for (size_t i = 0; i < SAYS_N; i++) free(x->said[i].at);
    arena_finish(&x->arena);
    free(x);
}

static void drop(struct kept *k, struct kept_entry *x)
{
    struct kept_entry **p = place_of(k, x->key);
    while (*p != x) p = &(*p)->next;
    *p = x->next;
    list_remove(&x->of_holder);
    k->stats.bytes -= x->bytes;
    x->holder->bytes -= x->bytes;
    k->entries_n--;
    entry_free(x);
}

static struct kept_entry *find(struct kept *k, const uint8_t *key)
{
    struct kept_entry *x = *place_of(k, key);
    while (x && memcmp(x->key, key, sizeof(x->key)) != 0) x = x->next;
    return x;
}

static struct holder *holder_of(struct kept *k, struct str tenant_id)
{
    for (struct list *n = k->holders.next; n != &k->holders; n = n->next) {
        struct holder *h = CONTAINER_OF(n, struct holder, node);
        if (str_eq(h->tenant_id, tenant_id)) return h;
    }
    struct holder *h = memory(sizeof(*h) + tenant_id.n);
    memcpy(h + 1, tenant_id.p, tenant_id.n);
    h->tenant_id = (struct str){ (const char *)(h + 1), tenant_id.n };
    list_init(&h->answers);
    list_push_back(&k->holders, &h->node);
    return h;
}

static void make_room(struct kept *k, size_t bytes)
{
    while (k->entries_n && k->stats.bytes + bytes > k->stats.bytes_max) {
        struct holder *most = NULL;
        for (struct list *n = k->holders.next; n != &k->holders; n = n->next) {
            struct holder *h = CONTAINER_OF(n, struct holder, node);
            if (!most || h->bytes > most->bytes) most = h;
        }
        drop(k, CONTAINER_OF(most->answers.next, struct kept_entry, of_holder));
    }
}

static void grow(struct kept *k)
{
    if (k->entries_n < k->buckets_n) return;
    size_t old_n = k->buckets_n;
    struct kept_entry **old = k->buckets;
    k->buckets_n *= 2;
    k->buckets = memory(k->buckets_n * sizeof(struct kept_entry *));
    for (size_t i = 0; i < old_n; i++) {
        for (struct kept_entry *x = old[i], *next; x; x = next) {
            next = x->next;
            struct kept_entry **p = place_of(k, x->key);
            x->next = *p;
            *p = x;
        }
    }
    free(old);
}

struct kept *kept_create(size_t bytes_max)
{
    struct kept *k = memory(sizeof(*k));
    k->buckets_n = BUCKETS_MIN;
    k->buckets = memory(k->buckets_n * sizeof(struct kept_entry *));
    k->stats.bytes_max = bytes_max;
    list_init(&k->holders);
    k->digest = sha256_machine_create();
    return k;
}

void kept_destroy(struct kept *k)
{
    struct list *n;
    if (!k) return;
    for (size_t i = 0; i < k->buckets_n; i++) {
        while (k->buckets[i]) drop(k, k->buckets[i]);
    }
    while ((n = list_pop_front(&k->holders)) != NULL) free(CONTAINER_OF(n, struct holder, node));
    sha256_machine_destroy(k->digest);
    free(k->buckets);
    free(k);
}

void kept_stats(const struct kept *k, struct kept_stats *out)
{
    *out = k ? k->stats : (struct kept_stats){ 0 };
    if (k) out->answers = k->entries_n;
}

/* ---- the moment it is said to be ---- */

static void now_text(int64_t now, char out[TIME_TEXT])
{
    char text[RFC3339_MAX];
    size_t n = rfc3339_print(now, RFC3339_SECONDS, text);
    memcpy(out, text, n < TIME_TEXT ? n : TIME_TEXT);
}

/* Where `text` has that member with that value; max + 1 when there are more than max. */
static size_t find_times(struct str text, const char *member, const char now[TIME_TEXT], uint32_t *at, size_t max)
{
    size_t n = 0, length = strlen(member);
    const char *p = text.p, *end = text.p + text.n;
    while ((p = memmem(p, (size_t)(end - p), member, length)) != NULL) {
        p += length;
        if ((size_t)(end - p) < TIME_TEXT || memcmp(p, now, TIME_TEXT) != 0) continue;
        if (n == max) return max + 1;
        at[n++] = (uint32_t)(p - text.p);
    }
    return n;
}

/* False: it says so in a way that cannot be put right later. */
static bool note_said(struct kept_entry *x, const struct call *c, enum says what)
{
    const struct kept_text *t = x->text;
    struct said *s = &x->said[what];
    size_t said = c->keeping.says[what].n;
    s->plus_us = c->keeping.says[what].plus_us;
    if (said == 0) return true;
    if (said > TIMES_MAX || t->n > UINT32_MAX) return false;
    s->at = memory(2 * (said + 1) * sizeof(*s->at));
    now_text(c->act.now + s->plus_us, s->shown);
    struct str escaped = { t->p, t->body_at }, body = { t->p + t->body_at, t->n - t->body_at };
    size_t n = find_times(escaped, says[what].escaped, s->shown, s->at, said);
    size_t m = n > said ? 0 : find_times(body, says[what].plain, s->shown, s->at + n, said);
    if (n == 0 && m == 0) return memmem(body.p, body.n, s->shown, TIME_TEXT) == NULL; /* a line without that member */
    if (n != said || m != said) return false;
    for (size_t i = n; i < n + m; i++) s->at[i] += (uint32_t)t->body_at;
    s->n = n + m;
    return true;
}

static bool note_times(struct kept_entry *x, const struct call *c)
{
    for (int i = 0; i < SAYS_N; i++) {
        if (!note_said(x, c, (enum says)i)) return false;
    }
    return true;
}

/* A text that is on its way to somebody is left alone. */
static void own_text(struct kept_entry *x)
{
    if (x->text->refs == 1) return;
    size_t n = sizeof(*x->text) + x->text->n;
    struct kept_text *own = malloc(n);
    ENSURE(own != NULL);
    memcpy(own, x->text, n);
    own->refs = 1;
    kept_text_unref(x->text);
    x->text = own;
}

/* The text as it is said now. */
static void say_now(struct kept_entry *x, int64_t now)
{
    char text[TIME_TEXT];
    for (size_t i = 0; i < SAYS_N; i++) {
        struct said *s = &x->said[i];
        if (!s->n) continue;
        now_text(now + s->plus_us, text);
        if (memcmp(text, s->shown, TIME_TEXT) == 0) continue;
        own_text(x);
        memcpy(s->shown, text, TIME_TEXT);
        for (size_t k = 0; k < s->n; k++) memcpy(x->text->p + s->at[k], text, TIME_TEXT);
    }
}

/* ---- answering ---- */

/* Still good at this moment? Then its rate has been counted. */
static bool may_answer(struct dispatcher *d, const struct kept_entry *x, struct rate_state *rate)
{
    int64_t now = loop_now(d->loop);
    if (now < x->from || now >= x->until || !changes_none(d->store, &x->basis)) return false;
    *rate = (struct rate_state){ .stated = x->rate_limit, .key = x->rate_key };
    return rate_again(&d->rates, rate, now);
}

bool kept_answer(struct kept *k, struct call *c)
{
    struct dispatcher *d = c->dispatcher;
    struct rate_state rate;
    c->keep.asked = k && !d->dry_run && make_key(k, c);
    if (!c->keep.asked) return false;
    c->keep.generation = store_generation(d->store);
    k->stats.asked++;
    struct kept_entry *x = find(k, c->keep.key);
    if (!x) return false;
    if (!may_answer(d, x, &rate)) {
        if (!changes_none(d->store, &x->basis) || loop_now(d->loop) >= x->until) drop(k, x);
        return false;
    }
    k->stats.answered++;
    list_remove(&x->of_holder);
    list_push_back(&x->holder->answers, &x->of_holder);
    say_now(x, loop_now(d->loop));
    c->rate = rate;
    c->row = x->row;
    c->dialect = x->dialect;
    c->authenticated = true;
    c->tenant.tenant_id = arena_dup(c->arena, x->holder->tenant_id);
    c->principal.principal_id = arena_dup(c->arena, x->principal_id);
    c->adcp_version = arena_dup(c->arena, x->adcp_version);
    c->message = arena_dup(c->arena, x->message);
    c->tool_outcome = x->tool_outcome;
    if (id_text_valid(c->headers.x_context_id, 255)) c->context_id = c->headers.x_context_id;
    c->keep.added = envelope_added(c, x->own_context_id);
    c->keep.text = x->text;
    if (c->transport != TRANSPORT_MCP) {
        struct str body = { x->text->p + x->text->body_at, x->text->body_end - x->text->body_at + 1 };
        c->body = envelope_with(c->arena, body, c->keep.added);
    }
    return true;
}

/* Is the answer of the call one that holds until something changes? */
static bool may_keep(const struct kept *k, const struct call *c)
{
    const struct keeping *how = &c->keeping;
    bool plain = c->outcome == CALL_OK && c->reads && c->dialect->adcp3 && c->row && c->row->kept && c->fresh &&
                 c->fresh->outcome == TOOL_COMPLETED && !c->replayed && !c->act.mock_clock && !c->sandbox.used &&
                 !c->outside.asked_n && !c->rerank_wish.wanted && c->keep.plain.n;
    return c->keep.asked && plain && how->may && !how->never && how->until > c->act.now && c->authenticated &&
           c->principal.role == ROLE_BUYER && !c->token_stale &&
           c->keep.generation == store_generation(c->dispatcher->store) &&
           3 * c->keep.plain.n < k->stats.bytes_max / ENTRY_SHARE;
}

void kept_take(struct kept *k, struct call *c)
{
    struct changes_basis basis;
    struct changes_reader who = { c->tenant.tenant_id, c->principal.principal_id };
    if (!k || !may_keep(k, c) || !changes_basis(c->dispatcher->store, c->act.tx, &who, &basis)) return;
    struct kept_entry *x = find(k, c->keep.key);
    if (x) drop(k, x);
    x = memory(sizeof(*x));
    list_init(&x->of_holder);
    arena_init(&x->arena);
    x->text = kept_text_new(c->keep.plain);
    if (!note_times(x, c)) {
        entry_free(x);
        return;
    }
    memcpy(x->key, c->keep.key, sizeof(x->key));
    x->basis = basis;
    x->from = c->act.now;
    x->until = c->keeping.until;
    x->row = c->row;
    x->dialect = c->dialect;
    x->tool_outcome = c->tool_outcome;
    x->rate_key = c->rate.key;
    x->rate_limit = c->rate.stated;
    x->own_context_id = c->keep.own_context_id;
    x->principal_id = arena_dup(&x->arena, c->principal.principal_id);
    x->adcp_version = arena_dup(&x->arena, c->adcp_version);
    x->message = arena_dup(&x->arena, c->message);
    x->bytes = sizeof(*x) + x->text->n + x->arena.used_bytes;
    for (size_t i = 0; i < SAYS_N; i++) x->bytes += x->said[i].n * sizeof(uint32_t);
    make_room(k, x->bytes);
    grow(k);
    x->holder = holder_of(k, c->tenant.tenant_id);
    list_push_back(&x->holder->answers, &x->of_holder);
    struct kept_entry **p = place_of(k, x->key);
    x->next = *p;
    *p = x;
    k->entries_n++;
    k->stats.bytes += x->bytes;
    x->holder->bytes += x->bytes;
    c->keep.text = x->text;
}
