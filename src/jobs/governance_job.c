#include "jobs/governance_job.h"

#include <stdio.h>

#include "base/rfc3339.h"
#include "contract/limits.h"
#include "contract/document.h"
#include "domain/media_buy/governance_delivery.h"
#include "jobs/job_act.h"
#include "jobs/mcp_client.h"
#include "jobs/traffic.h"
#include "jobs/webhook_send.h"
#include "store/q/q_governance.h"

#define TIMEOUT_MS       8000
#define ANSWER_BYTES_MAX (256 * 1024)

struct check_run {
    struct job_run run; /* first */
    struct governance_check_row check;
    struct governance_agent agent;
    struct op_http post;
    struct http_header headers[MCP_HEADERS_MAX];
    struct str verdict, answer; /* what is recorded */
    struct str media_buy_id;    /* of a delivery check; empty for one that a call waits for */
};

enum { STEP_ASK, STEP_HEAR };

static struct check_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct check_run, run.steps);
}

/* ---- asking ---- */

static bool is_delivery(const struct check_run *r)
{
    return r->run.kind == &governance_delivery_kind;
}

static int load(struct check_run *r, struct err *e)
{
    struct tx *tx = store_read(jobs_store(r->run.jobs));
    struct arena *a = &r->run.arena;
    struct account_row account;
    int rc = q_governance_get(tx, a, r->run.row.job_id, &r->check, e);
    if (rc != 1) return rc;
    struct account_row key = { .tenant_id = r->check.tenant_id,
                               .principal_id = r->check.principal_id,
                               .account_id = r->check.account_id };
    rc = q_account_get(tx, a, &key, &account, e);
    if (rc != 1) return rc;
    return governance_agent_of(a, &account, &r->agent);
}

static int load_delivery(struct check_run *r, struct err *e)
{
    struct job_act ja;
    yyjson_val *payload;
    if (job_payload(&r->run, &payload, e)) return -1;
    if (job_act_init(&r->run, store_read(jobs_store(r->run.jobs)), "system:governance", &ja, e)) return -1;
    r->media_buy_id = json_str(payload, "media_buy_id");
    return governance_delivery_question(&ja.act, r->media_buy_id, r->run.row.job_id, &r->check, &r->agent, e);
}

static int ask(struct steps *s)
{
    struct check_run *r = self(s);
    const struct jobs_world *world = jobs_context(r->run.jobs);
    struct arena *a = &r->run.arena;
    struct err e;
    bool delivery = is_delivery(r);
    int rc = delivery ? load_delivery(r, &e) : load(r, &e);
    if (rc < 0) return job_run_end(&r->run, JOB_RETRY, e.message);
    if (rc == 0 && delivery)
        return job_run_end(&r->run, JOB_DONE, ""); /* the appointment was replaced, or nobody asks any more */
    if (rc == 0) return job_run_end(&r->run, JOB_DEAD, "The account has no governance agent any more.");
    if (r->check.verdict.n) return job_run_end(&r->run, JOB_DONE, ""); /* an earlier attempt recorded it */
    struct mcp_ask question = { .url = r->agent.url,
                                .token = r->agent.credentials,
                                .id = r->check.job_id,
                                .tool = STR("check_governance"),
                                .arguments = r->check.question,
                                .reach = world->sandbox ? HTTP_REACH_LOOPBACK : HTTP_REACH_PUBLIC,
                                .timeout_ms = TIMEOUT_MS,
                                .answer_bytes_max = ANSWER_BYTES_MAX };
    mcp_fill_call(a, &question, r->headers, &r->post.call);
    steps_http(s, &r->post, jobs_client(r->run.jobs));
    return STEP_HEAR;
}

/* ---- hearing ---- */

/* AdCP 3.1 calls it verdict, 3.0 status. Only for the plan that was asked about. */
static struct str verdict_of(const struct check_run *r, yyjson_val *answer)
{
    struct str v = json_str(answer, "verdict");
    if (!v.n) v = json_str(answer, "status");
    if (r->check.plan_id.n && !str_eq(json_str(answer, "plan_id"), r->check.plan_id)) return STR_NONE;
    return str_is(v, "approved") || str_is(v, "denied") || str_is(v, "conditions") ? v : STR_NONE;
}

/* A call that waits hears at once that the agent does not speak what we ask; delivery is not stopped for the first
 * such answer. */
static int no_use(struct check_run *r, const char *why)
{
    return job_run_end(&r->run, is_delivery(r) ? JOB_RETRY : JOB_DEAD, why);
}

static int judge_answer(struct check_run *r)
{
    struct arena *a = &r->run.arena;
    r->run.health = LANE_OK;
    struct mcp_answer said;
    bool read = mcp_read_answer(a, &r->post.call, ANSWER_BYTES_MAX, &said) && !said.failed && said.content;
    r->verdict = read ? verdict_of(r, said.content) : STR_NONE;
    if (!r->verdict.n) return no_use(r, "The answer is not one of check_governance.");
    r->answer = json_write_val(a, said.content);
    if (r->answer.n > GOVERNANCE_ANSWER_BYTES_MAX) {
        r->verdict = r->answer = STR_NONE;
        return no_use(r, "The answer of check_governance is longer than 32 KiB.");
    }
    return job_run_end(&r->run, JOB_DONE, "");
}

static int later(struct check_run *r, const char *why)
{
    if (!r->check.plan_id.n) return job_run_end(&r->run, JOB_DEAD, why); /* a sandbox's: the call goes on without */
    r->run.health = LANE_FAILED;
    return job_run_end(&r->run, JOB_RETRY, why);
}

static int hear(struct steps *s)
{
    struct check_run *r = self(s);
    const struct http_call *c = &r->post.call;
    char why[64];
    traffic_note(&r->run, &(struct traffic_cause){ .principal_id = r->check.principal_id, .purpose = STR("other") }, c);
    switch (c->outcome) {
    case HTTP_OK: break;
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN: return later(r, c->reason);
    case HTTP_REFUSED:
    case HTTP_TOO_LARGE: return no_use(r, c->reason);
    case HTTP_CANCELED: r->run.retry_at = loop_now(s->loop); return job_run_end(&r->run, JOB_RETRY, "stopped");
    }
    if (c->status == 200) return judge_answer(r);
    (void)snprintf(why, sizeof(why), "HTTP %d", c->status);
    return c->status >= 500 || c->status == 429 ? later(r, why) : no_use(r, why);
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct check_run *r = CONTAINER_OF(run, struct check_run, run);
    if (run->ends_as == JOB_STATE_READY || r->check.verdict.n || !r->check.job_id.n) return 0;
    r->check.verdict = r->verdict.n ? r->verdict : STR("unavailable");
    r->check.answer = r->answer;
    r->check.answered_at = loop_now(run->steps.loop);
    return q_governance_answer(tx, &r->check, e);
}

/* The question of a delivery check is made when it is asked, so it is stored with its answer. */
static int record_delivery(struct tx *tx, struct job_run *run, struct err *e)
{
    struct check_run *r = CONTAINER_OF(run, struct check_run, run);
    struct job_act ja;
    if (run->ends_as == JOB_STATE_READY || !r->check.job_id.n) return 0;
    if (job_act_init(run, tx, "system:governance", &ja, e)) return -1;
    r->check.verdict = r->verdict.n ? r->verdict : STR("unavailable");
    r->check.answer = r->answer;
    r->check.answered_at = ja.act.now;
    if (q_governance_insert(tx, &r->check, e) || q_governance_answer(tx, &r->check, e)) return -1;
    return governance_delivery_heard(&ja.act, r->media_buy_id, &r->check, e);
}

static void cancel(struct job_run *run)
{
    op_http_cancel(&CONTAINER_OF(run, struct check_run, run)->post);
}

static void release(struct job_run *run)
{
    op_http_finish(&CONTAINER_OF(run, struct check_run, run)->post);
}

static const step_fn steps[] = { [STEP_ASK] = ask, [STEP_HEAR] = hear };

const struct job_kind governance_kind = { .name = GOVERNANCE_JOB,
                                          .bytes = sizeof(struct check_run),
                                          .steps = steps,
                                          .lease_s = 30,
                                          .attempts_max = 4,
                                          .horizon_s = 30,
                                          .record = record,
                                          .cancel = cancel,
                                          .release = release };

const struct job_kind governance_delivery_kind = { .name = GOVERNANCE_DELIVERY_JOB,
                                                   .bytes = sizeof(struct check_run),
                                                   .steps = steps,
                                                   .lease_s = 30,
                                                   .attempts_max = 40,
                                                   .horizon_s = GOVERNANCE_PATIENCE_S,
                                                   .record = record_delivery,
                                                   .cancel = cancel,
                                                   .release = release };
