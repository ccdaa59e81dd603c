#include "jobs/health_look.h"

#include <arpa/inet.h>
#include <netdb.h>

#include "net/address_policy.h"
#include "net/url.h"

#define ADDRESSES_SHOWN 4
#define CALL_MS         10000

enum { STEP_BEGIN, STEP_HEAR, STEP_HEAR_AGAIN };

static struct health_look *self(struct steps *s)
{
    return CONTAINER_OF(s, struct health_look, steps);
}

/* ---- on the thread pool ---- */

static const char *address_text(const struct sockaddr *a, char *out, size_t n)
{
    const void *bytes = a->sa_family == AF_INET ? (const void *)&((const struct sockaddr_in *)a)->sin_addr
                                                : (const void *)&((const struct sockaddr_in6 *)a)->sin6_addr;
    const char *text = inet_ntop(a->sa_family, bytes, out, (socklen_t)n);
    return text ? text : "?";
}

static void resolve(struct health_look *l)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *list = NULL;
    struct str text = STR_NONE;
    char one[INET6_ADDRSTRLEN];
    bool private_one = false;
    size_t n = 0;
    int rc = getaddrinfo(l->host, NULL, &hints, &list);
    if (rc) {
        finding_add(&l->from_work, FINDING_ERROR, "dns", "%s does not resolve: %s.", l->host, gai_strerror(rc));
        finding_remedy(&l->from_work, "Give the name an A or AAAA record.");
        return;
    }
    for (const struct addrinfo *i = list; i; i = i->ai_next, n++) {
        private_one = private_one || address_classify(i->ai_addr) != ADDRESS_PUBLIC;
        if (n < ADDRESSES_SHOWN)
            text = arena_printf(&l->work_arena, STR_FMT "%s%s", STR_ARG(text), n ? ", " : "",
                                address_text(i->ai_addr, one, sizeof(one)));
    }
    freeaddrinfo(list);
    finding_add(&l->from_work, private_one && !l->sandbox ? FINDING_WARNING : FINDING_WELL, "dns",
                "%s resolves to " STR_FMT "%s.", l->host, STR_ARG(text),
                private_one && !l->sandbox ? ", which is no public address; seen from outside it must be one" : "");
}

static void work(struct op_work *op)
{
    struct health_look *l = CONTAINER_OF(op, struct health_look, work);
    if (l->machine) l->machine->look(l->machine, l->now, &l->from_work);
    if (l->host) resolve(l);
}

/* ---- asking ---- */

static void ask(struct health_look *l, struct op_http *op, struct str url, enum http_reach reach)
{
    op->call =
        (struct http_call){ .method = STR("GET"), .url = url, .reach = reach, .timeout_ms = CALL_MS, .inspect = true };
    steps_http(&l->steps, op, l->client);
}

static void find_host(struct health_look *l)
{
    struct url u;
    struct err e;
    if (!l->questions.agent_url.n || url_parse(l->questions.agent_url, &u, &e) || u.host_kind != HOST_NAME) return;
    l->host = arena_cstr(&l->arena, u.host);
}

static int begin(struct steps *s)
{
    struct health_look *l = self(s);
    struct health_questions *q = &l->questions;
    struct arena *a = &l->arena;
    l->now = loop_now(s->loop);
    find_host(l);
    steps_work(s, &l->work, work);
    if (q->agent_url.n) {
        ask(l, &l->card, arena_printf(a, STR_FMT "/.well-known/agent-card.json", STR_ARG(q->agent_url)),
            HTTP_REACH_OPERATOR);
        ask(l, &l->keys, arena_printf(a, STR_FMT "/.well-known/jwks.json", STR_ARG(q->agent_url)), HTTP_REACH_OPERATOR);
    }
    if (q->link_base.n && !str_eq(q->link_base, q->agent_url))
        ask(l, &l->links, arena_printf(a, STR_FMT "/healthz", STR_ARG(q->link_base)), HTTP_REACH_OPERATOR);
    if (l->sandbox) return STEP_HEAR;
    for (size_t i = 0; i < q->domains_n; i++) {
        ask(l, &l->properties[i],
            arena_printf(a, "https://" STR_FMT "/.well-known/adagents.json", STR_ARG(q->domains[i])),
            HTTP_REACH_PUBLIC);
    }
    return STEP_HEAR;
}

/* ---- hearing ---- */

static void weigh(struct health_look *l, struct str domain, const struct http_call *c)
{
    if (c->outcome == HTTP_REFUSED || c->outcome == HTTP_CANCELED) return; /* nobody was asked */
    l->asked++;
    l->answered += c->outcome == HTTP_OK;
    clocks_add(&l->clocks, domain, c, loop_now(l->steps.loop));
}

static void hear_property(struct health_look *l, size_t i)
{
    struct str elsewhere, domain = l->questions.domains[i];
    const struct http_call *c = &l->properties[i].call;
    weigh(l, domain, c);
    answer_adagents(&l->findings, &l->questions, domain, c, &elsewhere);
    if (!elsewhere.n) return;
    l->follows[i] = true;
    ask(l, &l->followed[i], elsewhere, HTTP_REACH_PUBLIC);
}

static int hear(struct steps *s)
{
    struct health_look *l = self(s);
    struct health_questions *q = &l->questions;
    findings_append(&l->findings, &l->from_work);
    if (q->agent_url.n) {
        answer_card(&l->findings, q, &l->card.call, loop_now(s->loop));
        answer_keys(&l->findings, q, &l->keys.call);
    }
    if (l->links.call.url.n) answer_links(&l->findings, q, &l->links.call);
    for (size_t i = 0; !l->sandbox && i < q->domains_n; i++) hear_property(l, i);
    return STEP_HEAR_AGAIN;
}

static void tell_left_out(struct health_look *l)
{
    struct health_questions *q = &l->questions;
    if (l->sandbox && q->domains_n) {
        finding_add(&l->findings, FINDING_UNKNOWN, "adagents", "A sandbox asks nobody outside.");
    } else if (q->domains_left_out) {
        finding_add(&l->findings, FINDING_UNKNOWN, "adagents", "%zu more domains were not asked.", q->domains_left_out);
    }
}

static int hear_again(struct steps *s)
{
    struct health_look *l = self(s);
    struct str elsewhere;
    for (size_t i = 0; i < l->questions.domains_n; i++) {
        if (!l->follows[i]) continue;
        const struct http_call *c = &l->followed[i].call;
        struct str domain = l->questions.domains[i];
        weigh(l, domain, c);
        answer_adagents(&l->findings, &l->questions, domain, c, &elsewhere);
        if (!elsewhere.n) continue;
        finding_add(&l->findings, FINDING_ERROR, "adagents",
                    "What its adagents.json points to points elsewhere again.");
        finding_about(&l->findings, domain);
    }
    if (!l->questions.tenant_id.n) return STEPS_END;
    tell_left_out(l);
    if (!l->sandbox) answer_clocks(&l->findings, &l->clocks);
    if (!l->sandbox) answer_egress(&l->findings, l->asked, l->answered);
    return STEPS_END;
}

static void ended(struct steps *s)
{
    struct health_look *l = self(s);
    l->ended(l);
}

/* ---- the interface ---- */

int health_look_start(struct health_look *l, struct loop *loop, const struct act *act, struct err *e)
{
    static const step_fn table[] = { [STEP_BEGIN] = begin, [STEP_HEAR] = hear, [STEP_HEAR_AGAIN] = hear_again };
    arena_init(&l->arena);
    arena_init(&l->work_arena);
    l->findings.arena = &l->arena;
    l->from_work.arena = &l->work_arena;
    if (l->machine) l->machine = l->machine->take(l->machine, &l->arena);
    if (act) {
        struct act own = *act; /* what is asked lives as long as the look */
        own.arena = &l->arena;
        if (health_questions(&own, &l->questions, e)) return -1;
        l->questions.tenant_id = arena_dup(&l->arena, l->questions.tenant_id);
    }
    steps_start(&l->steps, loop, table, ended);
    return 0;
}

void health_look_cancel(struct health_look *l)
{
    op_http_cancel(&l->card);
    op_http_cancel(&l->keys);
    op_http_cancel(&l->links);
    for (size_t i = 0; i < HEALTH_DOMAINS_MAX; i++) {
        op_http_cancel(&l->properties[i]);
        op_http_cancel(&l->followed[i]);
    }
}

void health_look_finish(struct health_look *l)
{
    op_http_finish(&l->card);
    op_http_finish(&l->keys);
    op_http_finish(&l->links);
    for (size_t i = 0; i < HEALTH_DOMAINS_MAX; i++) {
        op_http_finish(&l->properties[i]);
        op_http_finish(&l->followed[i]);
    }
    arena_finish(&l->arena);
    arena_finish(&l->work_arena);
}
