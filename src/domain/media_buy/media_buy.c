/* What all of this room share: loading, saving, booking, the publisher's limits. */
#include "domain/media_buy/media_buy.h"
#include "contract/document.h"

#include <salesagent/money.h>

#include "domain/booking/booking.h"
#include "store/q/q_delivery.h"

/* ---- loading and saving ---- */

static int load(const struct act *act, const struct media_buy_key *key, struct media_buy *out, struct err *e)
{
    struct media_buy b;
    int found = q_media_buy_get(act->tx, act->arena, key, &b.row, e);
    if (found != 1) return found;
    if (q_packages_of_buy(act->tx, act->arena, b.row.media_buy_id, &b.packages, e)) return -1;
    b.status = media_buy_status_at(&b.row, act->now);
    *out = b;
    return 1;
}

int media_buy_fits(const struct media_buy *b, struct err *e)
{
    size_t bytes = b->row.doc.n + b->row.echo.n;
    for (size_t i = 0; i < b->packages.n; i++) {
        const struct package_row *p = &b->packages.rows[i];
        if (document_fits(p->doc, PACKAGE_BYTES_MAX, "A package", e)) return err_field(e, "/packages/%zu", i);
        bytes += p->doc.n;
    }
    return document_fits((struct str){ NULL, bytes }, BUY_BYTES_MAX, "The media buy with its packages", e);
}

int media_buy_load(const struct act *act, struct str media_buy_id, struct media_buy *out, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = media_buy_id };
    return load(act, &key, out, e);
}

int media_buy_not_found(struct err *e)
{
    (void)err_set(e, "MEDIA_BUY_NOT_FOUND", "There is no such media buy.");
    (void)err_suggest(e, "Call get_media_buys for your media buys and their ids.");
    return err_field(e, "/media_buy_id");
}

int media_buy_require(const struct act *act, struct str media_buy_id, struct media_buy *out, struct err *e)
{
    struct media_buy_key key = { .tenant_id = act->tenant->tenant_id, .media_buy_id = media_buy_id };
    if (act->principal && act->principal->role == ROLE_BUYER) key.principal_id = act->principal->principal_id;
    int found = load(act, &key, out, e);
    if (found < 0) return -1;
    return found ? 0 : media_buy_not_found(e);
}

static void stamp(const struct act *act, struct media_buy *b)
{
    struct media_buy_row *row = &b->row;
    bool cleared = b->status == BUY_PENDING_START || b->status == BUY_ACTIVE;
    if (cleared && row->activated_at == TIME_NONE) row->activated_at = act->now;
    if (b->status == BUY_CANCELED && row->canceled_at == TIME_NONE) row->canceled_at = act->now;
    if (b->status != BUY_CANCELED) row->canceled_at = TIME_NONE;
    row->status = str_from(media_buy_status_name(b->status));
    row->completed_at = media_buy_completed_at(row, act->now);
    row->next_change_at = act->mock_clock ? TIME_NONE : media_buy_next_change(row, b->status);
    row->updated_at = act->now;
}

int media_buy_add(const struct act *act, struct media_buy *buy, struct err *e)
{
    stamp(act, buy);
    return q_media_buy_insert(act->tx, &buy->row, e);
}

int media_buy_save(const struct act *act, struct media_buy *buy, struct err *e)
{
    stamp(act, buy);
    buy->row.revision++;
    return q_media_buy_update(act->tx, &buy->row, e);
}

/* ---- the ad server ---- */

int media_buy_book(const struct act *act, const struct media_buy *buy, struct err *e)
{
    enum booking_outcome outcome;
    return booking_place(act, buy->row.media_buy_id, &outcome, e);
}

int media_buy_rebook(const struct act *act, const struct media_buy *buy, struct err *e)
{
    enum booking_outcome outcome;
    bool ended = buy->status == BUY_CANCELED || buy->status == BUY_REJECTED || buy->status == BUY_FAILED;
    int exists = booking_exists(act, buy->row.media_buy_id, e);
    if (exists < 0) return -1;
    bool confirmed = buy->row.confirmed_at != TIME_NONE;
    /* A booking without a confirmation: an ad server was asked, may have agreed, and then it was too late. */
    if (ended && (confirmed || exists)) return booking_cancel(act, buy->row.media_buy_id, &outcome, e);
    return confirmed ? booking_update(act, buy->row.media_buy_id, &outcome, e) : 0;
}

/* ---- money ---- */

int media_buy_check_total(const struct tenant_settings *ts, const struct budget_check *in, struct err *e)
{
    char limit[MONEY_TEXT_MAX];
    if (memcmp(in->currency, ts->currency, 3) != 0) return 0; /* the limits are amounts of the publisher's currency */
    if (in->total_micros < ts->min_budget_micros) {
        (void)money_print(ts->min_budget_micros, limit);
        (void)err_set(e, "BUDGET_TOO_LOW", "A media buy of this publisher needs at least %s %s.", limit, ts->currency);
        (void)err_details(e, "{\"minimum_budget\":%s,\"currency\":\"%s\"}", limit, ts->currency);
        (void)err_suggest(e, "Raise the total to %s or more.", limit);
        return err_field(e, "%s", in->at);
    }
    if (in->total_micros > ts->max_budget_micros) {
        (void)money_print(ts->max_budget_micros, limit);
        (void)err_set(e, "BUDGET_EXCEEDED", "A media buy of this publisher is at most %s %s.", limit, ts->currency);
        (void)err_details(e, "{\"maximum_budget\":%s,\"currency\":\"%s\"}", limit, ts->currency);
        (void)err_suggest(e, "Lower the total to %s or less, or split it into several media buys.", limit);
        return err_field(e, "%s", in->at);
    }
    return 0;
}
