/* What is due every minute and every hour: money that is owed for time, days that begin and end, what was learned of slots, and
 * what is too old. All in one write command; what it could not do is the next minute's. */
#include <salesagent/money.h>

#include "app/house/house_internal.h"
#include "base/log.h"
#include "base/rfc3339.h"
#include "base/tz.h"
#include "store/q/q_house.h"

#define EXPIRED_AT_A_TIME 2000
/* Days end so much later than the clock says: what was counted in their last second has then been written. */
#define DAY_ENDS_LATER (2 * HOUSE_MINUTE)

static bool runs(const struct serving_package *p, int64_t at)
{
    return p->live_from <= at && p->start_at <= at && at < p->end_at && at < p->stopped_at && !p->paused;
}

static int64_t owed_by(const struct house_rent *r, int64_t at)
{
    if (at <= r->from_at || r->to_at <= r->from_at) return 0;
    return muldiv(r->budget_micros, at < r->to_at ? at - r->from_at : r->to_at - r->from_at, r->to_at - r->from_at,
                  MONEY_ROUND_DOWN);
}

/* Of the time since it was last done, also before a restart; of one that is paused, nothing. */
static int accrue(struct house *h, const struct act *act, const struct kept_buy *b, struct err *e)
{
    int64_t day = tz_day(house_zone_of_tenant(h, b->tenant_id), act->now), since;
    if (b->buy.rents_n == 0) return 0;
    if (q_house_buy_accrued_get(act->tx, b->media_buy_id, &since, e)) return -1;
    for (size_t i = 0; i < b->buy.rents_n; i++) {
        const struct house_rent *r = &b->buy.rents[i];
        int64_t micros = r->package->paused ? 0 : owed_by(r, act->now) - owed_by(r, since);
        if (micros > 0 && house_accrue(act, b->media_buy_id, r->package->package_id, day, micros, e)) return -1;
    }
    return q_house_buy_accrued_put(act->tx, b->media_buy_id, act->now, e);
}

static int open_days(struct house *h, const struct act *act, const struct kept_buy *b, struct err *e)
{
    int64_t day = tz_day(house_zone_of_tenant(h, b->tenant_id), act->now);
    for (size_t i = 0; i < b->buy.packages_n; i++) {
        const struct serving_package *p = &b->buy.packages[i];
        if (runs(p, act->now) && house_open_days(act, b->media_buy_id, p->package_id, day, e)) return -1;
    }
    return 0;
}

static int close_days(const struct act *act, struct kept_publisher *p, struct err *e)
{
    int64_t day = tz_day(p->house.publisher.zone, act->now - DAY_ENDS_LATER), n;
    return p->closed_day == day ? 0 : house_close_days(act, p->tenant_id, day, &n, e);
}

static int64_t histories_closed(struct house *h)
{
    const struct lineup *l = serving_lineup(h->serving);
    int64_t n = 0;
    for (uint32_t i = 0; l && i < l->slots_n; i++) {
        int64_t week[WEEK_HOURS], closed;
        if (serving_history(h->serving, l->slots[i].slot->key, week, &closed)) n += closed;
    }
    return n;
}

static int write_histories(struct house *h, const struct act *act, struct err *e)
{
    const struct lineup *l = serving_lineup(h->serving);
    h->histories_now = histories_closed(h);
    if (h->histories_now == h->histories) return 0;
    for (uint32_t i = 0; l && i < l->slots_n; i++) {
        int64_t week[WEEK_HOURS], closed;
        uint32_t key = l->slots[i].slot->key;
        if (!serving_history(h->serving, key, week, &closed)) continue;
        if (q_house_history_put(act->tx, key, house_week_bytes(act->arena, week), e)) return -1;
    }
    return 0;
}

/* The longest that any publisher keeps: for requests, which are no package's, and for what publishers left behind. */
static int keep_days(const struct house *h)
{
    int days = 0;
    for (size_t i = 0; i < h->publishers_n; i++) {
        if (h->publishers[i]->house.keep_days > days) days = h->publishers[i]->house.keep_days;
    }
    return days ? days : 400;
}

static int expire(struct house *h, const struct act *act, struct err *e)
{
    int64_t life = serving_epoch_life_ms() * 1000, gone;
    struct house_expiry x = {
        .counts_before = act->now - keep_days(h) * USEC_PER_DAY,
        .used_before = act->now - life - HOUSE_HOUR,
        .epochs_before_ms = (act->now - life - HOUSE_HOUR) / 1000,
        .exposures_before_s = act->now / USEC_PER_SEC,
        .places_before_s = act->now / USEC_PER_SEC - MAIL_KEPT_S,
        .max = EXPIRED_AT_A_TIME,
    };
    if (q_house_expire(act->tx, &x, &gone, e)) return -1;
    h->expiring = gone >= x.max;
    for (size_t i = 0; i < h->publishers_n; i++) {
        const struct kept_publisher *p = h->publishers[i];
        int64_t before = act->now - p->house.keep_days * USEC_PER_DAY;
        if (p->house.keep_days == keep_days(h)) continue; /* done above */
        if (q_house_expire_counts(act->tx, p->tenant_id, before, x.max, &gone, e)) return -1;
        h->expiring = h->expiring || gone >= x.max;
    }
    for (size_t i = 0; i < h->buys_n; i++) {
        const struct kept_buy *b = h->buys[i];
        if (b->buy.over_at + HOUSE_KEEP_US < act->now && q_house_buy_forget(act->tx, b->media_buy_id, e)) return -1;
    }
    return 0;
}

static int chores_run(struct tx *tx, struct write_cmd *cmd)
{
    struct house *h = CONTAINER_OF(cmd, struct house, chores_cmd);
    struct err e;
    struct act act = house_act(h, tx, &h->chores_arena);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < h->buys_n; i++)
        rc = open_days(h, &act, h->buys[i], &e) || accrue(h, &act, h->buys[i], &e);
    for (size_t i = 0; rc == 0 && i < h->publishers_n; i++) rc = close_days(&act, h->publishers[i], &e);
    if (rc == 0) rc = write_histories(h, &act, &e);
    if (rc == 0 && act.now - h->hour >= HOUSE_HOUR) rc = expire(h, &act, &e);
    if (rc) house_complain(&h->chores_arena, "a chore of the built-in ad server failed", STR("minute"), &e);
    return rc ? -1 : 0;
}

/* What is done is not done again; what was not, is the next minute's. */
static void chores_done(struct write_cmd *cmd, enum write_result result)
{
    struct house *h = CONTAINER_OF(cmd, struct house, chores_cmd);
    int64_t now = house_now(h);
    arena_finish(&h->chores_arena);
    h->chores_running = false;
    if (result != WRITE_COMMITTED) return;
    for (size_t i = 0; i < h->publishers_n; i++) {
        h->publishers[i]->closed_day = tz_day(h->publishers[i]->house.publisher.zone, h->chores_at - DAY_ENDS_LATER);
    }
    h->minute = h->chores_at;
    h->histories = h->histories_now;
    if (now - h->hour >= HOUSE_HOUR) {
        if (!h->expiring) h->hour = h->chores_at; /* else there is more to do: it goes on in a minute */
        house_forget_buys(h, now);
    }
}

/* A minute in which nothing can be owed, ended, learned or too old writes nothing: most installations sell elsewhere. */
static bool due(struct house *h)
{
    int64_t now = house_now(h);
    if (h->buys_n || now - h->hour >= HOUSE_HOUR || histories_closed(h) != h->histories) return true;
    for (size_t i = 0; i < h->publishers_n; i++) {
        const struct kept_publisher *p = h->publishers[i];
        if (p->closed_day != tz_day(p->house.publisher.zone, now - DAY_ENDS_LATER)) return true;
    }
    return false;
}

void house_start_chores(struct house *h)
{
    struct err e;
    if (h->chores_running || h->todo_n) return;
    if (!due(h)) {
        h->minute = house_now(h);
        return;
    }
    h->chores_cmd = (struct write_cmd){ .run = chores_run, .done = chores_done };
    arena_init(&h->chores_arena);
    h->chores_at = house_now(h);
    h->chores_running = store_write(h->store, &h->chores_cmd, &e) == 0;
}
