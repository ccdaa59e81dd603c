#include "domain/booking/delivery_poll.h"

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/delivery/delivery.h"
#include "store/q/agent/q_job.h"

#define INTERVAL_S_MIN 3600
#define INTERVAL_S_MAX 86400
#define GIVE_UP_US     (35 * USEC_PER_DAY)

size_t delivery_poll_plans(const struct ad_server *server)
{
    int most = server->adapter->plans_max;
    return most < 2 ? 1 : most < POLL_PLANS_MAX ? (size_t)most : POLL_PLANS_MAX;
}

static int64_t interval_us(const struct ad_server *server)
{
    int64_t s = server->adapter->staleness_s;
    if (s < INTERVAL_S_MIN) s = INTERVAL_S_MIN;
    if (s > INTERVAL_S_MAX) s = INTERVAL_S_MAX;
    return s * USEC_PER_SEC;
}

static bool reads_many(const struct ad_server *server)
{
    return delivery_poll_plans(server) > 1;
}

/* Not the booking's own subject: a reading that fails must not keep changes waiting. */
static struct str subject_of(const struct act *act, const struct ad_server *server, const struct plan *part)
{
    struct str of = reads_many(server) ? act->tenant->tenant_id : part->media_buy_id;
    return arena_printf(act->arena, "%s:" STR_FMT ":" STR_FMT, reads_many(server) ? "readings" : "reading", STR_ARG(of),
                        STR_ARG(server->name));
}

static int write_job(const struct act *act, const struct ad_server *server, const struct plan *part, int64_t due_at,
                     struct err *e)
{
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "verb", adapter_verb_name(ADAPTER_REPORT));
    json_add_str(doc, root, "ad_server", server->name);
    if (!reads_many(server)) json_add_str(doc, root, "media_buy_id", part->media_buy_id);
    struct job_row row = {
        .job_id = id_new(act->arena, act->rng, "job-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(BOOKING_JOB_KIND),
        .lane = booking_lane(act->arena, act->tenant->tenant_id, server->name),
        .subject = subject_of(act, server, part),
        .due_at = due_at,
        .payload = json_write(act->arena, root),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    return q_job_insert(act->tx, &row, e);
}

/* When the part is to be read next; TIME_NONE: never again. */
static int next_reading(const struct act *act, const struct ad_server *server, const struct plan *part, int64_t *at,
                        struct err *e)
{
    struct delivery d;
    *at = TIME_NONE;
    if (delivery_read(act, part, DELIVERY_LIFETIME, DELIVERY_TOTALS, &d, e)) return -1;
    if (d.is_final || act->now > part->end_at + GIVE_UP_US) return 0;
    *at = (part->start_at > act->now ? part->start_at : act->now) + interval_us(server);
    return 0;
}

int delivery_poll_next(const struct act *act, const struct ad_server *server, const struct plan *part,
                       struct str except, struct err *e)
{
    struct booking_row row;
    int64_t due_at;
    if (server->adapter->local || !server->adapter->verbs[ADAPTER_REPORT].steps) return 0;
    if (next_reading(act, server, part, &due_at, e)) return -1;
    int found = q_booking_get(act->tx, act->arena, part->media_buy_id, server->name, &row, e);
    if (found < 0) return -1;
    if (!found) row = q_booking_new(act->tenant->tenant_id, part->media_buy_id, server->name, act->now);
    row.read_due_at = due_at;
    if (!found) row.state = BOOKING_BOOKED; /* what is read is booked */
    if (q_booking_put(act->tx, &row, e)) return -1;
    if (reads_many(server) && q_booking_next_due(act->tx, act->tenant->tenant_id, server->name, &due_at, e)) return -1;
    if (due_at == TIME_NONE) return 0;
    struct str subject = subject_of(act, server, part);
    int waits = q_job_waits(act->tx, subject, except, e);
    if (waits < 0) return -1;
    return waits ? q_job_hasten(act->tx, subject, due_at, e) : write_job(act, server, part, due_at, e);
}

int delivery_poll_due(const struct act *act, const struct ad_server *server, struct booking_rows *out, struct err *e)
{
    /* What would be due soon is read along. */
    struct booking_due due = { act->tenant->tenant_id, server->name, act->now + interval_us(server) / 4,
                               (int)delivery_poll_plans(server) };
    return q_bookings_due(act->tx, act->arena, &due, out, e);
}
