#include "jobs/budget_job.h"

#include "domain/media_buy/budget_watch.h"
#include "jobs/job_act.h"

static int record(struct tx *tx, struct job_run *run, struct err *e)
{
    struct job_act ja;
    yyjson_val *payload;
    if (run->verdict != JOB_DONE) return 0;
    if (job_act_init(run, tx, "system:delivery", &ja, e) || job_payload(run, &payload, e)) return -1;
    struct str id = json_str(payload, "media_buy_id");
    return budget_watch(&ja.act, id, e) || budget_watch_next(&ja.act, id, run->row.job_id, e) ? -1 : 0;
}

static int begin(struct steps *s)
{
    CONTAINER_OF(s, struct job_run, steps)->verdict = JOB_DONE;
    return STEPS_END;
}

static const step_fn steps[] = { begin };

const struct job_kind budget_kind = { .name = BUDGET_JOB,
                                      .bytes = sizeof(struct job_run),
                                      .steps = steps,
                                      .lease_s = 60,
                                      .attempts_max = 1000,
                                      .horizon_s = 30 * 86400,
                                      .record = record };
