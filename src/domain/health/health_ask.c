#include "domain/health/health_ask.h"

#include "base/rfc3339.h"
#include "contract/document.h"
#include "domain/booking/ad_server_ask.h"
#include "domain/core/ad_server.h"
#include "store/q/agent/q_job.h"
#include "store/q/agent/q_watch.h"

static int add_job(const struct act *act, struct str *job_id, struct err *e)
{
    struct str subject = arena_printf(act->arena, "health:" STR_FMT, STR_ARG(act->tenant->tenant_id));
    int waits = q_job_waits(act->tx, subject, STR_NONE, e);
    *job_id = STR_NONE;
    if (waits) return waits < 0 ? -1 : 0;
    struct job_row row = {
        .job_id = id_new(act->arena, act->rng, "job-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(HEALTH_JOB),
        .lane = STR(HEALTH_JOB),
        .subject = subject,
        .due_at = act->now,
        .payload = STR("{}"),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    *job_id = row.job_id;
    return q_job_insert(act->tx, &row, e);
}

/* Those that can be tried; one whose settings are wrong is found without. */
static int test_ad_servers(const struct act *act, struct err *e)
{
    struct ad_server_row *rows;
    size_t n;
    if (q_ad_server_list(act->tx, act->arena, act->tenant->tenant_id, &rows, &n, e)) return -1;
    for (size_t i = 0; i < n; i++) {
        struct ad_server server;
        struct err unusable;
        struct str job_id;
        if (ad_server_of(act, rows[i].name, &server, &unusable)) continue;
        const struct adapter_verb_impl *test = &server.adapter->verbs[ADAPTER_TEST];
        if (!test->steps && !test->run) continue;
        if (ad_server_ask(act, &server, ADAPTER_TEST, &job_id, e)) return -1;
    }
    return 0;
}

int health_ask(const struct act *act, struct str *job_id, struct err *e)
{
    return add_job(act, job_id, e) || test_ad_servers(act, e) ? -1 : 0;
}

int health_last(const struct act *act, struct findings *out, int64_t *made_at, struct err *e)
{
    struct health_report_row row;
    int rc = q_health_report_get(act->tx, act->arena, act->tenant->tenant_id, &row, e);
    *made_at = TIME_NONE;
    if (rc < 1) return rc;
    findings_read(out, json_arr(document_read(act->arena, row.doc), "findings"));
    *made_at = row.made_at;
    return 0;
}

int health_keep(struct tx *tx, struct str tenant_id, int64_t now, const struct findings *found, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(found->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    findings_write(found, doc, json_add_arr(doc, root, "findings"));
    const struct health_report_row row = { tenant_id, now, json_write(found->arena, root) };
    return q_health_report_put(tx, &row, e);
}
