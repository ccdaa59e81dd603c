/* See q_catalog.h. Each kind has its own literals, because a statement is cached by the address of its text. */
#include "store/q/q_catalog.h"

#include <math.h>
#include <stdlib.h>

#include "base/rfc3339.h"
#include "store/q/q_tenant.h"
#include "store/stmt.h"

int q_catalog_without_ad_server(struct tx *tx, struct arena *a, struct str tenant_id, struct str *product_id,
                                struct str *ad_server, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "SELECT p.product_id, p.doc ->> '$.ext.salesagent.ad_server.name' FROM product p WHERE p.tenant_id = ?1 "
        "AND json_valid(p.doc) AND p.doc ->> '$.ext.salesagent.ad_server.name' IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "
        "ad_server s WHERE s.tenant_id = ?1 AND s.name = p.doc ->> '$.ext.salesagent.ad_server.name') LIMIT 1");
    stmt_str(s, 1, tenant_id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *product_id = col_str(s, a, 0);
    *ad_server = col_str(s, a, 1);
    return 1;
}

int q_catalog_get(struct tx *tx, struct arena *a, enum catalog_kind kind, struct str tenant_id, struct str id,
                  struct catalog_row *out, struct err *e)
{
    static const char *const sql[] = {
        [CATALOG_PRODUCT] =
            "SELECT product_id, position, name, doc FROM product WHERE tenant_id = ? AND product_id = ?",
        [CATALOG_FORMAT] = "SELECT format_id, position, '', doc FROM format WHERE tenant_id = ? AND format_id = ?",
        [CATALOG_PROPERTY] =
            "SELECT property_id, position, '', doc FROM property WHERE tenant_id = ? AND property_id = ?",
        [CATALOG_SIGNAL] = "SELECT signal_id, position, '', doc FROM signal WHERE tenant_id = ? AND signal_id = ?",
    };
    AUTO_STMT struct stmt *s = stmt_get(tx, sql[kind]);
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, id);
    int rc = stmt_step(s, e);
    if (rc != 1) return rc;
    *out = (struct catalog_row){
        .id = col_str(s, a, 0), .position = col_i64(s, 1), .name = col_str(s, a, 2), .doc = col_str(s, a, 3)
    };
    return 1;
}

/* Columns: id, position, name, doc. */
static int read_rows(struct stmt *s, struct arena *a, struct catalog_rows *out, struct err *e)
{
    size_t cap = 64, n = 0;
    struct catalog_row *rows = ARENA_ARRAY(a, struct catalog_row, cap);
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        if (n == cap) {
            struct catalog_row *more = ARENA_ARRAY(a, struct catalog_row, cap * 2);
            memcpy(more, rows, cap * sizeof(*rows));
            rows = more;
            cap *= 2;
        }
        rows[n++] = (struct catalog_row){
            .id = col_str(s, a, 0), .position = col_i64(s, 1), .name = col_str(s, a, 2), .doc = col_str(s, a, 3)
        };
    }
    if (rc < 0) return -1;
    *out = (struct catalog_rows){ rows, n };
    return 0;
}

static void bind_slice(struct stmt *s, struct str tenant_id, struct catalog_slice slice)
{
    ENSURE(slice.skip >= 0 && slice.max >= 0 && slice.max <= CATALOG_PAGE_MAX);
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, slice.max);
    stmt_i64(s, 3, slice.skip);
}

int q_catalog_list(struct tx *tx, struct arena *a, enum catalog_kind kind, struct str tenant_id,
                   struct catalog_slice slice, struct catalog_rows *out, struct err *e)
{
    static const char *const sql[] = {
        [CATALOG_PRODUCT] = "SELECT product_id, position, name, doc FROM product WHERE tenant_id = ?1"
                            " ORDER BY position, product_id LIMIT ?2 OFFSET ?3",
        [CATALOG_FORMAT] = "SELECT format_id, position, '', doc FROM format WHERE tenant_id = ?1"
                           " ORDER BY position, format_id LIMIT ?2 OFFSET ?3",
        [CATALOG_PROPERTY] = "SELECT property_id, position, '', doc FROM property WHERE tenant_id = ?1"
                             " ORDER BY position, property_id LIMIT ?2 OFFSET ?3",
        [CATALOG_SIGNAL] = "SELECT signal_id, position, '', doc FROM signal WHERE tenant_id = ?1"
                           " ORDER BY position, signal_id LIMIT ?2 OFFSET ?3",
    };
    AUTO_STMT struct stmt *s = stmt_get(tx, sql[kind]);
    bind_slice(s, tenant_id, slice);
    return read_rows(s, a, out, e);
}

int q_product_ids(struct tx *tx, struct arena *a, struct str tenant_id, struct catalog_slice slice,
                  struct catalog_rows *out, struct err *e)
{
    /* Answered from the index product_by_position alone: it ends with the primary key. */
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT product_id, position, '', '' FROM product WHERE tenant_id = ?1"
                                            " ORDER BY position, product_id LIMIT ?2 OFFSET ?3");
    bind_slice(s, tenant_id, slice);
    return read_rows(s, a, out, e);
}

int q_catalog_count(struct tx *tx, enum catalog_kind kind, struct str tenant_id, int64_t *out, struct err *e)
{
    static const char *const sql[] = {
        [CATALOG_PRODUCT] = "SELECT count(*) FROM product WHERE tenant_id = ?",
        [CATALOG_FORMAT] = "SELECT count(*) FROM format WHERE tenant_id = ?",
        [CATALOG_PROPERTY] = "SELECT count(*) FROM property WHERE tenant_id = ?",
        [CATALOG_SIGNAL] = "SELECT count(*) FROM signal WHERE tenant_id = ?",
    };
    AUTO_STMT struct stmt *s = stmt_get(tx, sql[kind]);
    stmt_str(s, 1, tenant_id);
    if (stmt_step(s, e) < 0) return -1;
    *out = col_i64(s, 0);
    return 0;
}

int q_catalog_last_position(struct tx *tx, enum catalog_kind kind, struct str tenant_id, int64_t *out, struct err *e)
{
    static const char *const sql[] = {
        [CATALOG_PRODUCT] = "SELECT coalesce(max(position) + 1, 0) FROM product WHERE tenant_id = ?",
        [CATALOG_FORMAT] = "SELECT coalesce(max(position) + 1, 0) FROM format WHERE tenant_id = ?",
        [CATALOG_PROPERTY] = "SELECT coalesce(max(position) + 1, 0) FROM property WHERE tenant_id = ?",
        [CATALOG_SIGNAL] = "SELECT coalesce(max(position) + 1, 0) FROM signal WHERE tenant_id = ?",
    };
    AUTO_STMT struct stmt *s = stmt_get(tx, sql[kind]);
    stmt_str(s, 1, tenant_id);
    if (stmt_step(s, e) < 0) return -1;
    *out = col_i64(s, 0);
    return 0;
}

int q_catalog_version(struct tx *tx, struct str tenant_id, struct catalog_version *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT version, changed_at FROM catalog_version WHERE tenant_id = ?");
    stmt_str(s, 1, tenant_id);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *out = rc == 1 ? (struct catalog_version){ col_i64(s, 0), col_i64(s, 1) } : (struct catalog_version){ 0, 0 };
    return 0;
}

static int bump_version(struct tx *tx, struct str tenant_id, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO catalog_version (tenant_id, version, changed_at) VALUES (?1, 1, ?2)"
                     " ON CONFLICT (tenant_id) DO UPDATE SET version = version + 1, changed_at = ?2");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, now);
    return stmt_run(s, e);
}

#define ZONES_MAX 16

int q_product_zones(struct tx *tx, struct arena *a, const struct product_zones_of *of, const struct str **zones,
                    size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT DISTINCT coalesce(json_extract(doc, '$.reporting_capabilities.timezone'), 'UTC') FROM product"
            " WHERE tenant_id = ?1 AND json_valid(doc)"
            " AND coalesce(json_extract(doc, '$.ext.salesagent.ad_server.name'), ?3) = ?2 ORDER BY 1 LIMIT 16");
    struct str *list = ARENA_ARRAY(a, struct str, ZONES_MAX);
    size_t found = 0;
    int rc;
    stmt_str(s, 1, of->tenant_id);
    stmt_str(s, 2, of->ad_server);
    stmt_str(s, 3, of->first);
    while ((rc = stmt_step(s, e)) == 1) list[found++] = col_str(s, a, 0);
    if (rc < 0) return -1;
    *zones = list;
    *n = found;
    return 0;
}

int q_catalog_put(struct tx *tx, enum catalog_kind kind, struct str tenant_id, const struct catalog_row *row,
                  int64_t now, struct err *e)
{
    static const char *const sql[] = {
        [CATALOG_PRODUCT] =
            "INSERT INTO product (tenant_id, product_id, position, doc, name, created_at, updated_at)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6) ON CONFLICT (tenant_id, product_id) DO UPDATE SET position = ?3,"
            " doc = ?4, name = ?5, updated_at = ?6 WHERE position <> ?3 OR doc <> ?4 OR name <> ?5",
        [CATALOG_FORMAT] = "INSERT INTO format (tenant_id, format_id, position, doc) VALUES (?1, ?2, ?3, ?4)"
                           " ON CONFLICT (tenant_id, format_id) DO UPDATE SET position = ?3, doc = ?4"
                           " WHERE position <> ?3 OR doc <> ?4",
        [CATALOG_PROPERTY] = "INSERT INTO property (tenant_id, property_id, position, doc) VALUES (?1, ?2, ?3, ?4)"
                             " ON CONFLICT (tenant_id, property_id) DO UPDATE SET position = ?3, doc = ?4"
                             " WHERE position <> ?3 OR doc <> ?4",
        [CATALOG_SIGNAL] = "INSERT INTO signal (tenant_id, signal_id, position, doc) VALUES (?1, ?2, ?3, ?4)"
                           " ON CONFLICT (tenant_id, signal_id) DO UPDATE SET position = ?3, doc = ?4"
                           " WHERE position <> ?3 OR doc <> ?4",
    };
    bool changed;
    {
        AUTO_STMT struct stmt *s = stmt_get(tx, sql[kind]);
        stmt_str(s, 1, tenant_id);
        stmt_str(s, 2, row->id);
        stmt_i64(s, 3, row->position);
        stmt_str(s, 4, row->doc);
        if (kind == CATALOG_PRODUCT) {
            stmt_str(s, 5, row->name);
            stmt_i64(s, 6, now);
        }
        if (stmt_run(s, e)) return -1;
        changed = tx_changes(tx) > 0;
    }
    if (changed && kind == CATALOG_PRODUCT && bump_version(tx, tenant_id, now, e)) return -1;
    return changed;
}

/* ---- search text ---- */

static int text_id_get(struct tx *tx, struct str tenant_id, struct str product_id, int64_t *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT text_id FROM product_text_key WHERE tenant_id = ? AND product_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, product_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = col_i64(s, 0);
    return rc;
}

static int text_key_add(struct tx *tx, struct str tenant_id, struct str product_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "INSERT INTO product_text_key (tenant_id, product_id) VALUES (?, ?)");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, product_id);
    return stmt_run(s, e);
}

static int text_delete(struct tx *tx, int64_t text_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM product_text WHERE rowid = ?");
    stmt_i64(s, 1, text_id);
    return stmt_run(s, e);
}

int q_product_text_put(struct tx *tx, struct str tenant_id, struct str product_id, const struct product_text *text,
                       struct err *e)
{
    int64_t text_id = 0;
    int rc = text_id_get(tx, tenant_id, product_id, &text_id, e);
    if (rc < 0) return -1;
    if (rc == 0) {
        if (text_key_add(tx, tenant_id, product_id, e)) return -1;
        if (text_id_get(tx, tenant_id, product_id, &text_id, e) != 1) return -1;
    } else if (text_delete(tx, text_id, e)) {
        return -1;
    }
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO product_text (rowid, tenant_id, product_id, name, description, channels, targeting,"
                     " properties) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    stmt_i64(s, 1, text_id);
    stmt_str(s, 2, tenant_id);
    stmt_str(s, 3, product_id);
    stmt_str(s, 4, text->name);
    stmt_str(s, 5, text->description);
    stmt_str(s, 6, text->channels);
    stmt_str(s, 7, text->targeting);
    stmt_str(s, 8, text->properties);
    return stmt_run(s, e);
}

int q_product_used(struct tx *tx, struct str tenant_id, struct str product_id, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT 1 FROM package p JOIN media_buy b ON b.media_buy_id = p.media_buy_id"
                     " WHERE p.product_id = ?2 AND b.tenant_id = ?1 UNION ALL"
                     " SELECT 1 FROM proposal_hold WHERE tenant_id = ?1 AND product_id = ?2 LIMIT 1");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, product_id);
    return stmt_step(s, e);
}

static int text_key_delete(struct tx *tx, int64_t text_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM product_text_key WHERE text_id = ?");
    stmt_i64(s, 1, text_id);
    return stmt_run(s, e);
}

int q_product_delete(struct tx *tx, struct str tenant_id, struct str product_id, int64_t now, struct err *e)
{
    int64_t text_id = 0;
    int rc = text_id_get(tx, tenant_id, product_id, &text_id, e);
    if (rc < 0 || (rc == 1 && (text_delete(tx, text_id, e) || text_key_delete(tx, text_id, e)))) return -1;
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM product WHERE tenant_id = ? AND product_id = ?");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, product_id);
    return stmt_run(s, e) ? -1 : bump_version(tx, tenant_id, now, e);
}

/* ---- ranking ---- */

int q_term_scope(struct tx *tx, struct str tenant_id, struct term_scope *out, struct err *e)
{
    struct term_scope scope = { .tenant_id = tenant_id };
    int publishers = q_tenant_count(tx, e);
    if (publishers < 0) return -1;
    scope.alone = publishers <= 1;
    if (!scope.alone) {
        AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT coalesce(min(text_id), 1), coalesce(max(text_id), 0)"
                                                " FROM product_text_key WHERE tenant_id = ?");
        stmt_str(s, 1, tenant_id);
        if (stmt_step(s, e) < 0) return -1;
        scope.first_id = col_i64(s, 0);
        scope.last_id = col_i64(s, 1);
    }
    *out = scope;
    return 0;
}

#define ITS_OWN                                                                                                        \
    " CROSS JOIN product_text_key k ON k.text_id = product_text.rowid WHERE product_text MATCH ?1"                     \
    " AND product_text.rowid BETWEEN ?3 AND ?4 AND k.tenant_id = ?5"

static void bind_term(struct stmt *s, const struct term_scope *scope, const struct term_ask *ask)
{
    stmt_str(s, 1, ask->term);
    stmt_i64(s, 2, ask->max);
    if (scope->alone) return;
    stmt_i64(s, 3, scope->first_id);
    stmt_i64(s, 4, scope->last_id);
    stmt_str(s, 5, scope->tenant_id);
}

int q_term_count(struct tx *tx, const struct term_scope *scope, const struct term_ask *ask, int64_t *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        scope->alone
            ? stmt_get(tx, "SELECT count(*) FROM (SELECT 1 FROM product_text WHERE product_text MATCH ?1 LIMIT ?2)")
            : stmt_get(tx, "SELECT count(*) FROM (SELECT 1 FROM product_text" ITS_OWN " LIMIT ?2)");
    bind_term(s, scope, ask);
    if (stmt_step(s, e) < 0) return -1;
    *out = col_i64(s, 0);
    return 0;
}

/* The weights say that a product's own name and what it targets count more than running text, and that where it
 * runs counts least: most products of a publisher run on the same few properties. */
#define HIT "SELECT product_text.rowid, -bm25(product_text, 0, 0, 4.0, 1.0, 3.0, 3.0, 0.2) FROM product_text"

int q_term_hits(struct tx *tx, struct arena *a, const struct term_scope *scope, const struct term_ask *ask,
                struct term_hits *out, struct err *e)
{
    AUTO_STMT struct stmt *s = scope->alone ? stmt_get(tx, HIT " WHERE product_text MATCH ?1 LIMIT ?2")
                                            : stmt_get(tx, HIT ITS_OWN " LIMIT ?2");
    bind_term(s, scope, ask);
    ENSURE(ask->max > 0 && ask->max <= CATALOG_PAGE_MAX);
    struct term_hit *hits = ARENA_ARRAY(a, struct term_hit, (size_t)ask->max);
    size_t n = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) hits[n++] = (struct term_hit){ col_i64(s, 0), col_double(s, 1) };
    if (rc < 0) return -1;
    *out = (struct term_hits){ hits, n };
    return 0;
}

int q_text_product(struct tx *tx, struct arena *a, struct str tenant_id, int64_t text_id, struct str *product_id,
                   struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT product_id FROM product_text_key WHERE text_id = ? AND tenant_id = ?");
    stmt_i64(s, 1, text_id);
    stmt_str(s, 2, tenant_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *product_id = col_str(s, a, 0);
    return rc;
}

/* ---- bookings ---- */

#define HOUR_US (INT64_C(3600) * USEC_PER_SEC)

/* A stretch of hours in which impressions are booked; less than none are taken off again. */
struct flight_hours {
    int64_t start_hour, end_hour, impressions;
};

struct flight_hours_list {
    struct flight_hours *rows;
    size_t n, cap;
};

static int add_flights(struct stmt *s, struct arena *a, struct flight_hours_list *list, int sign, struct err *e)
{
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        if (list->n == list->cap) {
            struct flight_hours *old = list->rows;
            list->cap = list->cap ? 2 * list->cap : 64;
            list->rows = ARENA_ARRAY(a, struct flight_hours, list->cap);
            if (list->n) memcpy(list->rows, old, list->n * sizeof(*old));
        }
        list->rows[list->n++] = (struct flight_hours){ col_i64(s, 0), col_i64(s, 1), sign * col_i64(s, 2) };
    }
    return rc;
}

/* The buy itself has a handful of packages; reading them is cheaper than knowing them in the sums. */
static int take_off_buy(struct tx *tx, struct arena *a, const struct product_window *w, struct flight_hours_list *list,
                        struct err *e)
{
    if (!w->except_buy.n) return 0;
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT start_hour, end_hour, impressions FROM booked_package"
                                            " WHERE media_buy_id = ?1 AND tenant_id = ?2 AND product_id = ?3");
    stmt_str(s, 1, w->except_buy);
    stmt_str(s, 2, w->tenant_id);
    stmt_str(s, 3, w->product_id);
    return add_flights(s, a, list, -1, e);
}

static int add_holds(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now,
                     struct flight_hours_list *list, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT start_at / 3600000000, max(end_at / 3600000000, start_at / 3600000000 + 1), impressions"
                     " FROM proposal_hold WHERE tenant_id = ?1 AND product_id = ?2 AND expires_at > ?3"
                     " AND NOT (principal_id = ?4 AND proposal_id = ?5)");
    stmt_str(s, 1, w->tenant_id);
    stmt_str(s, 2, w->product_id);
    stmt_i64(s, 3, now);
    stmt_str(s, 4, w->except_holder);
    stmt_str(s, 5, w->except_proposal);
    return add_flights(s, a, list, 1, e);
}

/* Everything that is booked or held of the product and ends after `from_hour`, and of holds what does not, too. In the order of
 * the table: sums and groups made of it here cost a fifth of what SQLite takes for them. */
static int read_booked(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now, int64_t from_hour,
                       struct flight_hours_list *out, struct err *e)
{
    *out = (struct flight_hours_list){ NULL, 0, 0 };
    {
        AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT start_hour, end_hour, impressions FROM product_flight"
                                                " WHERE tenant_id = ?1 AND product_id = ?2 AND end_hour > ?3");
        stmt_str(s, 1, w->tenant_id);
        stmt_str(s, 2, w->product_id);
        stmt_i64(s, 3, from_hour);
        if (add_flights(s, a, out, 1, e)) return -1;
    }
    return take_off_buy(tx, a, w, out, e) || add_holds(tx, a, w, now, out, e) ? -1 : 0;
}

int q_product_booked(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now, int64_t *impressions,
                     struct err *e)
{
    int64_t from = w->start_at / HOUR_US, to = w->end_at / HOUR_US;
    struct flight_hours_list list;
    double sum = 0; /* counts, not money, and a forecast needs no exactness: so a goal times hours cannot overflow */
    if (to <= from) to = from + 1;
    if (read_booked(tx, a, w, now, from, &list, e)) return -1;
    for (size_t i = 0; i < list.n; i++) {
        const struct flight_hours *f = &list.rows[i];
        if (f->end_hour <= from || f->start_hour >= to) continue;
        int64_t shared = (f->end_hour < to ? f->end_hour : to) - (f->start_hour > from ? f->start_hour : from);
        sum += (double)f->impressions * (double)shared / (double)(f->end_hour - f->start_hour);
    }
    *impressions = sum >= (double)INT64_MAX ? INT64_MAX : (int64_t)llround(sum);
    return 0;
}

static int by_days(const void *x, const void *y)
{
    const struct flight_days *a = x, *b = y;
    if (a->start_day != b->start_day) return a->start_day < b->start_day ? -1 : 1;
    return a->end_day < b->end_day ? -1 : a->end_day > b->end_day;
}

/* One row for each first and last day, of which something is booked. */
static void sum_days(struct flight_list *list)
{
    size_t n = 0;
    qsort(list->rows, list->n, sizeof(*list->rows), by_days);
    for (size_t i = 0; i < list->n;) {
        struct flight_days sum = list->rows[i];
        for (i++; i < list->n && by_days(&sum, &list->rows[i]) == 0; i++) {
            if (__builtin_add_overflow(sum.impressions, list->rows[i].impressions, &sum.impressions))
                sum.impressions = INT64_MAX;
        }
        if (sum.impressions > 0) list->rows[n++] = sum;
    }
    list->n = n;
}

int q_product_flights(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now,
                      struct flight_list *out, struct err *e)
{
    int64_t from = now / HOUR_US;
    struct flight_hours_list hours;
    if (read_booked(tx, a, w, now, from, &hours, e)) return -1;
    struct flight_list list = { ARENA_ARRAY(a, struct flight_days, hours.n + 1), 0 };
    for (size_t i = 0; i < hours.n; i++) {
        const struct flight_hours *f = &hours.rows[i];
        if (f->end_hour <= from) continue;
        list.rows[list.n++] = (struct flight_days){ f->start_hour / 24, (f->end_hour + 23) / 24, f->impressions };
    }
    sum_days(&list);
    *out = list;
    return 0;
}

int q_product_holds_next(struct tx *tx, struct str tenant_id, int64_t now, int64_t *at, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT min(expires_at) FROM proposal_hold WHERE tenant_id = ? AND expires_at > ?");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, now);
    if (stmt_step(s, e) < 0) return -1;
    *at = col_time(s, 0);
    return 0;
}

int q_product_holds(struct tx *tx, struct arena *a, const struct product_window *w, int64_t now,
                    struct flight_list *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT start_at / 86400000000, (max(end_at, start_at + 1) + 86399999999) / 86400000000, impressions"
            " FROM proposal_hold WHERE tenant_id = ?1 AND product_id = ?2 AND expires_at > ?3");
    stmt_str(s, 1, w->tenant_id);
    stmt_str(s, 2, w->product_id);
    stmt_i64(s, 3, now);
    struct flight_hours_list days = { NULL, 0, 0 }; /* of days, here */
    if (add_flights(s, a, &days, 1, e)) return -1;
    struct flight_list list = { ARENA_ARRAY(a, struct flight_days, days.n + 1), days.n };
    for (size_t i = 0; i < days.n; i++) {
        const struct flight_hours *f = &days.rows[i];
        list.rows[i] = (struct flight_days){ f->start_hour, f->end_hour, f->impressions };
    }
    *out = list;
    return 0;
}
