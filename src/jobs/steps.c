#include "jobs/steps.h"

#include "base/doing.h"

#define STEPS_MAGIC    0x57e95000u
#define WRITE_AGAIN_US INT64_C(20000)

static void now_doing(const struct steps *s)
{
    doing_row(s->subject.operation, s->subject.publisher, s->subject.row);
}

static void run_step(struct ready *r)
{
    struct steps *s = CONTAINER_OF(r, struct steps, ready);
    ENSURE(s->magic == STEPS_MAGIC && s->pending == 0);
    now_doing(s);
    s->next = s->table[s->next](s);
    doing_nothing();
    if (s->next == STEPS_END) {
        ENSURE(s->pending == 0);
        s->magic = 0;
        s->ended(s);
    } else if (s->pending == 0) {
        loop_ready(s->loop, &s->ready);
    }
}

void steps_start(struct steps *s, struct loop *loop, const step_fn *table, void (*ended)(struct steps *s))
{
    *s = (struct steps){ .magic = STEPS_MAGIC, .table = table, .loop = loop, .ended = ended };
    ready_init(&s->ready, run_step);
    loop_ready(loop, &s->ready);
}

static void begin(struct steps *s)
{
    ENSURE(s->magic == STEPS_MAGIC);
    s->pending++;
}

static void op_ended(struct steps *s)
{
    ENSURE(s->magic == STEPS_MAGIC && s->pending > 0);
    if (--s->pending == 0) loop_ready(s->loop, &s->ready);
}

/* --- http ------------------------------------------------------------------------------------------------ */

static void http_done(struct http_call *c)
{
    struct op_http *op = CONTAINER_OF(c, struct op_http, call);
    op->running = false;
    op_ended(op->steps);
}

void steps_http(struct steps *s, struct op_http *op, struct http_client *client)
{
    ENSURE(!op->running);
    op->steps = s;
    op->client = client;
    op->running = true;
    op->call.done = http_done;
    begin(s);
    client->start(client, &op->call);
}

void op_http_finish(struct op_http *op)
{
    if (!op->client) return;
    ENSURE(!op->running);
    op->client->finish(op->client, &op->call);
    op->client = NULL;
}

void op_http_cancel(struct op_http *op)
{
    if (op->running) op->client->cancel(op->client, &op->call);
}

/* --- mail ------------------------------------------------------------------------------------------------ */

static void mail_done(struct mail_call *c)
{
    struct op_mail *op = CONTAINER_OF(c, struct op_mail, call);
    op->running = false;
    op_ended(op->steps);
}

void steps_mail(struct steps *s, struct op_mail *op, struct mail_client *client)
{
    ENSURE(!op->running);
    op->steps = s;
    op->client = client;
    op->running = true;
    op->call.done = mail_done;
    begin(s);
    client->start(client, &op->call);
}

void op_mail_cancel(struct op_mail *op)
{
    if (op->running) op->client->cancel(op->client, &op->call);
}

/* --- sleep ----------------------------------------------------------------------------------------------- */

static void sleep_over(struct timer *t)
{
    op_ended(CONTAINER_OF(t, struct op_sleep, timer)->steps);
}

void steps_sleep(struct steps *s, struct op_sleep *op, int64_t until)
{
    ENSURE(!timer_is_set(&op->timer));
    op->steps = s;
    op->timer.fire = sleep_over;
    begin(s);
    timer_set(s->loop, &op->timer, until);
}

void op_sleep_cancel(struct op_sleep *op)
{
    if (!timer_is_set(&op->timer)) return;
    timer_cancel(op->steps->loop, &op->timer);
    op_ended(op->steps);
}

/* --- event ----------------------------------------------------------------------------------------------- */

void steps_event(struct steps *s, struct op_event *op)
{
    ENSURE(op->steps == NULL);
    op->steps = s;
    list_init(&op->node);
    begin(s);
}

void op_event_fire(struct op_event *op)
{
    struct steps *s = op->steps;
    if (!s) return;
    op->steps = NULL;
    list_remove(&op->node);
    op_ended(s);
}

/* --- work ------------------------------------------------------------------------------------------------ */

static void work_run(struct work *w)
{
    struct op_work *op = CONTAINER_OF(w, struct op_work, work);
    op->run(op);
}

static void work_done(struct work *w)
{
    op_ended(CONTAINER_OF(w, struct op_work, work)->steps);
}

void steps_work(struct steps *s, struct op_work *op, void (*run)(struct op_work *op))
{
    *op = (struct op_work){ .steps = s, .work = { .work = work_run, .done = work_done }, .run = run };
    begin(s);
    loop_work(s->loop, &op->work);
}

void steps_brief_work(struct steps *s, struct op_work *op, void (*run)(struct op_work *op))
{
    *op = (struct op_work){ .steps = s, .work = { .work = work_run, .done = work_done, .brief = true }, .run = run };
    begin(s);
    loop_work(s->loop, &op->work);
}

/* --- write ----------------------------------------------------------------------------------------------- */

static int write_run(struct tx *tx, struct write_cmd *c)
{
    struct op_write *op = CONTAINER_OF(c, struct op_write, cmd);
    now_doing(op->steps);
    int rc = op->run(tx, op, &op->err);
    doing_nothing();
    return rc;
}

static void write_done(struct write_cmd *c, enum write_result result)
{
    struct op_write *op = CONTAINER_OF(c, struct op_write, cmd);
    op->result = result;
    op_ended(op->steps);
}

static void write_try(struct op_write *op)
{
    struct err e; /* a full queue is a wait, not a failure */
    struct loop *loop = op->steps->loop;
    if (store_write(op->store, &op->cmd, &e)) timer_set(loop, &op->again, loop_now(loop) + WRITE_AGAIN_US);
}

static void write_again(struct timer *t)
{
    write_try(CONTAINER_OF(t, struct op_write, again));
}

void steps_write(struct steps *s, struct op_write *op, struct store *store,
                 int (*run)(struct tx *tx, struct op_write *op, struct err *e))
{
    *op = (struct op_write){ .steps = s,
                             .store = store,
                             .cmd = { .run = write_run, .done = write_done },
                             .again = { .fire = write_again },
                             .run = run };
    begin(s);
    write_try(op);
}
