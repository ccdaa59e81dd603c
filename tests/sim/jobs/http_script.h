/* An http_client for simulations: no sockets, virtual time. Every started call is put to `answer`, which decides what
 * the other side does and how long it takes; a call may take effect there and its answer still be lost. */
#pragma once

#include <salesagent/http_call.h>

#include "run/loop.h"

struct http_answer {
    enum http_outcome outcome;
    int status;
    int retry_after_s;   /* -1: none */
    int64_t effect_us;   /* until the other side acts; -1: it never does */
    int64_t answer_us;   /* until the caller hears */
    const char *response;
};

/* What few answers have beside that. */
struct http_answer_more {
    const char *www_authenticate; /* NULL: none */
    bool stale_connection;
};

struct http_script {
    struct http_client client;
    struct loop *loop;
    struct list calls;
    struct http_answer (*answer)(void *arg, const struct http_call *call);
    void (*effect)(void *arg, const struct http_call *call); /* NULL: nothing changes there */
    struct http_answer_more more; /* `answer` may set it for the answer it returns */
    void *arg;
    uint64_t started;
};

void http_script_init(struct http_script *h, struct loop *loop);
/* As a crash: whoever called is gone. What was on its way may still take effect. */
void http_script_crash(struct http_script *h);
