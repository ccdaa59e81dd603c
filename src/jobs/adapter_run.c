#include "jobs/adapter_run.h"

#include "base/rfc3339.h"
#include "domain/booking/booking.h"
#include "jobs/cassette.h"
#include "jobs/traffic.h"
#include "jobs/webhook_send.h"
#include "store/q/q_ad_server.h"

#define STEPS_MAX       20000 /* of one run; a dialogue that does not end is an adapter's mistake */
#define SLEEP_MS_MAX    120000
#define RENEW_US        (ADAPTER_LEASE_S / 3 * USEC_PER_SEC)
#define HELD_MAX        4     /* answers 429 to one call before the step hears of it */
#define HOLD_US_DEFAULT (INT64_C(5) * USEC_PER_SEC) /* doubled each time */
#define HOLD_US_MAX     (INT64_C(60) * USEC_PER_SEC)

static struct adapter_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct adapter_run, run.steps);
}

static bool plain(const struct adapter_run *r, int i)
{
    return r->op.foreign & 1u << i;
}

void adapter_run_init(struct adapter_run *r)
{
    struct adapter_op *op = &r->op;
    struct ad_account_of of = { .tenant_id = r->run.row.tenant_id,
                                .ad_server = r->server.name,
                                .lane = r->run.row.lane,
                                .settings = r->server.settings,
                                .adapter = r->server.adapter,
                                .config = r->server.config };
    r->account = ad_account_hold(r->run.jobs, &of);
    ad_catalog_of_store(&r->catalog, jobs_store(r->run.jobs), &r->act.act, &r->server);
    ad_memo_init(&r->memo, r->account, &r->run.arena);
    op->adapter = r->server.adapter;
    op->config = r->server.config;
    op->site = &r->server.site;
    op->catalog = &r->catalog.catalog;
    op->memo = &r->memo.memo;
    op->plan = r->plans_n ? &r->plans[0] : NULL;
    op->plans = r->plans;
    op->plans_n = r->plans_n;
    op->key = r->run.row.job_id;
    op->arena = &r->run.arena;
    op->progress = r->run.row.progress;
    r->lease_at = loop_now(r->run.steps.loop);
}

/* ---- recording ---- */

int adapter_run_keep(struct adapter_run *r, const struct act *act, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, r->server.name };
    struct ad_item_seen seen = { r->run.row.job_id, act->now };
    struct booking_remotes remotes = { r->op.remotes + r->remotes_kept, r->op.remotes_n - r->remotes_kept };
    if (remotes.n && r->plans_n == 1 && booking_record(act, &r->server, r->plans, &remotes, e)) return -1;
    for (size_t i = 0; i < r->op.items_n; i++) {
        if (q_ad_item_put(act->tx, &key, &r->op.items[i], &seen, e)) return -1;
    }
    return 0;
}

static int keep_run(struct tx *tx, struct op_write *op, struct err *e)
{
    struct adapter_run *r = CONTAINER_OF(op, struct adapter_run, write);
    int64_t now = loop_now(jobs_loop(r->run.jobs));
    struct act act = r->act.act;
    act.tx = tx;
    act.now = now;
    int rc = q_job_progress(tx, &r->run.row, r->op.progress, now + ADAPTER_LEASE_S * USEC_PER_SEC, e);
    if (rc == 0) return err_set(e, "CONFLICT", "Another attempt has taken this job over.");
    return rc < 0 || adapter_run_keep(r, &act, e) ? -1 : 0;
}

static bool news(const struct adapter_run *r, int64_t now)
{
    return r->op.progress_changed || r->op.remotes_n > r->remotes_kept || r->op.items_n > 0 ||
           now - r->lease_at >= RENEW_US;
}

/* ---- a step of the adapter ---- */

static void finish_calls(struct adapter_run *r)
{
    for (int i = 0; i < r->http_n; i++) op_http_finish(&r->http[i]);
    r->http_n = 0;
}

int adapter_run_step(struct steps *s)
{
    struct adapter_run *r = self(s);
    struct adapter_op *op = &r->op;
    const struct adapter_verb_impl *verb = &r->server.adapter->verbs[op->verb];
    ENSURE(op->pc >= 0 && op->pc < verb->steps_n);
    op->now = loop_now(s->loop);
    op->calls_n = op->sleep_ms = 0;
    op->foreign = 0;
    op->work = NULL;
    op->answers = r->answers;
    op->answers_n = r->http_n;
    for (int i = 0; i < r->http_n; i++) r->answers[i] = r->http[i].call;
    op->pc = verb->steps[op->pc](op);
    r->ended = op->pc == ADAPTER_DONE;
    op->answers_n = 0;
    finish_calls(r);
    r->wrote = news(r, op->now) && !r->ended; /* the end has a commit of its own */
    if (r->wrote) {
        r->lease_at = op->now;
        steps_write(s, &r->write, jobs_store(r->run.jobs), keep_run);
    }
    return ADAPTER_STEP_GO;
}

static void run_work(struct op_work *w)
{
    struct adapter_run *r = CONTAINER_OF(w, struct adapter_run, work);
    r->op.work(&r->op);
}

int adapter_run_go(struct steps *s)
{
    struct adapter_run *r = self(s);
    struct adapter_op *op = &r->op;
    if (r->wrote && r->write.result != WRITE_COMMITTED) {
        return adapter_run_end(r, JOB_RETRY, STR("The progress could not be recorded."));
    }
    if (r->wrote) {
        op->progress_changed = false;
        r->remotes_kept = op->remotes_n;
        op->items_n = 0;
    }
    if (r->ended) return adapter_run_judge(r);
    if (jobs_stopping(r->run.jobs)) return adapter_run_end(r, JOB_RETRY, STR("stopped"));
    if (++r->steps_n > STEPS_MAX)
        return adapter_run_end(r, JOB_RETRY, STR("The dialogue with the ad server does not end."));
    ENSURE(op->calls_n >= 0 && op->calls_n <= ADAPTER_CALLS_MAX);
    if (op->work) {
        steps_work(s, &r->work, run_work);
    } else if (op->calls_n == 0 && op->sleep_ms > 0) {
        int64_t ms = op->sleep_ms < SLEEP_MS_MAX ? op->sleep_ms : SLEEP_MS_MAX;
        steps_sleep(s, &r->sleep, loop_now(s->loop) + ms * INT64_C(1000));
    } else if (op->calls_n > 0) {
        r->http_n = op->calls_n;
        r->due = (1u << op->calls_n) - 1;
        r->refreshed = 0;
        memset(r->held, 0, sizeof(r->held));
        for (int i = 0; i < r->http_n; i++) r->http[i] = (struct op_http){ .steps = NULL };
        return ADAPTER_STEP_LET_IN;
    }
    return ADAPTER_STEP_RUN;
}

/* ---- the token ---- */

static bool needs_token(const struct adapter_run *r)
{
    return r->server.adapter->token_ask && (r->due & ~r->op.foreign);
}

/* Touches the run's arena only, which nobody else does while it waits. */
static void ask_run(struct op_work *w)
{
    struct adapter_run *r = CONTAINER_OF(w, struct adapter_run, work);
    r->token_call = (struct op_http){ .steps = NULL };
    r->token_err.code = NULL;
    if (r->server.adapter->token_ask(r->server.config, r->op.now, &r->run.arena, &r->token_call.call, &r->token_err))
        return;
    r->token_err.code = NULL;
}

int adapter_run_let_in(struct steps *s)
{
    struct adapter_run *r = self(s);
    struct str token;
    r->op.now = loop_now(s->loop);
    if (!needs_token(r)) return ADAPTER_STEP_CALL;
    switch (ad_token_get(r->account, s, &r->token_wait, &token)) {
    case AD_TOKEN_THERE:
        /* A copy: another run may drop the account's while our calls wait for their turn. */
        if (!str_eq(token, r->token)) r->token = arena_dup(&r->run.arena, token);
        return ADAPTER_STEP_CALL;
    case AD_TOKEN_COMES: return ADAPTER_STEP_LET_IN;
    case AD_TOKEN_FETCH: break;
    }
    r->fetching = true;
    steps_work(s, &r->work, ask_run);
    return ADAPTER_STEP_SIGNED;
}

static void fetched(struct adapter_run *r, const struct adapter_token *token)
{
    r->fetching = false;
    ad_token_fetched(r->account, token);
}

static void record(struct adapter_run *r, const struct http_call *c)
{
    const struct jobs_world *world = jobs_context(r->run.jobs);
    cassette_note(world->cassette, r->server.site.ad_server, c, loop_now(r->run.steps.loop));
}

/* The ad server does not let us in: the verb ends. */
static int not_let_in(struct adapter_run *r, enum adapter_verdict verdict, struct str reason)
{
    fetched(r, NULL);
    r->op.result.verdict = verdict;
    r->op.result.reason = reason;
    r->ended = true;
    return adapter_run_judge(r);
}

int adapter_run_signed(struct steps *s)
{
    struct adapter_run *r = self(s);
    if (r->token_err.code)
        return not_let_in(r, ADAPTER_REFUSED, arena_dup(&r->run.arena, str_from(r->token_err.message)));
    if (jobs_stopping(r->run.jobs)) {
        fetched(r, NULL);
        return adapter_run_end(r, JOB_RETRY, STR("stopped"));
    }
    steps_http(s, &r->token_call, jobs_client(r->run.jobs));
    return ADAPTER_STEP_TOKEN;
}

int adapter_run_token(struct steps *s)
{
    struct adapter_run *r = self(s);
    struct adapter_token token = { STR_NONE, 0 };
    struct str reason = STR_NONE;
    const struct http_call *answer = &r->token_call.call;
    record(r, answer);
    enum adapter_verdict verdict =
        r->server.adapter->token_read(r->server.config, loop_now(s->loop), &r->run.arena, answer, &token, &reason);
    if (verdict == ADAPTER_TRY_LATER && answer->retry_after_s > 0) r->op.result.retry_after_s = answer->retry_after_s;
    token.text = arena_dup(&r->run.arena, token.text);
    reason = arena_dup(&r->run.arena, reason);
    op_http_finish(&r->token_call);
    if (verdict != ADAPTER_OK) return not_let_in(r, verdict, reason);
    fetched(r, &token);
    r->token = token.text;
    return ADAPTER_STEP_CALL;
}

/* ---- calls ---- */

int adapter_run_call(struct steps *s)
{
    struct adapter_run *r = self(s);
    if (jobs_stopping(r->run.jobs)) return adapter_run_end(r, JOB_RETRY, STR("stopped"));
    for (int i = 0; i < r->http_n; i++) {
        if (!(r->due & 1u << i)) continue;
        r->http[i] = (struct op_http){ .call = r->op.calls[i] };
        if (!plain(r, i) && r->server.adapter->authorize) {
            r->server.adapter->authorize(r->server.config, r->token, &r->run.arena, &r->http[i].call);
        }
        steps_http(s, &r->http[i], plain(r, i) ? jobs_client(r->run.jobs) : ad_account_client(r->account));
    }
    return ADAPTER_STEP_HEARD;
}

static void note_call(struct adapter_run *r, const struct http_call *c)
{
    record(r, c);
    struct traffic_cause cause = { .media_buy_id = r->ask.media_buy_id, .purpose = STR("platform_primary") };
    if (cause.media_buy_id.n) traffic_note(&r->run, &cause, c); /* otherwise it is not for a buyer */
}

/* True when the call is to be made again: the ad server has not acted on it. */
static bool again(struct adapter_run *r, int i, int64_t now)
{
    const struct http_call *c = &r->http[i].call;
    unsigned bit = 1u << i;
    const struct adapter *a = r->server.adapter;
    if (plain(r, i) || c->outcome != HTTP_OK) return false;
    int status = a->status_of ? a->status_of(c) : c->status;
    if (status == 401 && a->token_ask && !(r->refreshed & bit)) {
        r->refreshed |= bit;
        ad_token_drop(r->account, r->token);
        return true;
    }
    if (status != 429 || r->held[i] == HELD_MAX) return false;
    int64_t hold = c->retry_after_s > 0 ? c->retry_after_s * USEC_PER_SEC : HOLD_US_DEFAULT << r->held[i];
    if (hold > HOLD_US_MAX) return false;
    r->held[i]++;
    ad_account_pause(r->account, now + hold);
    return true;
}

int adapter_run_heard(struct steps *s)
{
    struct adapter_run *r = self(s);
    unsigned asked = r->due;
    r->due = 0;
    for (int i = 0; i < r->http_n; i++) {
        if (!(asked & 1u << i)) continue;
        note_call(r, &r->http[i].call);
        if (!again(r, i, loop_now(s->loop))) continue;
        r->due |= 1u << i;
        op_http_finish(&r->http[i]);
    }
    return r->due ? ADAPTER_STEP_LET_IN : ADAPTER_STEP_RUN;
}

/* ---- the end ---- */

void adapter_run_cancel(struct adapter_run *r)
{
    for (int i = 0; i < r->http_n; i++) op_http_cancel(&r->http[i]);
    op_http_cancel(&r->token_call);
    op_sleep_cancel(&r->sleep);
    op_event_fire(&r->token_wait);
}

void adapter_run_release(struct adapter_run *r)
{
    finish_calls(r);
    op_http_finish(&r->token_call);
    if (r->fetching) fetched(r, NULL);
    ad_account_drop(r->account);
    r->account = NULL;
}
