/* Asynchronous code that reads top to bottom. A procedure is a struct, a table of steps and a program counter: a step
 * starts operations that are embedded in the struct and returns the index of the next step, which runs in a later turn
 * when all of them have finished (at once when none was started).
 *
 *     static int ask(struct steps *s)  { ...; steps_http(s, &j->http, client); return 1; }
 *     static int hear(struct steps *s) { if (j->http.call.status == 200) ...;   return STEPS_END; }
 *     static const step_fn table[] = { ask, hear };
 *
 * Everything runs on the loop thread, `work` functions excepted. An operation is started only when it is not under
 * way, and its struct must live until the procedure has ended. */
#pragma once

#include <salesagent/http_call.h>

#include "net/mail.h"
#include "run/loop.h"
#include "store/store.h"

#define STEPS_END (-1)

struct steps;
typedef int (*step_fn)(struct steps *s);

/* What a procedure is about, for base/doing.h. */
struct steps_subject {
    struct str operation, publisher, row;
};

struct steps {
    uint32_t magic;
    int next;
    int pending; /* operations under way */
    const step_fn *table;
    struct loop *loop;
    struct ready ready;
    void (*ended)(struct steps *s);
    struct steps_subject subject; /* set by the owner after steps_start; may stay empty */
};

/* Runs step 0 in a turn to come; `ended` is called after the step that returns STEPS_END. */
void steps_start(struct steps *s, struct loop *loop, const step_fn *table, void (*ended)(struct steps *s));

/* ---- operations ---- */

struct op_http {
    struct steps *steps;
    struct http_client *client;
    struct http_call call;
    bool running;
};
/* The caller has filled op->call (`done` excepted). The result is in op->call afterwards; op_http_finish frees it. */
void steps_http(struct steps *s, struct op_http *op, struct http_client *client);
void op_http_finish(struct op_http *op); /* idempotent; not while it runs */
void op_http_cancel(struct op_http *op); /* it still finishes, with HTTP_CANCELED; nothing when not running */

struct op_mail {
    struct steps *steps;
    struct mail_client *client;
    struct mail_call call;
    bool running;
};
/* The caller has filled op->call (`done` excepted); how it ended is in it afterwards. */
void steps_mail(struct steps *s, struct op_mail *op, struct mail_client *client);
void op_mail_cancel(struct op_mail *op); /* it still finishes; nothing when not running */

struct op_sleep {
    struct steps *steps;
    struct timer timer;
};
void steps_sleep(struct steps *s, struct op_sleep *op, int64_t until);
void op_sleep_cancel(struct op_sleep *op); /* ends the sleep now */

/* Something that somebody else ends. */
struct op_event {
    struct steps *steps; /* NULL: nobody waits */
    struct list node;    /* for whoever keeps those that wait */
};
void steps_event(struct steps *s, struct op_event *op);
void op_event_fire(struct op_event *op); /* takes it off its list; nothing when nobody waits */

struct op_work {
    struct steps *steps;
    struct work work;
    void (*run)(struct op_work *op); /* on the thread pool */
};
void steps_work(struct steps *s, struct op_work *op, void (*run)(struct op_work *op));
void steps_brief_work(struct steps *s, struct op_work *op,
                      void (*run)(struct op_work *op)); /* work.brief, run/loop.h */

struct op_write {
    struct steps *steps;
    struct store *store;
    struct write_cmd cmd;
    struct timer again; /* the store's queue was full */
    MUST_CHECK int (*run)(struct tx *tx, struct op_write *op, struct err *e);
    enum write_result result;
    struct err err; /* of a run that failed */
};
void steps_write(struct steps *s, struct op_write *op, struct store *store,
                 int (*run)(struct tx *tx, struct op_write *op, struct err *e));
