/* The rows of `booking`: how a buy stands with each of its ad servers. */
#include "base/rfc3339.h"
#include "domain/booking/booking.h"
#include "store/q/q_delivery.h"

static int load(const struct act *act, struct str media_buy_id, struct str ad_server, struct booking_row *out,
                struct err *e)
{
    int found = q_booking_get(act->tx, act->arena, media_buy_id, ad_server, out, e);
    if (found < 0) return -1;
    if (!found) *out = q_booking_new(act->tenant->tenant_id, media_buy_id, ad_server, act->now);
    return 0;
}

static void change(const struct act *act, const struct booking_change *c, struct booking_row *row)
{
    if (row->state != c->state) row->changed_at = act->now;
    row->state = c->state;
    row->reason = c->reason;
    row->wait_until = c->state == BOOKING_WAITING ? c->wait_until : TIME_NONE;
    if (c->state == BOOKING_BOOKED && row->booked_at == TIME_NONE) row->booked_at = act->now;
    if (c->state == BOOKING_DROPPED) row->read_due_at = TIME_NONE; /* what was canceled is read to its end */
}

int booking_set(const struct act *act, const struct booking_change *c, struct err *e)
{
    struct booking_row row;
    if (load(act, c->media_buy_id, c->ad_server, &row, e)) return -1;
    change(act, c, &row);
    return q_booking_put(act->tx, &row, e);
}

int booking_summarize(const struct act *act, struct str media_buy_id, struct booking_summary *out, struct err *e)
{
    struct booking_summary s = { .n = 0 };
    if (q_bookings_of_buy(act->tx, act->arena, media_buy_id, &s.rows, e)) return -1;
    for (size_t i = 0; i < s.rows.n; i++) {
        switch (s.rows.rows[i].state) {
        case BOOKING_ASKED:
        case BOOKING_WAITING: s.open++; break;
        case BOOKING_BOOKED: s.booked++; break;
        case BOOKING_REFUSED: s.refused++; break;
        case BOOKING_DROPPED:
        case BOOKING_CANCELED: break;
        }
    }
    s.n = s.open + s.booked + s.refused;
    *out = s;
    return 0;
}

int booking_exists(const struct act *act, struct str media_buy_id, struct err *e)
{
    struct booking_summary s;
    if (booking_summarize(act, media_buy_id, &s, e)) return -1;
    return s.n > 0;
}

/* ---- ids ---- */

static int record_order(const struct act *act, const struct ad_server *server, const struct plan *plan,
                        struct str remote_id, struct err *e)
{
    struct booking_row row;
    if (load(act, plan->media_buy_id, server->name, &row, e)) return -1;
    if (str_eq(row.remote_id, remote_id)) return 0;
    row.remote_id = remote_id;
    return q_booking_put(act->tx, &row, e);
}

/* An order may be of any of a publisher's advertisers: the id is that of this account and brand. */
static int record_advertiser(const struct act *act, const struct ad_server *server, const struct plan *plan,
                             struct str remote_id, struct err *e)
{
    struct ad_server_key key = { act->tenant->tenant_id, server->name };
    struct ad_remote_row row = { .kind = AD_REMOTE_ADVERTISER,
                                 .own_id = plan_advertiser_id(act->arena, plan),
                                 .remote_id = remote_id,
                                 .recorded_at = act->now };
    return q_ad_remote_put(act->tx, &key, &row, e);
}

static bool of_plan(const struct plan *plan, struct str package_id)
{
    for (size_t i = 0; i < plan->packages_n; i++) {
        if (str_eq(plan->packages[i].package_id, package_id)) return true;
    }
    return false;
}

static int record_one(const struct act *act, const struct ad_server *server, const struct plan *plan,
                      const struct adapter_remote *r, struct err *e)
{
    switch (r->kind) {
    case REMOTE_ORDER: return record_order(act, server, plan, r->remote_id, e);
    case REMOTE_ADVERTISER: return record_advertiser(act, server, plan, r->remote_id, e);
    case REMOTE_CREATIVE: return q_remote_creative_id_put(act->tx, plan->media_buy_id, r->id, r->remote_id, e);
    case REMOTE_PACKAGE: return of_plan(plan, r->id) ? q_remote_package_put(act->tx, r->id, r->remote_id, e) : 0;
    }
    ENSURE(!"a kind of remote id");
}

int booking_record(const struct act *act, const struct ad_server *server, const struct plan *plan,
                   const struct booking_remotes *remotes, struct err *e)
{
    for (size_t i = 0; i < remotes->n; i++) {
        if (record_one(act, server, plan, &remotes->list[i], e)) return -1;
    }
    return 0;
}

int booking_taken(const struct act *act, const struct ad_server *server, const struct plan *plan,
                  const struct booking_remotes *remotes, struct err *e)
{
    struct booking_change booked = { .state = BOOKING_BOOKED };
    struct booking_row row;
    if (load(act, plan->media_buy_id, server->name, &row, e)) return -1;
    for (size_t i = 0; i < remotes->n; i++) {
        const struct adapter_remote *r = &remotes->list[i];
        if (r->kind == REMOTE_ORDER) row.remote_id = r->remote_id;
        else if (record_one(act, server, plan, r, e)) return -1;
    }
    change(act, &booked, &row);
    return q_booking_put(act->tx, &row, e);
}
