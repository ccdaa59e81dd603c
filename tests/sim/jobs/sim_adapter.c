/* A remote ad server under faults: lost answers after the effect, errors, tokens that expire, "too many requests", waits
 * for a person, failing commits, crashes at any moment. Its adapter is a small one of the test's own (find by the buy's id,
 * create, add a line item, wait for its approval). At the end of each seed every booking has exactly one order there, with
 * exactly one line item, and our rows know both; or, when the ad server refused or is one nobody knows any more, the job is
 * dead and a task for a person is open. Every second buy has an approved creative, which goes there by a job, too: the buy
 * leaves pending_creatives when the ad server has it, and not before. No call goes out without a token that is good, and
 * no more of them at a time, and no faster, than the account bears.
 *
 * sim_adapter [SEEDS [FIRST]] */
#include <salesagent/adapter.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/rfc3339.h"
#include "domain/booking/booking.h"
#include "domain/media_buy/media_buy.h"
#include "http_script.h"
#include "jobs/adapter_job.h"
#include "jobs/webhook_send.h"
#include "run/loop_sim.h"
#include "store/q/q_delivery.h"
#include "store/stmt.h"

#define START INT64_C(1700000000000000)
#define HOUR  (INT64_C(3600) * USEC_PER_SEC)
#define BUYS  6

#define CALLS_PER_MINUTE 600
#define GAP_US           100000
#define PARALLEL         2
#define TOKEN_S          3600

struct order {
    char buy[64], id[16];
    bool made;
    int lines;
};

struct world {
    uint64_t seed;
    struct rng rng;
    struct loop loop;
    struct loop_sim sim;
    struct store *store;
    struct jobs *jobs;
    struct http_script http;
    struct jobs_world options;
    struct ad_server server;
    struct arena arena;
    char path[64];
    struct order orders[BUYS * 4];
    int orders_n, crashes;
    int tokens; /* given out; the last one is good until it expires, or is revoked */
    int64_t token_until;
    bool revocable; /* not twice in a row: that would be a refusal */
    int64_t started_at; /* the last call to the ad server */
    int64_t approved_at; /* until then orders wait for a person over there; 0: they need none */
    bool refuses, refuses_creatives, unknown, failed;
};

struct totals {
    int booked, refused, with_creatives, creatives_refused, crashes, repeats, waited, tokens, expired, held;
};
static struct totals sum;

static void fail(struct world *w, const char *what, int i)
{
    w->failed = true;
    fprintf(stdout, "# seed %llu buy %d: %s\n", (unsigned long long)w->seed, i, what);
}

static uint64_t below(struct world *w, uint64_t n)
{
    return rng_u64(&w->rng) % n;
}

/* --- the adapter: find -> (create) -> line -> look -> done, or wait --------------------------------------------------- */

static void call(struct adapter_op *op, const char *what, struct str body)
{
    op->calls[0] = (struct http_call){ .method = STR("POST"),
                                       .url = arena_printf(op->arena, "https://ads.example.com/%s", what),
                                       .body = body,
                                       .reach = HTTP_REACH_OPERATOR };
    op->calls_n = 1;
}

static bool failed_call(struct adapter_op *op)
{
    if (adapter_no_answer(op, &op->answers[0])) return true;
    if (op->answers[0].status == 200) return false;
    (void)adapter_refuse(op, op->answers[0].status == 422 ? "no such inventory" : "not let in");
    return true;
}

static int step_find(struct adapter_op *op)
{
    call(op, "find", op->plan->media_buy_id);
    return 1;
}

static int line(struct adapter_op *op, struct str order)
{
    adapter_remote_add(op, REMOTE_ORDER, op->plan->media_buy_id, order);
    op->progress = STR("{\"order\":true}");
    op->progress_changed = true;
    op->state = arena_alloc(op->arena, sizeof(struct str));
    *(struct str *)op->state = arena_dup(op->arena, order);
    call(op, "line", *(struct str *)op->state);
    return 3;
}

static int step_found(struct adapter_op *op)
{
    if (failed_call(op)) return ADAPTER_DONE;
    if (!str_is(op->answers[0].response, "none")) return line(op, op->answers[0].response);
    call(op, "create", op->plan->media_buy_id);
    return 2;
}

static int step_created(struct adapter_op *op)
{
    return failed_call(op) ? ADAPTER_DONE : line(op, op->answers[0].response);
}

static int step_lined(struct adapter_op *op)
{
    if (failed_call(op)) return ADAPTER_DONE;
    adapter_remote_add(op, REMOTE_PACKAGE, op->plan->packages[0].package_id, STR("line-1"));
    call(op, "look", *(struct str *)op->state);
    return 4;
}

static int step_looked(struct adapter_op *op)
{
    if (failed_call(op)) return ADAPTER_DONE;
    if (str_is(op->answers[0].response, "waits")) return adapter_wait(op, 7200, "a person there has not approved it");
    return adapter_done(op);
}

/* Putting a creative is named by us, so a repeated one replaces itself. */
static int step_put(struct adapter_op *op)
{
    if (!op->plan->remote_id.n) return adapter_refuse(op, "there is no order");
    call(op, "put", op->plan->remote_id);
    return 1;
}

static int step_put_done(struct adapter_op *op)
{
    if (failed_call(op)) return ADAPTER_DONE;
    adapter_remote_add(op, REMOTE_CREATIVE, op->plan->packages[0].creatives[0].creative_id, STR("creative-1"));
    return adapter_done(op);
}

/* Runs on another thread: nothing of the world may be touched here. */
static int token_ask(const void *config, int64_t now, struct arena *arena, struct http_call *out, struct err *e)
{
    *out = (struct http_call){ .method = STR("POST"),
                               .url = arena_printf(arena, "https://ads.example.com/%s", "token"),
                               .reach = HTTP_REACH_OPERATOR };
    return 0;
}

static enum adapter_verdict token_read(const void *config, int64_t now, struct arena *arena,
                                       const struct http_call *answer, struct adapter_token *out, struct str *reason)
{
    *reason = STR("no token");
    if (answer->outcome != HTTP_OK || answer->status != 200) return ADAPTER_TRY_LATER;
    *out = (struct adapter_token){ arena_dup(arena, answer->response), now + TOKEN_S * USEC_PER_SEC };
    return ADAPTER_OK;
}

static void authorize(const void *config, struct str token, struct arena *arena, struct http_call *call)
{
    struct http_header *h = ARENA_NEW(arena, struct http_header);
    *h = (struct http_header){ STR("Authorization"), token };
    call->headers = h;
    call->headers_n = 1;
}

static void limits(const void *config, struct adapter_limits *out)
{
    *out = (struct adapter_limits){ .calls_per_minute = CALLS_PER_MINUTE, .parallel = PARALLEL };
}

static const adapter_step book_steps[] = { step_find, step_found, step_created, step_lined, step_looked };
static const adapter_step creative_steps[] = { step_put, step_put_done };
static const struct adapter fake = { .name = "fake",
                                     .token_ask = token_ask,
                                     .token_read = token_read,
                                     .authorize = authorize,
                                     .limits = limits,
                                     .verbs = { [ADAPTER_BOOK] = { .steps = book_steps, .steps_n = 5 },
                                                [ADAPTER_CREATIVES] = { .steps = creative_steps, .steps_n = 2 } } };

/* --- the ad server ---------------------------------------------------------------------------------------------------- */

static struct order *order_of_buy(struct world *w, struct str buy, bool made)
{
    for (int i = 0; i < w->orders_n; i++) {
        if (str_is(buy, w->orders[i].buy) && w->orders[i].made == made) return &w->orders[i];
    }
    return NULL;
}

static struct order *order_of_id(struct world *w, struct str id)
{
    for (int i = 0; i < w->orders_n; i++) {
        if (str_is(id, w->orders[i].id)) return &w->orders[i];
    }
    return NULL;
}

static bool is(const struct http_call *c, const char *what)
{
    return c->url.n > strlen(what) && memcmp(c->url.p + c->url.n - strlen(what), what, strlen(what)) == 0;
}

/* An order to be, so that the answer can name it before it is made. */
static struct order *reserve(struct world *w, struct str buy)
{
    struct order *o = order_of_buy(w, buy, false);
    if (o || w->orders_n == ARRAY_LEN(w->orders)) return o;
    o = &w->orders[w->orders_n++];
    (void)snprintf(o->buy, sizeof(o->buy), STR_FMT, STR_ARG(buy));
    (void)snprintf(o->id, sizeof(o->id), "o-%d", w->orders_n);
    return o;
}

static struct http_answer give_token(struct world *w)
{
    static char text[32];
    if (below(w, 6) == 0) return (struct http_answer){ HTTP_OK, 503, -1, -1, 2000, "" };
    (void)snprintf(text, sizeof(text), "token-%d", ++w->tokens);
    w->token_until = w->sim.now + TOKEN_S * USEC_PER_SEC;
    return (struct http_answer){ HTTP_OK, 200, -1, -1, 5000, text };
}

static bool let_in(struct world *w, const struct http_call *c)
{
    char good[32];
    (void)snprintf(good, sizeof(good), "token-%d", w->tokens);
    if (w->revocable && below(w, 40) == 0) w->token_until = w->sim.now; /* somebody revokes it */
    w->revocable = c->headers_n == 1 && str_is(c->headers[0].value, good) && w->sim.now < w->token_until;
    return w->revocable;
}

static void pace_checked(struct world *w)
{
    int64_t since = w->sim.now - w->started_at;
    if (w->started_at && since < GAP_US) fail(w, "called faster than the account bears", -1);
    w->started_at = w->sim.now;
}

static struct http_answer acted_on(struct world *w, const struct http_call *c)
{
    struct http_answer a = { HTTP_OK, 200, -1, 500, 1000 + (int64_t)below(w, 50000), "" };
    struct order *o = order_of_buy(w, c->body, true);
    if (is(c, "find")) a.response = o ? o->id : "none";
    if (is(c, "create")) a.response = reserve(w, c->body)->id;
    if (is(c, "look") && w->sim.now < w->approved_at) {
        a.response = "waits";
        sum.waited++;
    }
    bool refused = (w->refuses && is(c, "create")) || (w->refuses_creatives && is(c, "put"));
    return refused ? (struct http_answer){ HTTP_OK, 422, -1, -1, 1000, "" } : a;
}

static struct http_answer answer(void *arg, const struct http_call *c)
{
    struct world *w = arg;
    if (is(c, "token")) return give_token(w);
    pace_checked(w);
    if (!let_in(w, c)) {
        sum.expired++;
        return (struct http_answer){ HTTP_OK, 401, -1, -1, 1000, "" };
    }
    struct http_answer a = acted_on(w, c);
    switch (below(w, 10)) {
    case 0:
        a.status = 503;
        a.effect_us = -1;
        break;
    case 1:
        a.outcome = HTTP_NOT_SENT;
        a.effect_us = -1;
        break;
    case 2: a.outcome = HTTP_UNKNOWN; break; /* it acted, and we do not hear of it */
    case 3:
        a = (struct http_answer){ HTTP_OK, 429, below(w, 2) ? 20 : -1, -1, 1000, "" };
        sum.held++;
        break;
    default: break;
    }
    return a;
}

static void effect(void *arg, const struct http_call *c)
{
    struct world *w = arg;
    /* This ad server does not notice a second order for the same buy: looking first must prevent it. */
    if (is(c, "create") && !w->refuses) reserve(w, c->body)->made = true;
    struct order *o = order_of_id(w, c->body);
    if (is(c, "line") && o) o->lines = 1; /* named, so a repeated one replaces itself */
}

/* --- the process ------------------------------------------------------------------------------------------------------- */

static bool fault(void *arg, enum store_fault where)
{
    return where == STORE_FAULT_COMMIT && below(arg, 30) == 0;
}

static void boot(struct world *w, int64_t now)
{
    static const struct job_kind *const kinds[] = { &adapter_kind, NULL };
    struct err e;
    struct store_options o = { .path = w->path, .unsynced = true, .fault = fault, .fault_arg = w };
    w->server = (struct ad_server){ .adapter = &fake, .name = STR("fake") };
    w->options = (struct jobs_world){ .ad_server = w->unknown ? NULL : &w->server };
    struct jobs_options jo = { .kinds = kinds, .context = &w->options };
    loop_sim_init(&w->sim, &w->loop, now, w->seed * 1000 + (uint64_t)w->crashes);
    w->sim.work_delay_us_max = 3000;
    if (store_open(&w->loop, &o, &w->store, &e)) exit(2);
    http_script_init(&w->http, &w->loop);
    w->http.answer = answer;
    w->http.effect = effect;
    w->http.arg = w;
    w->jobs = jobs_create(&w->loop, w->store, &w->http.client, &jo);
}

static void crash(struct world *w)
{
    int64_t now = w->sim.now;
    http_script_crash(&w->http);
    jobs_crash(w->jobs);
    store_crash(w->store);
    loop_sim_finish(&w->sim);
    w->crashes++;
    w->started_at = 0; /* the pace is kept in memory */
    boot(w, now);
}

static int exec(struct tx *tx, struct stmt *s, struct err *e)
{
    AUTO_STMT struct stmt *own = s;
    return stmt_run(own, e);
}

/* An approved creative in the package; the buy waits until the ad server has it. */
static int add_creative(struct world *w, const struct act *act, int i, struct err *e)
{
    struct creative_row c = { .key = { STR("t"), STR("p"), arena_printf(&w->arena, "c-%d", i) },
                              .account_id = STR("a"),
                              .name = STR("c"),
                              .format_id = STR("f"),
                              .status = STR("approved"),
                              .doc = STR("{}"),
                              .created_at = START,
                              .updated_at = START };
    struct creative_assignment_row x = { .key = c.key,
                                         .package_id = arena_printf(&w->arena, "pkg-%d", i),
                                         .media_buy_id = arena_printf(&w->arena, "mb-%d", i),
                                         .doc = STR("{}"),
                                         .created_at = START };
    if (q_creative_put(act->tx, &c, e) < 0 || q_creative_assign(act->tx, &x, e) < 0) return -1;
    return media_buy_creatives_changed(act, x.media_buy_id, e);
}

static int add_buy(struct world *w, struct tx *tx, int i, struct err *e)
{
    static const struct tenant tenant = { .tenant_id = { "t", 1 }, .adapter = { "fake", 4 }, .doc = { "{}", 2 } };
    struct act act = {
        .tx = tx, .arena = &w->arena, .rng = &w->loop.rng, .now = START, .tenant = &tenant, .ad_server = &w->server
    };
    struct media_buy_row buy = { .media_buy_id = arena_printf(&w->arena, "mb-%d", i),
                                 .tenant_id = STR("t"),
                                 .principal_id = STR("p"),
                                 .account_id = STR("a"),
                                 .status = STR("pending_creatives"),
                                 .currency = "USD",
                                 .total_budget_micros = 1000000,
                                 .start_at = START,
                                 .end_at = START + 72 * HOUR,
                                 .revision = 1,
                                 .created_at = START,
                                 .updated_at = START,
                                 .confirmed_at = START,
                                 .activated_at = TIME_NONE,
                                 .completed_at = TIME_NONE,
                                 .canceled_at = TIME_NONE,
                                 .next_change_at = TIME_NONE,
                                 .echo = STR("{}"),
                                 .doc = STR("{}") };
    struct package_row p = { .media_buy_id = buy.media_buy_id,
                             .package_id = arena_printf(&w->arena, "pkg-%d", i),
                             .ordinal = 1,
                             .product_id = STR("none"),
                             .pricing_option_id = STR("po"),
                             .pricing_model = STR("cpm"),
                             .rate_micros = 1000000,
                             .budget_micros = 1000000,
                             .previous_budget_micros = -1,
                             .impressions_goal = -1,
                             .pacing = STR("even"),
                             .start_at = START,
                             .end_at = START + 72 * HOUR,
                             .canceled_at = TIME_NONE,
                             .doc = STR("{}") };
    struct plan plan;
    enum booking_outcome outcome;
    if (q_media_buy_insert(tx, &buy, e) || q_package_insert(tx, &p, e)) return -1;
    if (plan_load(&act, buy.media_buy_id, PLAN_NUMBERS, &plan, e) != 1) return -1;
    if (booking_submit(&act, &w->server, &plan, ADAPTER_BOOK, &outcome, e)) return -1;
    return i % 2 ? add_creative(w, &act, i, e) : 0;
}

static int prepare(struct tx *tx, void *arg, struct err *e)
{
    struct world *w = arg;
    if (exec(tx,
             stmt_get(tx, "INSERT INTO tenant (tenant_id, name, adapter, doc, created_at, updated_at)"
                          " VALUES ('t', 't', 'fake', '{}', 1, 1)"),
             e) ||
        exec(tx,
             stmt_get(tx, "INSERT INTO principal (tenant_id, principal_id, name, role, created_at, updated_at)"
                          " VALUES ('t', 'p', 'p', 'buyer', 1, 1)"),
             e) ||
        exec(tx,
             stmt_get(tx, "INSERT INTO account (tenant_id, account_id, principal_id, status, created_at,"
                          " updated_at) VALUES ('t', 'a', 'p', 'active', 1, 1)"),
             e)) {
        return -1;
    }
    for (int i = 0; i < BUYS; i++) {
        if (add_buy(w, tx, i, e)) return -1;
    }
    return 0;
}

/* --- what must hold ------------------------------------------------------------------------------------------------------ */

static int64_t count(struct world *w, const char *sql, struct str a)
{
    struct err e;
    struct stmt *s = stmt_get(store_read(w->store), sql);
    stmt_str(s, 1, a);
    int64_t n = stmt_step(s, &e) == 1 ? col_i64(s, 0) : -1;
    stmt_reset(s);
    return n;
}

#define JOBS(state, verb)                                                                                              \
    "SELECT count(*) FROM job JOIN job_payload USING (seq) WHERE kind = 'adapter' AND state = '" state                 \
    "' AND payload LIKE '%\"" verb "\"%' AND subject = "                                                               \
    "'booking:' || ? || ':fake'"

static void check_creatives(struct world *w, int i, struct str id, struct totals *t)
{
    int64_t done = count(w, JOBS("done", "creatives"), id), dead = count(w, JOBS("dead", "creatives"), id);
    int64_t sent = count(w,
                         "SELECT count(*) FROM creative_assignment WHERE media_buy_id = ? AND sent_at IS NOT NULL"
                         " AND remote_id = 'creative-1'",
                         id);
    int64_t moved =
        count(w, "SELECT count(*) FROM media_buy WHERE media_buy_id = ? AND status <> 'pending_creatives'", id);
    t->with_creatives += done == 1;
    t->creatives_refused += dead == 1;
    if (done + dead != 1) fail(w, "the creatives are neither at the ad server nor refused", i);
    if (sent != done) fail(w, "done, but not known to be at the ad server, or the other way round", i);
    if (moved != done) fail(w, "the buy did not wait for its creatives, or still does", i);
}

static void check_buy(struct world *w, int i, struct totals *t)
{
    struct str id = arena_printf(&w->arena, "mb-%d", i), remote;
    struct err e;
    int64_t done = count(w, JOBS("done", "book"), id), dead = count(w, JOBS("dead", "book"), id);
    int64_t dead_creatives = count(w, JOBS("dead", "creatives"), id);
    int64_t tasks = count(w,
                          "SELECT count(*) FROM task WHERE kind = 'ad_server' AND subject_id = ?"
                          " AND coalesce(decision, '') <> 'withdrawn'",
                          id);
    if (i % 2) check_creatives(w, i, id, t);
    t->booked += done == 1;
    t->refused += dead == 1;
    if (done + dead != 1) fail(w, "the job is neither done nor dead", i);
    if (dead + dead_creatives != tasks) fail(w, "a dead job without a task for a person, or the other way round", i);
    if (!done) return;
    struct booking_row row;
    bool known = q_booking_get(store_read(w->store), &w->arena, id, STR("fake"), &row, &e) == 1;
    if (!known || row.state != BOOKING_BOOKED || !row.remote_id.n) {
        fail(w, "done, but the order is not known", i);
        return;
    }
    remote = row.remote_id;
    int orders = 0;
    for (int k = 0; k < w->orders_n; k++) orders += w->orders[k].made && str_is(id, w->orders[k].buy);
    struct order *o = order_of_id(w, remote);
    if (orders != 1) fail(w, "not exactly one order there", i);
    if (!o || !str_is(id, o->buy) || o->lines != 1)
        fail(w, "the order that is known is not this buy's, or has no line", i);
    int64_t lines = count(w, "SELECT count(*) FROM package WHERE media_buy_id = ? AND remote_id = 'line-1'", id);
    if (lines != 1) fail(w, "the line item is not known", i);
}

static bool run_seed(uint64_t seed, struct totals *t)
{
    struct world *w = calloc(1, sizeof(*w));
    struct err e;
    char side[80];
    w->seed = seed;
    rng_init_seeded(&w->rng, seed);
    arena_init(&w->arena);
    (void)snprintf(w->path, sizeof(w->path), "sim_adapter_%d.db", (int)getpid());
    (void)unlink(w->path);
    w->refuses = seed % 7 == 0;
    w->refuses_creatives = seed % 5 == 0;
    w->unknown = seed % 11 == 0;
    w->approved_at = seed % 3 == 0 ? START + 40 * HOUR : 0;
    boot(w, START);
    if (store_write_now(w->store, prepare, w, &e)) fail(w, e.message, -1);
    for (int i = 0; i < 8; i++) {
        loop_sim_run_until(&w->sim, w->sim.now + (int64_t)below(w, 200) * (below(w, 2) ? 500 : 100000));
        crash(w);
    }
    loop_sim_run_until(&w->sim, START + 90 * HOUR);
    for (int i = 0; i < BUYS; i++) check_buy(w, i, t);
    t->crashes += w->crashes;
    t->repeats += (int)w->http.started;
    t->tokens += w->tokens;
    bool failed = w->failed;
    http_script_crash(&w->http);
    jobs_crash(w->jobs);
    store_crash(w->store);
    loop_sim_finish(&w->sim);
    arena_finish(&w->arena);
    (void)unlink(w->path);
    (void)snprintf(side, sizeof(side), "%s-wal", w->path);
    (void)unlink(side);
    (void)snprintf(side, sizeof(side), "%s-shm", w->path);
    (void)unlink(side);
    free(w);
    return !failed;
}

int main(int argc, char **argv)
{
    int seeds = argc > 1 ? (int)strtoul(argv[1], NULL, 10) : 60, failed = 0;
    uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    struct totals *t = &sum;
    log_set_level(LOG_NONE);
    for (int i = 0; i < seeds; i++) failed += !run_seed(first + (uint64_t)i, t);
    fprintf(stdout,
            "# %d booked, %d refused, %d with creatives, %d creatives refused, %d crashes, %d calls after the last\n",
            t->booked, t->refused, t->with_creatives, t->creatives_refused, t->crashes, t->repeats);
    fprintf(stdout, "# %d waits, %d tokens, %d calls not let in, %d held\n", t->waited, t->tokens, t->expired, t->held);
    failed += seeds >= 20 && !(t->booked && t->refused && t->with_creatives && t->creatives_refused && t->crashes &&
                               t->waited && t->expired && t->held);
    fprintf(stdout, "1..1\n%s 1 - bookings and creatives happen exactly once or wait for a person, over %d seeds\n",
            failed ? "not ok" : "ok", seeds);
    return failed != 0;
}
