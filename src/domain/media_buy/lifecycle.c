#include "domain/media_buy/lifecycle.h"

#include "base/rfc3339.h"
#include "domain/media_buy/media_buy_change.h"
#include "domain/plan/media_buy_state.h"

static const char *action_of(enum media_buy_status s)
{
    switch (s) {
    case BUY_ACTIVE: return "activated";
    case BUY_COMPLETED: return "completed";
    case BUY_CANCELED: return "canceled";
    case BUY_PAUSED: return "paused";
    case BUY_PENDING_APPROVAL:
    case BUY_PENDING_CREATIVES:
    case BUY_PENDING_START:
    case BUY_REJECTED:
    case BUY_FAILED:
    case BUY_STATUSES_N: break;
    }
    return "status_changed";
}

/* One change, at the time it was due: a flight that came and went while the program was down is activated and then
 * completed. */
static int advance(const struct act *act, struct media_buy_row *row, struct err *e)
{
    struct tenant tenant = { .tenant_id = row->tenant_id };
    struct act then = *act;
    then.tenant = &tenant;
    then.now = row->next_change_at;
    enum media_buy_status was = media_buy_status_at(row, then.now - 1);
    enum media_buy_status is = media_buy_status_at(row, then.now);
    row->completed_at = media_buy_completed_at(row, then.now);
    if (is == BUY_CANCELED && row->canceled_at == TIME_NONE) row->canceled_at = row->end_at;
    row->status = str_from(media_buy_status_name(is));
    row->next_change_at = media_buy_next_change(row, is);
    if (row->next_change_at != TIME_NONE && row->next_change_at <= then.now) row->next_change_at = TIME_NONE;
    if (is == was) return q_media_buy_update(act->tx, row, e);
    row->revision++;
    row->updated_at = then.now;
    struct media_buy_change change = {
        .action = action_of(is),
        .summary = is == BUY_CANCELED    ? STR("The flight ended without approved creatives")
                   : is == BUY_COMPLETED ? STR("The flight ended")
                                         : STR("The flight began"),
    };
    if (q_media_buy_update(act->tx, row, e)) return -1;
    return media_buy_changed(&then, row, &change, e);
}

/* A flight that came and went while the program was down takes several steps. */
static int advance_buy(const struct act *act, const struct due_row *due, struct err *e)
{
    struct media_buy_key key = { .tenant_id = due->tenant_id, .media_buy_id = due->row_id };
    struct media_buy_row row;
    int found = q_media_buy_get(act->tx, act->arena, &key, &row, e);
    if (found < 1) return found;
    while (row.next_change_at != TIME_NONE && row.next_change_at <= act->now) {
        if (advance(act, &row, e)) return -1;
    }
    return 0;
}

const struct due_kind lifecycle_flights = {
    .kind = QUARANTINE_FLIGHT, .due = q_media_buy_due, .advance = advance_buy, .next = q_media_buy_next_change
};
