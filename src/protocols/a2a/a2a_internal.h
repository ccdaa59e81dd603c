/* What the files of A2A share. */
#pragma once

#include "base/list.h"
#include "protocols/a2a/a2a.h"
#include "protocols/a2a/a2a_read.h"
#include "protocols/jsonrpc.h"

#define A2A_TASK_NOT_FOUND        (-32001)
#define A2A_TASK_NOT_CANCELABLE   (-32002)
#define A2A_UNSUPPORTED           (-32004)
#define A2A_VERSION_NOT_SUPPORTED (-32009)

struct a2a_method;

/* One JSON-RPC request. Lives in the arena of its exchange. */
struct a2a_request {
    struct dispatcher *dispatcher;
    struct http_exchange *ex;
    struct str id;
    const struct a2a_method *method;
    yyjson_val *params; /* an object or NULL */
    struct a2a_view view;

    struct call call;          /* of a message; else whoever asks (a2a_identify) */
    struct a2a_message message;
    struct str understood;     /* of plain text */
    struct a2a_task_row task;
    struct write_cmd cmd;
    struct str push_config; /* a push configuration in AdCP's shape, for what is written */
    struct str push_id;     /* the subscriber_id it is kept under, or the row to be deleted */

    /* while it is a stream */
    struct list stream_node;
    int64_t shown_at; /* updated_at of what was sent last */
};

struct a2a_method {
    const char *name;
    enum a2a_generation generation;
    bool stream;
    void (*run)(struct a2a_request *r);
};

/* The HTTP answer itself. */
void a2a_reply(struct a2a_request *r, int status, struct str body);
/* Each of these answers the request, once. */
void a2a_answer(struct a2a_request *r, struct str result);
void a2a_fail(struct a2a_request *r, int code, const char *message);
void a2a_fail_err(struct a2a_request *r, int code, const struct err *e);
/* HTTP 401, as over MCP, which gateways and probes understand; call_headers_reply() has added the challenge. */
void a2a_unauthenticated(struct a2a_request *r, struct str body);

/* A stream of events instead. */
void a2a_stream_begin(struct a2a_request *r);
void a2a_stream_event(struct a2a_request *r, struct str result);

/* Who is asking. False after answering: a credential that is not accepted. Without one the owner has no principal_id,
 * which is refused when `signed_in` is asked for. */
enum a2a_who { A2A_ANYBODY, A2A_SIGNED_IN };
MUST_CHECK bool a2a_identify(struct a2a_request *r, enum a2a_who who, struct a2a_owner *out);

/* An act of whoever a2a_identify() found. */
struct act a2a_act(const struct a2a_request *r, struct tx *tx);

/* The caller's task of that id. False after answering. */
MUST_CHECK bool a2a_task_load(struct a2a_request *r, struct str id, enum a2a_who who, struct a2a_task_row *out);

/* True when a write is on disk; answers otherwise. */
bool a2a_written(struct a2a_request *r, enum write_result result);

/* A configuration of this task into r->push_config. False after answering: a URL that may not be called, a token or
 * credential that is too short. */
MUST_CHECK bool a2a_push_check(struct a2a_request *r, struct call_push *push);
/* Registers r->push_config under r->push_id. */
MUST_CHECK int a2a_push_register(struct tx *tx, struct a2a_request *r);
/* The task has come to follow an AdCP task: its configurations are registered there from now on. */
MUST_CHECK int a2a_push_follow(struct tx *tx, const struct a2a_task_row *t, struct err *e);

/* The methods. */
void a2a_send(struct a2a_request *r);
void a2a_task_get(struct a2a_request *r);
void a2a_task_list(struct a2a_request *r);
void a2a_task_cancel(struct a2a_request *r);
void a2a_task_subscribe(struct a2a_request *r);
void a2a_push_set(struct a2a_request *r);
void a2a_push_get(struct a2a_request *r);
void a2a_push_list(struct a2a_request *r);
void a2a_push_delete(struct a2a_request *r);
void a2a_extended_card(struct a2a_request *r);
