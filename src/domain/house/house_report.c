#include "domain/house/house_report.h"

#include "base/tz.h"
#include "domain/core/ad_server.h"
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
    struct house_report report;
    size_t skipped;
};

static bool same_line(const struct house_count_row *a, const struct house_count_row *b)
{
    return a->package == b->package && a->creative == b->creative && a->slot == b->slot;
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
    for (; from < to; from++) add_row(l, from);
    return 0;
}

/* All counts of [from, to), which is a day when lines are by day. */
static int add_span(struct making *m, int64_t day, int64_t from, int64_t to, struct err *e)
{
    const struct house_report_wish *w = m->wish;
    struct house_report_ask ask = { .tenant_id = m->act->tenant->tenant_id,
                                    .media_buy_id = w->media_buy_id,
                                    .from = from,
                                    .to = to,
                                    .by_package = w->by_package,
                                    .by_creative = w->by_creative,
                                    .by_slot = w->by_slot,
                                    .max = ROWS_AT_A_TIME };
    struct house_report_rows rows;
    if (q_house_report(m->act->tx, m->act->arena, &ask, &rows, e)) return -1;
    if (rows.more) {
        (void)err_set(e, "INVALID_REQUEST", "That are more numbers than a report may hold.");
        return err_suggest(e, "Ask for fewer days, for one media buy, or by fewer things.");
    }
    for (size_t i = 0, k; i < rows.n && !m->report.more; i = k) {
        for (k = i; k < rows.n && same_line(&rows.rows[i], &rows.rows[k]); k++) continue;
        if (add_line(m, day, &rows.rows[i], &rows.rows[k], e)) return -1;
    }
    return 0;
}

int house_report_make(const struct act *act, const struct tz *zone, const struct house_report_wish *w,
                      struct house_report *out, struct err *e)
{
    struct making m = { .act = act, .wish = w };
    m.report.lines = ARENA_ARRAY(act->arena, struct house_line, w->max + 1);
    if (w->by_slot && q_slots_of(act->tx, act->arena, act->tenant->tenant_id, &m.slots, e)) return -1;
    if (!w->by_day) {
        int64_t from = tz_day_begins_at(zone, w->from_day), to = tz_day_begins_at(zone, w->until_day + 1);
        if (add_span(&m, 0, from, to, e)) return -1;
    }
    for (int64_t day = w->from_day; w->by_day && day <= w->until_day && !m.report.more; day++) {
        if (add_span(&m, day, tz_day_begins_at(zone, day), tz_day_begins_at(zone, day + 1), e)) return -1;
    }
    *out = m.report;
    return 0;
}
