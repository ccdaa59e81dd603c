#include "jobs/job_act.h"
#include "contract/document.h"

#include "jobs/webhook_send.h"
#include "store/q/q_tenant.h"

int job_act_init(struct job_run *run, struct tx *tx, const char *actor, struct job_act *out, struct err *e)
{
    const struct jobs_world *world = jobs_context(run->jobs);
    struct tenant_row row;
    int rc = q_tenant_get(tx, &run->arena, run->row.tenant_id, &row, e);
    if (rc < 0) return -1;
    if (rc == 0) return err_set(e, "REFERENCE_NOT_FOUND", "The publisher of this job is gone.");
    out->tenant = (struct tenant){
        .tenant_id = row.tenant_id, .name = row.name, .host = row.host, .adapter = row.adapter, .doc = row.doc
    };
    out->act = (struct act){ .tx = tx,
                             .arena = &run->arena,
                             .rng = &jobs_loop(run->jobs)->rng,
                             .now = loop_now(jobs_loop(run->jobs)),
                             .tenant = &out->tenant,
                             .actor = str_from(actor),
                             .origin = STR("timer"),
                             .ad_server = world->ad_server,
                             .sandbox = world->sandbox };
    return 0;
}

int job_payload(struct job_run *run, yyjson_val **out, struct err *e)
{
    *out = document_read(&run->arena, run->row.payload);
    if (document_whole(&run->arena, e)) return -1;
    return yyjson_is_obj(*out) ? 0 : err_set(e, "INVALID_REQUEST", "The job's payload is not an object.");
}
