#include "domain/booking/delivery_poll.h"

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/booking/booking.h"
#include "domain/delivery/delivery.h"
#include "store/q/q_job.h"

#define INTERVAL_S_MIN 3600
#define INTERVAL_S_MAX 86400
#define GIVE_UP_US     (35 * USEC_PER_DAY)

static int write_job(const struct act *act, const struct plan *plan, struct str subject, int64_t due_at, struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "verb", adapter_verb_name(ADAPTER_REPORT));
    json_add_str(doc, root, "media_buy_id", plan->media_buy_id);
    struct job_row row = {
        .job_id = id_new(act->arena, act->rng, "job-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(BOOKING_JOB_KIND),
        .lane = arena_printf(act->arena, "adapter:" STR_FMT, STR_ARG(act->tenant->tenant_id)),
        .subject = subject, /* not the buy's: a reading that fails must not keep changes waiting */
        .due_at = due_at,
        .payload = json_write(act->arena, root),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    return q_job_insert(act->tx, &row, e);
}

int delivery_poll_next(const struct act *act, const struct plan *plan, struct str except, struct err *e)
{
    struct ad_server server;
    struct delivery d;
    if (ad_server_of(act, &server, e)) return -1;
    if (server.adapter->local || !server.adapter->verbs[ADAPTER_REPORT].steps) return 0;
    struct str subject = arena_printf(act->arena, "reading:" STR_FMT, STR_ARG(plan->media_buy_id));
    int waits = q_job_waits(act->tx, subject, except, e);
    if (waits) return waits < 0 ? -1 : 0;
    if (delivery_read(act, plan, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    if (d.is_final || act->now > plan->end_at + GIVE_UP_US) return 0;
    int64_t interval_s = server.adapter->staleness_s;
    if (interval_s < INTERVAL_S_MIN) interval_s = INTERVAL_S_MIN;
    if (interval_s > INTERVAL_S_MAX) interval_s = INTERVAL_S_MAX;
    int64_t from = plan->start_at > act->now ? plan->start_at : act->now;
    return write_job(act, plan, subject, from + interval_s * USEC_PER_SEC, e);
}
