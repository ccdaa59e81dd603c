#include "domain/house/house_report.h"

#include <stdlib.h>

#include "base/tz.h"
#include "domain/core/ad_server.h"
#include "domain/house/house_money.h"
#include "store/q/q_house.h"
#include "store/q/q_media_buy.h"
#include "store/q/q_slot.h"

#define ROWS_AT_A_TIME 20000 /* of counts: a line has at most one for each event and reason */

int house_zone(const struct act *act, const struct tz **zone, struct str *name, struct err *e)
{
    struct ad_server server;
    int found = ad_server_serving(act, &server, e);
    if (found < 0) return -1;
    *name = found && server.adapter->day_zone ? server.adapter->day_zone(server.config) : STR_NONE;
    if (!name->n) *name = STR("UTC");
    return tz_load(act->arena, *name, zone, e);
}

/* ---- names ---- */

static int name_package(const struct act *act, int64_t key, struct house_line *l, struct err *e)
{
    struct str owner;
    struct package_row row;
    int found = q_house_key_name(act->tx, act->arena, key, &owner, &l->package_id, e);
    if (found == 1) found = q_package_get(act->tx, act->arena, l->package_id, &row, e);
    if (found == 1) l->media_buy_id = row.media_buy_id;
    return found < 0 ? -1 : 0;
}

static int name_creative(const struct act *act, int64_t key, struct house_line *l, struct err *e)
{
    struct str owner, tenant_id;
    int found = q_house_key_name(act->tx, act->arena, key, &owner, &l->creative_id, e);
    if (found == 1) (void)house_creative_owner_read(owner, &tenant_id, &l->principal_id); /* else it says nothing */
    return found < 0 ? -1 : 0;
}

static void name_slot(const struct slot_rows *slots, int64_t key, struct house_line *l)
{
    for (size_t i = 0; i < slots->n; i++) {
        if (slots->rows[i].slot_key == key) l->slot_id = slots->rows[i].slot_id;
    }
}

/* ---- lines ---- */

struct making {
    const struct act *act;
    const struct house_report_wish *wish;
    struct slot_rows slots;
    struct house_shares shares; /* of the span at work */
    size_t shares_taken;
    struct house_report report;
    size_t skipped;
};

bool house_report_has_requests(const struct house_report_wish *w)
{
    return !w->by_package && !w->by_creative && w->media_buy_id.n == 0;
}

static void add_row(struct house_line *l, const struct house_count_row *r)
{
    if (r->event < 0 || r->event >= EVENTS_N || r->invalid < 0 || r->invalid >= INVALIDS_N)
        return; /* a newer program's */
    if (r->invalid == VALID) {
        l->n[r->event] += r->n;
    } else {
        l->filtered[r->event] += r->n;
        if (r->event < TOKEN_EVENTS_N) l->reasons[r->invalid] += r->n;
    }
}

static int line_order(int64_t package, int64_t creative, int64_t slot, const struct house_count_row *r)
{
    if (package != r->package) return package < r->package ? -1 : 1;
    if (creative != r->creative) return creative < r->creative ? -1 : 1;
    return (slot > r->slot) - (slot < r->slot);
}

static int row_order(const void *a, const void *b)
{
    const struct house_count_row *x = a;
    return line_order(x->package, x->creative, x->slot, b);
}

/* The money of the line of that row. Shares are in the order of lines: those of lines before it are passed over. */
static void take_spends(struct making *m, const struct house_count_row *row, struct house_line *l)
{
    size_t from = m->shares_taken, to;
    while (from < m->shares.n && line_order(m->shares.list[from].package, m->shares.list[from].creative,
                                            m->shares.list[from].slot, row) < 0) {
        from++;
    }
    for (to = from; to < m->shares.n && line_order(m->shares.list[to].package, m->shares.list[to].creative,
                                                   m->shares.list[to].slot, row) == 0;) {
        to++;
    }
    m->shares_taken = to;
    struct house_spend *spends = ARENA_ARRAY(m->act->arena, struct house_spend, to - from + 1);
    for (size_t i = from; i < to; i++) spends[l->spends_n++] = m->shares.list[i].spend;
    l->spends = spends;
}

/* The rows [from, to) are one line's. */
static int add_line(struct making *m, int64_t day, const struct house_count_row *from, const struct house_count_row *to,
                    struct err *e)
{
    const struct house_report_wish *w = m->wish;
    if (m->skipped < w->skip) {
        m->skipped++;
        return 0;
    }
    m->report.more = m->report.n == w->max;
    if (m->report.more) return 0;
    struct house_line *l = &m->report.lines[m->report.n++];
    *l = (struct house_line){ .day = day };
    if (w->by_package && name_package(m->act, from->package, l, e)) return -1;
    if (w->by_creative && name_creative(m->act, from->creative, l, e)) return -1;
    if (w->by_slot) name_slot(&m->slots, from->slot, l);
    take_spends(m, from, l);
    for (; from < to; from++) add_row(l, from);
    return 0;
}

static int too_many(struct err *e)
{
    (void)err_set(e, "INVALID_REQUEST", "That are more numbers than a report may hold.");
    return err_suggest(e, "Ask for fewer days, for one media buy, or by fewer things.");
}

/* Everything there is to say of one span: what was counted of ads, what was asked for, and money of what nothing was counted
 * of; in the order of lines. */
static int gather(struct making *m, const struct house_report_ask *ask, struct house_report_rows *out, struct err *e)
{
    const struct act *act = m->act;
    struct house_report_rows ads, requests = { NULL, 0, false };
    if (q_house_report(act->tx, act->arena, ask, &ads, e)) return -1;
    if (house_report_has_requests(m->wish) && q_house_requests(act->tx, act->arena, ask, EVENT_REQUEST, &requests, e)) {
        return -1;
    }
    if (ads.more || requests.more) return too_many(e);
    struct house_report_rows all = {
        ARENA_ARRAY(act->arena, struct house_count_row, ads.n + requests.n + m->shares.n + 1), 0, false
    };
    for (size_t i = 0; i < ads.n; i++) all.rows[all.n++] = ads.rows[i];
    for (size_t i = 0; i < requests.n; i++) all.rows[all.n++] = requests.rows[i];
    for (size_t i = 0; i < m->shares.n; i++) {
        const struct house_share *x = &m->shares.list[i];
        if (x->spend.micros == 0) continue;
        all.rows[all.n++] = (struct house_count_row){
            .package = x->package, .creative = x->creative, .slot = x->slot, .event = EVENT_DECISION
        };
    }
    qsort(all.rows, all.n, sizeof(*all.rows), row_order);
    *out = all;
    return 0;
}

/* The days [from_day, to_day) as one; its lines are of the first. */
static int add_span(struct making *m, const struct tz *zone, int64_t from_day, int64_t to_day, struct err *e)
{
    const struct house_report_wish *w = m->wish;
    struct house_report_ask ask = { .tenant_id = m->act->tenant->tenant_id,
                                    .media_buy_id = w->media_buy_id,
                                    .from = tz_day_begins_at(zone, from_day),
                                    .to = tz_day_begins_at(zone, to_day),
                                    .by_package = w->by_package,
                                    .by_creative = w->by_creative,
                                    .by_slot = w->by_slot,
                                    .max = ROWS_AT_A_TIME };
    struct house_report_rows rows;
    m->shares_taken = 0;
    if (house_money(m->act, &ask, from_day, to_day, &m->shares, e) || gather(m, &ask, &rows, e)) return -1;
    for (size_t i = 0, k; i < rows.n && !m->report.more; i = k) {
        for (k = i; k < rows.n && row_order(&rows.rows[i], &rows.rows[k]) == 0; k++) continue;
        if (add_line(m, from_day, &rows.rows[i], &rows.rows[k], e)) return -1;
    }
    return 0;
}

int house_report_make(const struct act *act, const struct tz *zone, const struct house_report_wish *w,
                      struct house_report *out, struct err *e)
{
    struct making m = { .act = act, .wish = w };
    m.report.lines = ARENA_ARRAY(act->arena, struct house_line, w->max + 1);
    if (w->by_slot && q_slots_of(act->tx, act->arena, act->tenant->tenant_id, &m.slots, e)) return -1;
    if (!w->by_day && add_span(&m, zone, w->from_day, w->until_day + 1, e)) return -1;
    for (int64_t day = w->from_day; w->by_day && day <= w->until_day && !m.report.more; day++) {
        if (add_span(&m, zone, day, day + 1, e)) return -1;
    }
    *out = m.report;
    return 0;
}
