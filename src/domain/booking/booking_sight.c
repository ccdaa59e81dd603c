#include "domain/booking/booking_sight.h"

#include "base/rfc3339.h"
#include "contract/json.h"
#include "domain/booking/booking_trouble.h"
#include "store/q/agent/q_job.h"

#define LOOK_EVERY_US (INT64_C(6) * 3600 * USEC_PER_SEC)

/* ---- what was seen ---- */

static bool of_buy(const struct adapter_sight *s, const struct plan *plan, size_t plans_n)
{
    return s->media_buy_id.n ? str_eq(s->media_buy_id, plan->media_buy_id) : plans_n == 1;
}

static void write_sight(yyjson_mut_doc *doc, yyjson_mut_val *o, const struct adapter_sight *s)
{
    json_add_str_opt(doc, o, "package_id", s->package_id);
    json_add_str_opt(doc, o, "remote_id", s->remote_id);
    json_add_cstr(doc, o, "standing", adapter_standing_name(s->standing));
    json_add_str_opt(doc, o, "status", s->status);
    json_add_str_opt(doc, o, "note", s->note);
}

/* Should it deliver now, or later? */
static bool lives(const struct plan_package *p, int64_t now)
{
    return p->stopped_at > now && p->end_at > now;
}

static bool stopped_there(enum adapter_standing s, bool paused_here)
{
    switch (s) {
    case STANDS_PAUSED: return !paused_here;
    case STANDS_ENDED:
    case STANDS_GONE: return true;
    case STANDS_UNKNOWN:
    case STANDS_DRAFT:
    case STANDS_WAITING:
    case STANDS_READY:
    case STANDS_DELIVERING:
    case STANDS_INACTIVE:
    case STANDS_OVER:
    case STANDS_N: break;
    }
    return false;
}

/* What somebody over there has changed, in words; empty: nothing. */
static struct str contradiction(const struct act *act, const struct plan *plan, const struct adapter_sight *s)
{
    bool any_lives = false, all_paused = true;
    for (size_t i = 0; i < plan->packages_n; i++) {
        const struct plan_package *p = &plan->packages[i];
        bool this = str_eq(p->package_id, s->package_id);
        if (this && lives(p, act->now) && stopped_there(s->standing, p->paused)) {
            return arena_printf(act->arena, "package " STR_FMT " is %s there (" STR_FMT ")", STR_ARG(p->package_id),
                                adapter_standing_name(s->standing), STR_ARG(s->status));
        }
        any_lives = any_lives || lives(p, act->now);
        all_paused = all_paused && p->paused;
    }
    if (s->package_id.n || !any_lives || !stopped_there(s->standing, all_paused)) return STR_NONE;
    return arena_printf(act->arena, "its order is %s there (" STR_FMT ")", adapter_standing_name(s->standing),
                        STR_ARG(s->status));
}

static int tell(const struct act *act, const struct ad_server *server, const struct plan *plan, struct str changed,
                struct err *e)
{
    struct booking_trouble t = {
        .media_buy_id = plan->media_buy_id, .ad_server = server->name, .verb = ADAPTER_LOOK, .why = changed
    };
    return changed.n ? booking_trouble(act, &t, e) : booking_trouble_over(act, &t, e);
}

static int seen_one(const struct act *act, const struct ad_server *server, const struct plan *plan,
                    const struct booking_sights *s, struct err *e)
{
    struct booking_row row;
    struct str changed = STR_NONE;
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *list = yyjson_mut_arr(doc);
    size_t n = 0;
    for (size_t i = 0; i < s->result->sights_n; i++) {
        const struct adapter_sight *one = &s->result->sights[i];
        if (!of_buy(one, plan, s->plans_n)) continue;
        write_sight(doc, json_push_obj(doc, list), one);
        if (!changed.n) changed = contradiction(act, plan, one);
        n++;
    }
    if (n == 0) return 0;
    int found = q_booking_get(act->tx, act->arena, plan->media_buy_id, server->name, &row, e);
    if (found != 1) return found;
    row.looked_at = act->now;
    row.looked = json_write(act->arena, list);
    if (q_booking_put(act->tx, &row, e)) return -1;
    return row.state == BOOKING_BOOKED ? tell(act, server, plan, changed, e) : 0;
}

int booking_seen(const struct act *act, const struct ad_server *server, const struct booking_sights *s, struct err *e)
{
    for (size_t i = 0; s->result->sights_n && i < s->plans_n; i++) {
        if (seen_one(act, server, &s->plans[i], s, e)) return -1;
    }
    return 0;
}

/* ---- when ---- */

int booking_look_next(const struct act *act, const struct ad_server *server, struct str except, struct err *e)
{
    int64_t due_at;
    if (server->adapter->local || !server->adapter->verbs[ADAPTER_LOOK].steps) return 0;
    if (q_booking_next_due(act->tx, act->tenant->tenant_id, server->name, &due_at, e)) return -1;
    struct str subject =
        arena_printf(act->arena, "looks:" STR_FMT ":" STR_FMT, STR_ARG(act->tenant->tenant_id), STR_ARG(server->name));
    int waits = due_at == TIME_NONE ? 1 : q_job_waits(act->tx, subject, except, e);
    if (waits) return waits < 0 ? -1 : 0; /* or nothing is left that could be looked at */
    yyjson_mut_doc *doc = json_doc_new(act->arena);
    yyjson_mut_val *root = json_root_obj(doc);
    json_add_cstr(doc, root, "verb", adapter_verb_name(ADAPTER_LOOK));
    json_add_str(doc, root, "ad_server", server->name);
    struct job_row row = {
        .job_id = id_new(act->arena, act->rng, "job-", act->now),
        .tenant_id = act->tenant->tenant_id,
        .kind = STR(BOOKING_JOB_KIND),
        .lane = booking_lane(act->arena, act->tenant->tenant_id, server->name),
        .subject = subject,
        .due_at = act->now + LOOK_EVERY_US,
        .payload = json_write(act->arena, root),
        .created_at = act->now,
        .lease_until = TIME_NONE,
        .deadline_at = TIME_NONE,
    };
    return q_job_insert(act->tx, &row, e);
}

int booking_look_due(const struct act *act, const struct ad_server *server, struct booking_rows *out, struct err *e)
{
    int most = server->adapter->plans_max;
    struct booking_due due = { act->tenant->tenant_id, server->name, act->now - LOOK_EVERY_US / 2,
                               most < 1            ? 1
                               : most < SIGHTS_MAX ? most
                                                   : SIGHTS_MAX };
    return q_bookings_to_look(act->tx, act->arena, &due, out, e);
}
