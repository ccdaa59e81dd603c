#include "jobs/ad_account.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "base/rfc3339.h"

#define PARALLEL_DEFAULT 8
#define JOBS_DEFAULT     64
#define TOKEN_MARGIN_US  (INT64_C(60) * USEC_PER_SEC)
#define FORGET_US        (INT64_C(3600) * USEC_PER_SEC)
#define MINUTE_US        (INT64_C(60) * USEC_PER_SEC)
#define MEMO_ENTRIES_MAX 256

/* How one account may be called. */
struct pace {
    struct list node;
    struct loop *loop;
    struct http_client *net;
    char *name;
    int users, in_flight, parallel;
    int64_t gap_us;        /* between two starts */
    int64_t next_at;       /* of the next start */
    int64_t paused_until;
    struct list queue, running, ended; /* struct paced */
    struct timer timer;
};

/* One call. The caller's is answered from `inner`, which the network client works on. */
struct paced {
    struct list node;
    struct pace *pace;
    struct http_call inner, *outer;
    bool started;
    struct ready canceled;
};

struct note {
    struct list node;
    char *name, *text;
    int64_t expires_at;
};

struct ad_account {
    struct list node;
    struct http_client client; /* what runs call; its owner is found from it */
    struct pace *pace;
    char *lane;
    char *name;                /* publisher and ad server */
    uint8_t settings[SHA256_BYTES];
    struct jobs *jobs;
    int users, jobs_max;
    int64_t used_at;
    char *token;
    int64_t token_until;
    bool fetching;
    struct list waiting; /* struct op_event */
    struct list notes;
    size_t notes_n;
};

struct accounts {
    struct jobs_keep keep; /* first */
    struct list accounts, paces;
};

static char *own(struct str s)
{
    char *p = strndup(s.n ? s.p : "", s.n);
    ENSURE(p != NULL);
    return p;
}

/* ---- pace ---- */

static struct paced *paced_of(struct list *n)
{
    return CONTAINER_OF(n, struct paced, node);
}

static void drain(struct pace *p);

static void answered(struct http_call *inner)
{
    struct paced *c = CONTAINER_OF(inner, struct paced, inner);
    struct pace *p = c->pace;
    void (*done)(struct http_call *) = c->outer->done;
    list_remove(&c->node);
    list_push_back(&p->ended, &c->node);
    p->in_flight--;
    *c->outer = *inner;
    c->outer->done = done;
    c->outer->client_data = c;
    done(c->outer);
    drain(p);
}

static void drain(struct pace *p)
{
    while (!list_empty(&p->queue) && p->in_flight < p->parallel) {
        int64_t now = loop_now(p->loop), at = p->next_at > p->paused_until ? p->next_at : p->paused_until;
        if (now < at) {
            timer_set(p->loop, &p->timer, at);
            return;
        }
        struct paced *c = paced_of(list_pop_front(&p->queue));
        list_push_back(&p->running, &c->node);
        c->started = true;
        p->in_flight++;
        p->next_at = now + p->gap_us;
        p->net->start(p->net, &c->inner);
    }
}

static void timer_fired(struct timer *t)
{
    drain(CONTAINER_OF(t, struct pace, timer));
}

static void canceled(struct ready *r)
{
    struct paced *c = CONTAINER_OF(r, struct paced, canceled);
    c->outer->outcome = HTTP_CANCELED;
    c->outer->done(c->outer);
}

static void client_start(struct http_client *h, struct http_call *call)
{
    struct ad_account *a = CONTAINER_OF(h, struct ad_account, client);
    struct paced *c = calloc(1, sizeof(*c));
    ENSURE(c != NULL);
    c->pace = a->pace;
    c->outer = call;
    c->inner = *call;
    c->inner.done = answered;
    ready_init(&c->canceled, canceled);
    call->client_data = c;
    list_init(&c->node);
    list_push_back(&a->pace->queue, &c->node);
    drain(a->pace);
}

static void client_cancel(struct http_client *h, struct http_call *call)
{
    struct paced *c = call->client_data;
    if (c->started) {
        c->pace->net->cancel(c->pace->net, &c->inner);
        return;
    }
    list_remove(&c->node); /* it must not be started any more */
    list_push_back(&c->pace->ended, &c->node);
    loop_ready(c->pace->loop, &c->canceled);
}

static void client_finish(struct http_client *h, struct http_call *call)
{
    struct paced *c = call->client_data;
    if (!c) return;
    if (c->started) c->pace->net->finish(c->pace->net, &c->inner);
    list_remove(&c->node);
    free(c);
    call->client_data = NULL;
}

static void free_calls(struct list *calls)
{
    struct list *n;
    while ((n = list_pop_front(calls)) != NULL) {
        ready_cancel(&paced_of(n)->canceled);
        free(paced_of(n));
    }
}

static void pace_free(struct pace *p)
{
    timer_cancel(p->loop, &p->timer);
    list_remove(&p->node);
    free_calls(&p->queue);
    free_calls(&p->running);
    free_calls(&p->ended);
    free(p->name);
    free(p);
}

static struct pace *pace_hold(struct accounts *all, struct jobs *j, struct str name, const struct adapter_limits *l)
{
    struct pace *p = NULL;
    for (struct list *n = all->paces.next; n != &all->paces && !p; n = n->next) {
        struct pace *one = CONTAINER_OF(n, struct pace, node);
        if (str_is(name, one->name)) p = one;
    }
    if (!p) {
        p = calloc(1, sizeof(*p));
        ENSURE(p != NULL);
        p->loop = jobs_loop(j);
        p->net = jobs_client(j);
        p->name = own(name);
        p->timer.fire = timer_fired;
        list_init(&p->queue);
        list_init(&p->running);
        list_init(&p->ended);
        list_push_back(&all->paces, &p->node);
    }
    p->users++;
    p->parallel = l->parallel > 0 ? l->parallel : PARALLEL_DEFAULT;
    p->gap_us = l->calls_per_minute > 0 ? MINUTE_US / l->calls_per_minute : 0;
    return p;
}

struct http_client *ad_account_client(struct ad_account *a)
{
    return &a->client;
}

void ad_account_pause(struct ad_account *a, int64_t until)
{
    if (until > a->pace->paused_until) a->pace->paused_until = until;
}

/* ---- the accounts ---- */

static void note_free(struct ad_account *a, struct note *n)
{
    list_remove(&n->node);
    a->notes_n--;
    free(n->name);
    free(n->text);
    free(n);
}

static void account_free(struct ad_account *a)
{
    while (!list_empty(&a->notes)) note_free(a, CONTAINER_OF(a->notes.next, struct note, node));
    if (--a->pace->users == 0) pace_free(a->pace);
    list_remove(&a->node);
    free(a->token);
    free(a->lane);
    free(a->name);
    free(a);
}

static void accounts_free(struct jobs_keep *keep)
{
    struct accounts *all = CONTAINER_OF(keep, struct accounts, keep);
    while (!list_empty(&all->accounts)) account_free(CONTAINER_OF(all->accounts.next, struct ad_account, node));
    free(all);
}

static struct accounts *accounts_of(struct jobs *j)
{
    struct jobs_keep *keep = jobs_kept(j, accounts_free);
    if (keep) return CONTAINER_OF(keep, struct accounts, keep);
    struct accounts *all = calloc(1, sizeof(*all));
    ENSURE(all != NULL);
    list_init(&all->accounts);
    list_init(&all->paces);
    all->keep.free = accounts_free;
    jobs_keep(j, &all->keep);
    return all;
}

/* Those of settings that are no longer, and of publishers whose ad server has had nothing to do for long. */
static void forget_old(struct accounts *all, const struct ad_account *but, int64_t now)
{
    for (struct list *n = all->accounts.next, *next; n != &all->accounts; n = next) {
        next = n->next;
        struct ad_account *a = CONTAINER_OF(n, struct ad_account, node);
        bool replaced = a != but && strcmp(a->name, but->name) == 0;
        if (a->users == 0 && (replaced || now - a->used_at > FORGET_US)) account_free(a);
    }
}

static struct ad_account *account_make(struct accounts *all, struct jobs *j, const struct ad_account_of *of,
                                       struct str name)
{
    struct adapter_limits limits = { .jobs = 0 };
    struct ad_account *a = calloc(1, sizeof(*a));
    ENSURE(a != NULL);
    if (of->adapter->limits) of->adapter->limits(of->config, &limits);
    a->jobs = j;
    a->client = (struct http_client){ client_start, client_cancel, client_finish };
    a->name = own(name);
    a->lane = own(of->lane);
    a->jobs_max = limits.jobs > 0 ? limits.jobs : JOBS_DEFAULT;
    sha256(of->settings, a->settings);
    list_init(&a->waiting);
    list_init(&a->notes);
    struct arena scratch;
    arena_init(&scratch);
    struct str shared = arena_printf(&scratch, "%s:" STR_FMT, of->adapter->name, STR_ARG(limits.account));
    a->pace = pace_hold(all, j, limits.account.n ? shared : name, &limits);
    arena_finish(&scratch);
    list_push_back(&all->accounts, &a->node);
    return a;
}

struct ad_account *ad_account_hold(struct jobs *j, const struct ad_account_of *of)
{
    struct accounts *all = accounts_of(j);
    struct ad_account *found = NULL;
    uint8_t digest[SHA256_BYTES];
    struct arena scratch;
    arena_init(&scratch);
    struct str name = arena_printf(&scratch, STR_FMT "/" STR_FMT "/%s", STR_ARG(of->tenant_id), STR_ARG(of->ad_server),
                                   of->adapter->name);
    sha256(of->settings, digest);
    for (struct list *n = all->accounts.next; n != &all->accounts && !found; n = n->next) {
        struct ad_account *a = CONTAINER_OF(n, struct ad_account, node);
        if (str_is(name, a->name) && memcmp(digest, a->settings, sizeof(digest)) == 0) found = a;
    }
    if (!found) found = account_make(all, j, of, name);
    arena_finish(&scratch);
    found->users++;
    found->used_at = loop_now(jobs_loop(j));
    forget_old(all, found, found->used_at);
    return found;
}

void ad_account_drop(struct ad_account *a)
{
    if (!a) return;
    ENSURE(a->users > 0);
    a->users--;
    a->used_at = loop_now(jobs_loop(a->jobs));
}

int ad_account_lane_max(struct jobs *j, struct str lane)
{
    struct accounts *all = accounts_of(j);
    int least = 0;
    for (struct list *n = all->accounts.next; n != &all->accounts; n = n->next) {
        struct ad_account *a = CONTAINER_OF(n, struct ad_account, node);
        if (str_is(lane, a->lane) && (least == 0 || a->jobs_max < least)) least = a->jobs_max;
    }
    return least;
}

/* ---- token ---- */

enum ad_token_state ad_token_get(struct ad_account *a, struct steps *s, struct op_event *wait, struct str *token)
{
    if (a->token && loop_now(s->loop) < a->token_until - TOKEN_MARGIN_US) {
        *token = str_from(a->token);
        return AD_TOKEN_THERE;
    }
    if (a->fetching) {
        steps_event(s, wait);
        list_push_back(&a->waiting, &wait->node);
        return AD_TOKEN_COMES;
    }
    a->fetching = true;
    return AD_TOKEN_FETCH;
}

void ad_token_fetched(struct ad_account *a, const struct adapter_token *token)
{
    struct list *n;
    a->fetching = false;
    if (token) {
        free(a->token);
        a->token = own(token->text);
        a->token_until = token->expires_at;
    }
    while ((n = list_pop_front(&a->waiting)) != NULL) op_event_fire(CONTAINER_OF(n, struct op_event, node));
}

void ad_token_drop(struct ad_account *a, struct str token)
{
    if (!a->token || !str_is(token, a->token)) return; /* another run has fetched a new one */
    free(a->token);
    a->token = NULL;
}

/* ---- memo ---- */

static struct note *note_of(struct adapter_memo *m, struct str name)
{
    struct ad_account *a = CONTAINER_OF(m, struct ad_memo, memo)->account;
    int64_t now = loop_now(jobs_loop(a->jobs));
    for (struct list *n = a->notes.next, *next; n != &a->notes; n = next) {
        next = n->next;
        struct note *one = CONTAINER_OF(n, struct note, node);
        if (one->expires_at <= now) note_free(a, one);
        else if (str_is(name, one->name)) return one;
    }
    return NULL;
}

static bool memo_get(struct adapter_memo *m, struct str name, struct str *text)
{
    struct note *n = note_of(m, name);
    if (n) *text = arena_dup(CONTAINER_OF(m, struct ad_memo, memo)->arena, str_from(n->text));
    return n != NULL;
}

static void memo_drop(struct adapter_memo *m, struct str name)
{
    struct note *n = note_of(m, name);
    if (n) note_free(CONTAINER_OF(m, struct ad_memo, memo)->account, n);
}

static void memo_put(struct adapter_memo *m, struct str name, struct str text, int64_t expires_at)
{
    struct ad_account *a = CONTAINER_OF(m, struct ad_memo, memo)->account;
    memo_drop(m, name);
    if (a->notes_n == MEMO_ENTRIES_MAX)
        return; /* nothing relies on a memo: adapters find out again what is not there */
    struct note *n = calloc(1, sizeof(*n));
    ENSURE(n != NULL);
    *n = (struct note){ .name = own(name), .text = own(text), .expires_at = expires_at };
    list_init(&n->node);
    list_push_back(&a->notes, &n->node);
    a->notes_n++;
}

void ad_memo_init(struct ad_memo *m, struct ad_account *a, struct arena *arena)
{
    *m = (struct ad_memo){ { memo_get, memo_put, memo_drop }, a, arena };
}
