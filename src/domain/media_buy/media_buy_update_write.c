/* update_media_buy: the rows. Everything was checked before. */
#include "domain/booking/booking.h"
#include "domain/delivery/delivery.h"
#include "domain/media_buy/media_buy_update.h"

static int write_packages(struct buy_update *u, struct err *e)
{
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        if (u->touched[i] && q_package_update(u->act->tx, &u->buy.packages.rows[i], e)) return -1;
    }
    for (size_t i = 0; i < u->requests_n; i++) {
        if (u->requests[i].canceled) {
            if (media_buy_release(u->act, &u->buy, u->targets[i]->package_id, e)) return -1;
        } else if (media_buy_take_creatives(u->act, &u->buy, u->targets[i], &u->requests[i], e)) {
            return -1;
        }
    }
    return 0;
}

static int write_additions(struct buy_update *u, struct err *e)
{
    size_t had = u->buy.packages.n;
    struct str body = str_skip(u->old.media_buy_id, sizeof("mb-") - 1);
    if (u->additions_n == 0) return 0;
    struct package_row *rows = ARENA_ARRAY(u->act->arena, struct package_row, had + u->additions_n);
    memcpy(rows, u->buy.packages.rows, had * sizeof(*rows));
    for (size_t i = 0; i < u->additions_n; i++) {
        struct package_row *p = &rows[had + i];
        *p = u->admitted[i].row;
        p->media_buy_id = u->old.media_buy_id;
        p->ordinal = rows[had + i - 1].ordinal + 1;
        p->package_id = arena_printf(u->act->arena, "pkg-" STR_FMT "-%03lld", STR_ARG(body), (long long)p->ordinal);
        u->touched[had + i] = true;
        if (q_package_insert(u->act->tx, p, e)) return -1;
        if (media_buy_take_creatives(u->act, &u->buy, p, &u->additions[i], e)) return -1;
    }
    u->buy.packages = (struct package_rows){ rows, had + u->additions_n };
    return 0;
}

static bool all_canceled(const struct buy_update *u)
{
    for (size_t i = 0; i < u->buy.packages.n; i++) {
        if (u->buy.packages.rows[i].canceled_at == TIME_NONE) return false;
    }
    return true;
}

static int write_cancel(struct buy_update *u, struct str reason, struct err *e)
{
    bool own = !u->act->principal || u->act->principal->role == ROLE_BUYER;
    struct media_buy_end end = { BUY_CANCELED, reason, own && u->act->principal ? STR("buyer") : STR("seller") };
    if (media_buy_move(u->act, u->old.media_buy_id, &end, e)) return -1;
    return media_buy_load(u->act, u->old.media_buy_id, &u->buy, e) < 0 ? -1 : 0;
}

int buy_update_write(struct buy_update *u, struct err *e)
{
    if (u->cancels) return write_cancel(u, json_str(u->args, "cancellation_reason"), e);
    if (delivery_freeze(u->act, u->old.media_buy_id, e)) return -1;
    if (write_packages(u, e) || write_additions(u, e) || media_buy_fits(&u->buy, e)) return -1;
    bool stays_paused = u->buy.status == BUY_PAUSED && !u->resumed;
    if (u->paused && u->buy.status != BUY_PENDING_CREATIVES) {
        u->buy.status = BUY_PAUSED;
    } else if (!stays_paused && media_buy_settle(u->act, &u->buy, &u->buy.status, e)) {
        return -1;
    }
    if (media_buy_save(u->act, &u->buy, e) || booking_admit(u->act, u->old.media_buy_id, e) ||
        media_buy_rebook(u->act, &u->buy, e)) {
        return -1;
    }
    struct media_buy_change other = { "updated_packages", STR_NONE, STR_NONE };
    const struct media_buy_change *changes = u->changes_n ? u->changes : &other;
    if (media_buy_changed_all(u->act, &u->buy.row, changes, u->changes_n ? u->changes_n : 1, e)) return -1;
    return all_canceled(u) ? write_cancel(u, STR("every package was canceled"), e) : 0;
}
