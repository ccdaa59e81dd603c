#include "jobs/health_job.h"

#include <stdio.h>

#include "domain/health/health_ask.h"
#include "jobs/health_look.h"
#include "jobs/job_act.h"
#include "jobs/webhook_send.h"

struct health_run {
    struct job_run run; /* first */
    struct job_act act;
    struct health_look look;
    struct op_event over;
    bool looking, looked;
};

enum { STEP_LOOK, STEP_TELL };

static struct health_run *self(struct steps *s)
{
    return CONTAINER_OF(s, struct health_run, run.steps);
}

static void over(struct health_look *l)
{
    op_event_fire(&((struct health_run *)l->arg)->over);
}

static int look(struct steps *s)
{
    struct health_run *r = self(s);
    const struct jobs_world *world = jobs_context(r->run.jobs);
    struct err e;
    if (job_act_init(&r->run, store_read(jobs_store(r->run.jobs)), "system:health", &r->act, &e))
        return job_run_end(&r->run, JOB_DEAD, e.message);
    r->look = (struct health_look){ .machine = world->machine,
                                    .client = jobs_client(r->run.jobs),
                                    .sandbox = world->sandbox,
                                    .ended = over,
                                    .arg = r };
    r->looking = true;
    if (health_look_start(&r->look, s->loop, &r->act.act, &e)) return job_run_end(&r->run, JOB_DEAD, e.message);
    steps_event(s, &r->over);
    return STEP_TELL;
}

static int tell(struct steps *s)
{
    struct health_run *r = self(s);
    r->looked = true;
    return job_run_end(&r->run, JOB_DONE, "");
}

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct health_run *r = CONTAINER_OF(run, struct health_run, run);
    return r->looked ? health_keep(tx, run->row.tenant_id, loop_now(jobs_loop(run->jobs)), &r->look.findings, e) : 0;
}

static void cancel(struct job_run *run)
{
    struct health_run *r = CONTAINER_OF(run, struct health_run, run);
    if (r->looking) health_look_cancel(&r->look);
}

static void release(struct job_run *run)
{
    struct health_run *r = CONTAINER_OF(run, struct health_run, run);
    if (r->looking) health_look_finish(&r->look);
    r->looking = false;
}

static const step_fn steps[] = { [STEP_LOOK] = look, [STEP_TELL] = tell };

const struct job_kind health_kind = { .name = HEALTH_JOB,
                                      .bytes = sizeof(struct health_run),
                                      .steps = steps,
                                      .lease_s = 120,
                                      .attempts_max = 1,
                                      .horizon_s = 600,
                                      .record = record,
                                      .cancel = cancel,
                                      .release = release };
