#include "http_script.h"

#include <stdio.h>
#include <stdlib.h>

struct script_call {
    struct list node;
    struct http_script *script;
    struct http_call *call;
    struct http_answer answer;
    struct http_answer_more more;
    struct timer acts, answers;
    bool acted;
};

static void act(struct script_call *c)
{
    if (c->acted || c->answer.effect_us < 0) return;
    c->acted = true;
    if (c->script->effect) c->script->effect(c->script->arg, c->call);
}

static void acts_fired(struct timer *t)
{
    act(CONTAINER_OF(t, struct script_call, acts));
}

static void finish_call(struct script_call *c, enum http_outcome outcome)
{
    struct http_call *call = c->call;
    timer_cancel(c->script->loop, &c->acts);
    timer_cancel(c->script->loop, &c->answers);
    list_remove(&c->node);
    call->outcome = outcome;
    call->status = outcome == HTTP_OK ? c->answer.status : 0;
    call->retry_after_s = c->answer.retry_after_s;
    call->response = str_from(c->answer.response);
    call->www_authenticate = str_from(c->more.www_authenticate ? c->more.www_authenticate : "");
    call->stale_connection = c->more.stale_connection;
    call->elapsed_ms = (int)(c->answer.answer_us / 1000);
    (void)snprintf(call->reason, sizeof(call->reason), "scripted outcome %d", (int)outcome);
    free(c);
    call->done(call);
}

static void answers_fired(struct timer *t)
{
    struct script_call *c = CONTAINER_OF(t, struct script_call, answers);
    if (c->answer.effect_us <= c->answer.answer_us) act(c);
    finish_call(c, c->answer.outcome);
}

static void start(struct http_client *client, struct http_call *call)
{
    struct http_script *h = CONTAINER_OF(client, struct http_script, client);
    struct script_call *c = calloc(1, sizeof(*c));
    ENSURE(c != NULL);
    c->script = h;
    c->call = call;
    h->more = (struct http_answer_more){ 0 };
    c->answer = h->answer(h->arg, call);
    c->more = h->more;
    c->acts.fire = acts_fired;
    c->answers.fire = answers_fired;
    list_push_back(&h->calls, &c->node);
    h->started++;
    if (c->answer.effect_us >= 0) timer_set(h->loop, &c->acts, loop_now(h->loop) + c->answer.effect_us);
    timer_set(h->loop, &c->answers, loop_now(h->loop) + c->answer.answer_us);
}

static void cancel(struct http_client *client, struct http_call *call)
{
    struct http_script *h = CONTAINER_OF(client, struct http_script, client);
    for (struct list *n = h->calls.next; n != &h->calls; n = n->next) {
        struct script_call *c = CONTAINER_OF(n, struct script_call, node);
        if (c->call != call) continue;
        finish_call(c, HTTP_CANCELED);
        return;
    }
}

static void finish(struct http_client *client, struct http_call *call)
{
    call->response = call->www_authenticate = STR_NONE;
}

void http_script_init(struct http_script *h, struct loop *loop)
{
    h->client = (struct http_client){ start, cancel, finish };
    h->loop = loop;
    list_init(&h->calls);
}

void http_script_crash(struct http_script *h)
{
    struct list *n;
    while ((n = list_pop_front(&h->calls)) != NULL) {
        struct script_call *c = CONTAINER_OF(n, struct script_call, node);
        act(c);
        timer_cancel(h->loop, &c->acts);
        timer_cancel(h->loop, &c->answers);
        free(c);
    }
}
