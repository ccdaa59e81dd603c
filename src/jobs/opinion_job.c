#include "jobs/opinion_job.h"

#include <stdio.h>

#include "domain/decide/opinion_record.h"
#include "jobs/job_act.h"

#define HEADERS_N 3

struct opinion_run {
    struct job_run run; /* first */
    struct job_act act;
    struct opinion_key key;
    struct opinion_question question;
    struct opinion opinion;
    bool asked; /* there is something to record */
    struct op_http post;
    struct http_header headers[HEADERS_N];
};

enum { STEP_ASK, STEP_HEAR };

static struct opinion_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct opinion_run, run.steps);
}

/* ---- asking ---- */

static int load(struct opinion_run *r, struct err *e)
{
    yyjson_val *p;
    struct tx *tx = store_read(jobs_store(r->run.jobs));
    if (job_act_init(&r->run, tx, "system:assistant", &r->act, e) || job_payload(&r->run, &p, e)) return -1;
    r->key = (struct opinion_key){ json_str(p, "task_id"), json_str(p, "principal_id"), json_str(p, "creative_id"),
                                   json_str(p, "content") };
    return opinion_ask(&r->act.act, &r->key, &r->question, e);
}

static int ask(struct steps *s)
{
    struct opinion_run *r = self(s);
    struct tenant_settings ts;
    struct assistant_settings as;
    struct err e;
    int rc = load(r, &e);
    if (rc < 0)
        return job_run_end(&r->run, strcmp(e.code, "SERVICE_UNAVAILABLE") == 0 ? JOB_RETRY : JOB_DEAD, e.message);
    if (rc == 0) return job_run_end(&r->run, JOB_DONE, "Not asked: it was decided or changed meanwhile.");
    if (jobs_stopping(r->run.jobs)) return job_run_end(&r->run, JOB_RETRY, "stopped");
    tenant_settings_read(&r->act.tenant, &r->run.arena, &ts);
    assistant_settings_read(&ts, &as);
    r->asked = true;
    r->opinion = (struct opinion){ .model = as.model, .whole = r->question.whole, .why = STR("not answered") };
    r->headers[0] = (struct http_header){ STR("Content-Type"), STR("application/json") };
    r->headers[1] = (struct http_header){ STR("Accept"), STR("application/json") };
    r->headers[2] = (struct http_header){ STR("Authorization"), arena_printf(&r->run.arena, "Bearer " STR_FMT,
                                                                             STR_ARG(r->question.api_key)) };
    r->post.call = (struct http_call){ .method = STR("POST"),
                                       .url = r->question.url,
                                       .headers = r->headers,
                                       .headers_n = r->question.api_key.n ? HEADERS_N : HEADERS_N - 1,
                                       .body = r->question.body,
                                       .reach = HTTP_REACH_OPERATOR,
                                       .timeout_ms = (int)r->question.timeout_ms,
                                       .body_bytes_max = ASSISTANT_ANSWER_MAX };
    steps_http(s, &r->post, jobs_client(r->run.jobs));
    return STEP_HEAR;
}

/* ---- hearing ---- */

/* The lane is not closed for it: two attempts a creative are little, and the sentence on the task must not wait for a lane. */
static int none(struct opinion_run *r, enum job_verdict verdict, const char *why)
{
    r->opinion.why = arena_dup(&r->run.arena, str_from(why));
    return job_run_end(&r->run, verdict, why);
}

static int hear(struct steps *s)
{
    struct opinion_run *r = self(s);
    const struct http_call *c = &r->post.call;
    char why[64];
    switch (c->outcome) {
    case HTTP_OK: break;
    case HTTP_NOT_SENT:
    case HTTP_UNKNOWN: return none(r, JOB_RETRY, "the endpoint did not answer");
    case HTTP_REFUSED: return none(r, JOB_DEAD, c->reason);
    case HTTP_TOO_LARGE: return none(r, JOB_DEAD, "the answer is too large");
    case HTTP_CANCELED:
        r->asked = false;
        r->run.retry_at = loop_now(s->loop);
        return job_run_end(&r->run, JOB_RETRY, "stopped");
    }
    (void)snprintf(why, sizeof(why), "the endpoint answered HTTP %d", c->status);
    if (c->status >= 500 || c->status == 429) return none(r, JOB_RETRY, why);
    if (c->status != 200) return none(r, JOB_DEAD, why);
    r->run.health = LANE_OK;
    opinion_read(&r->run.arena, c->response, &r->opinion);
    return job_run_end(&r->run, JOB_DONE,
                       r->opinion.decision == OPINION_NONE ? arena_cstr(&r->run.arena, r->opinion.why) : "");
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct opinion_run *r = CONTAINER_OF(run, struct opinion_run, run);
    struct job_act ja;
    if (run->ends_as == JOB_STATE_READY || !r->asked) return 0;
    if (job_act_init(run, tx, "system:assistant", &ja, e)) return -1;
    return opinion_record(&ja.act, &r->key, &r->opinion, e);
}

static void cancel(struct job_run *run)
{
    op_http_cancel(&CONTAINER_OF(run, struct opinion_run, run)->post);
}

static void release(struct job_run *run)
{
    op_http_finish(&CONTAINER_OF(run, struct opinion_run, run)->post);
}

static const step_fn steps[] = { [STEP_ASK] = ask, [STEP_HEAR] = hear };

const struct job_kind opinion_kind = { .name = OPINION_JOB,
                                       .bytes = sizeof(struct opinion_run),
                                       .steps = steps,
                                       .lease_s = 150,
                                       .attempts_max = 2,
                                       .horizon_s = OPINION_HORIZON_S,
                                       .record = record,
                                       .cancel = cancel,
                                       .release = release };
