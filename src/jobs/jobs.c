#include "jobs/jobs.h"

#include "jobs/ad_account.h"
#include "jobs/adapter_job.h"
#include "jobs/feed_job.h"
#include "jobs/budget_job.h"
#include "jobs/governance_job.h"
#include "jobs/health_job.h"
#include "jobs/opinion_job.h"
#include "jobs/people_job.h"
#include "jobs/remote_list_job.h"
#include "jobs/report_job.h"
#include "jobs/webhook_send.h"

static const struct job_kind *const kinds[] = { &webhook_kind,
                                                &webhook_challenge_kind,
                                                &report_kind,
                                                &adapter_kind,
                                                &budget_kind,
                                                &governance_kind,
                                                &governance_delivery_kind,
                                                &people_kind,
                                                &opinion_kind,
                                                &remote_list_kind,
                                                &feed_kind,
                                                &health_kind,
                                                NULL };

struct jobs *agent_jobs_create(struct loop *loop, struct store *store, struct http_client *client,
                               const struct agent_jobs_options *o)
{
    static const struct jobs_world live = { .sandbox = false }, sandbox = { .sandbox = true };
    struct jobs_options opts = { .kinds = kinds,
                                 .context = o->world     ? o->world
                                            : o->sandbox ? &sandbox
                                                         : &live,
                                 .running_max = o->running_max,
                                 .lane_max = o->lane_max,
                                 .lane_max_of = ad_account_lane_max,
                                 .observer = o->observer,
                                 .held = o->held };
    return jobs_create(loop, store, client, &opts);
}
