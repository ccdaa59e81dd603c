#include "store/q/q_booking.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

#define COLUMNS                                                                                                        \
    "media_buy_id, ad_server, tenant_id, state, remote_id, reason, wait_until, changed_at, booked_at,"                 \
    " creatives_asked, read_at, as_of, read_due_at, looked_at, looked"

static const char *const names[] = {
    [BOOKING_ASKED] = "asked",     [BOOKING_WAITING] = "waiting", [BOOKING_BOOKED] = "booked",
    [BOOKING_REFUSED] = "refused", [BOOKING_DROPPED] = "dropped", [BOOKING_CANCELED] = "canceled",
};

const char *booking_state_name(enum booking_state s)
{
    ENSURE((size_t)s < ARRAY_LEN(names));
    return names[s];
}

static enum booking_state state_of(struct str name)
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (str_is(name, names[i])) return (enum booking_state)i;
    }
    return BOOKING_REFUSED; /* the table's CHECK lets nothing else in */
}

struct booking_row q_booking_new(struct str tenant_id, struct str media_buy_id, struct str ad_server, int64_t now)
{
    return (struct booking_row){ .media_buy_id = media_buy_id,
                                 .ad_server = ad_server,
                                 .tenant_id = tenant_id,
                                 .state = BOOKING_ASKED,
                                 .wait_until = TIME_NONE,
                                 .changed_at = now,
                                 .booked_at = TIME_NONE,
                                 .read_at = TIME_NONE,
                                 .as_of = TIME_NONE,
                                 .read_due_at = TIME_NONE,
                                 .looked_at = TIME_NONE };
}

static void read_row(struct stmt *s, struct arena *a, struct booking_row *out)
{
    *out = (struct booking_row){ .media_buy_id = col_str(s, a, 0),
                                 .ad_server = col_str(s, a, 1),
                                 .tenant_id = col_str(s, a, 2),
                                 .state = state_of(col_str(s, a, 3)),
                                 .remote_id = col_str(s, a, 4),
                                 .reason = col_str(s, a, 5),
                                 .wait_until = col_time(s, 6),
                                 .changed_at = col_i64(s, 7),
                                 .booked_at = col_time(s, 8),
                                 .creatives_asked = col_str(s, a, 9),
                                 .read_at = col_time(s, 10),
                                 .as_of = col_time(s, 11),
                                 .read_due_at = col_time(s, 12),
                                 .looked_at = col_time(s, 13),
                                 .looked = col_str(s, a, 14) };
}

static int read_rows(struct stmt *s, struct arena *a, struct booking_rows *out, struct err *e)
{
    size_t n = 0, cap = 0;
    struct booking_row *rows = NULL;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        if (n == cap) {
            size_t grown = cap ? 2 * cap : 4;
            struct booking_row *more = ARENA_ARRAY(a, struct booking_row, grown);
            if (n) memcpy(more, rows, n * sizeof(*rows));
            rows = more;
            cap = grown;
        }
        read_row(s, a, &rows[n++]);
    }
    if (rc < 0) return -1;
    *out = (struct booking_rows){ rows, n };
    return 0;
}

int q_bookings_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id, struct booking_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " COLUMNS " FROM booking WHERE media_buy_id = ? ORDER BY ad_server");
    stmt_str(s, 1, media_buy_id);
    return read_rows(s, a, out, e);
}

int q_booking_get(struct tx *tx, struct arena *a, struct str media_buy_id, struct str ad_server,
                  struct booking_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM booking WHERE media_buy_id = ? AND ad_server = ?");
    stmt_str(s, 1, media_buy_id);
    stmt_str(s, 2, ad_server);
    int rc = stmt_step(s, e);
    if (rc == 1) read_row(s, a, out);
    return rc;
}

int q_booking_put(struct tx *tx, const struct booking_row *r, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT OR REPLACE INTO booking (" COLUMNS
                                            ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    int i = 1;
    stmt_str(s, i++, r->media_buy_id);
    stmt_str(s, i++, r->ad_server);
    stmt_str(s, i++, r->tenant_id);
    stmt_str(s, i++, str_from(booking_state_name(r->state)));
    stmt_str(s, i++, r->remote_id);
    stmt_str(s, i++, r->reason);
    stmt_time(s, i++, r->wait_until);
    stmt_i64(s, i++, r->changed_at);
    stmt_time(s, i++, r->booked_at);
    stmt_str(s, i++, r->creatives_asked);
    stmt_time(s, i++, r->read_at);
    stmt_time(s, i++, r->as_of);
    stmt_time(s, i++, r->read_due_at);
    stmt_time(s, i++, r->looked_at);
    stmt_str(s, i++, r->looked);
    return stmt_run(s, e);
}

int q_bookings_due(struct tx *tx, struct arena *a, const struct booking_due *due, struct booking_rows *out,
                   struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " COLUMNS " FROM booking WHERE tenant_id = ? AND ad_server = ?"
                                            " AND read_due_at <= ? ORDER BY read_due_at, media_buy_id LIMIT ?");
    stmt_str(s, 1, due->tenant_id);
    stmt_str(s, 2, due->ad_server);
    stmt_i64(s, 3, due->until);
    stmt_i64(s, 4, due->limit);
    return read_rows(s, a, out, e);
}

int q_booking_next_due(struct tx *tx, struct str tenant_id, struct str ad_server, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT min(read_due_at) FROM booking WHERE tenant_id = ? AND ad_server = ?"
                                            " AND read_due_at IS NOT NULL");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, ad_server);
    if (stmt_step(s, e) < 0) return -1;
    *at = col_time(s, 0);
    return 0;
}

int q_bookings_to_look(struct tx *tx, struct arena *a, const struct booking_due *due, struct booking_rows *out,
                       struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " COLUMNS " FROM booking WHERE tenant_id = ? AND ad_server = ? AND read_due_at IS NOT NULL"
                     " AND state = 'booked' AND coalesce(looked_at, 0) <= ? ORDER BY looked_at, media_buy_id LIMIT ?");
    stmt_str(s, 1, due->tenant_id);
    stmt_str(s, 2, due->ad_server);
    stmt_i64(s, 3, due->until);
    stmt_i64(s, 4, due->limit);
    return read_rows(s, a, out, e);
}

int q_booked_package(struct tx *tx, struct arena *a, struct booked_package *p, struct err *e)
{
    /* Ours before theirs. */
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT p.media_buy_id, p.package_id FROM package p JOIN media_buy b USING (media_buy_id)"
                     " WHERE b.tenant_id = ?1 AND p.ad_server = ?2 AND (p.package_id = ?3 OR p.remote_id = ?3)"
                     " ORDER BY p.package_id <> ?3, p.package_id LIMIT 1");
    stmt_str(s, 1, p->tenant_id);
    stmt_str(s, 2, p->ad_server);
    stmt_str(s, 3, p->id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    p->media_buy_id = col_str(s, a, 0);
    p->package_id = col_str(s, a, 1);
    return 1;
}

int q_bookings_open(struct tx *tx, struct arena *a, struct str tenant_id, int limit, struct booking_rows *out,
                    struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " COLUMNS " FROM booking WHERE tenant_id = ? AND state IN ('asked', 'waiting', 'refused')"
                     " ORDER BY changed_at, media_buy_id LIMIT ?");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, limit);
    return read_rows(s, a, out, e);
}
