#include "store/q/q_creative.h"

#include "store/changes.h"
#include "store/stmt.h"

#define ROWS_FIRST 16 /* arrays start at this size and double */

#define CREATIVE_COLUMNS                                                                                               \
    "c.tenant_id, c.principal_id, c.creative_id, c.account_id, c.name, c.format_id, c.status, c.doc,"                  \
    " c.created_at, c.updated_at"
#define CREATIVE_COLUMNS_N 10

static struct creative_row read_creative(struct stmt *s, struct arena *a, int first)
{
    return (struct creative_row){ .key = { .tenant_id = col_str(s, a, first),
                                           .principal_id = col_str(s, a, first + 1),
                                           .creative_id = col_str(s, a, first + 2) },
                                  .account_id = col_str(s, a, first + 3),
                                  .name = col_str(s, a, first + 4),
                                  .format_id = col_str(s, a, first + 5),
                                  .status = col_str(s, a, first + 6),
                                  .doc = col_str(s, a, first + 7),
                                  .created_at = col_i64(s, first + 8),
                                  .updated_at = col_i64(s, first + 9) };
}

static void bind_key(struct stmt *s, const struct creative_key *key)
{
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->principal_id);
    stmt_str(s, 3, key->creative_id);
}

/* Room for one more item at the end of an array in the arena. */
static void *grow(struct arena *a, void *items, size_t n, size_t item_bytes)
{
    bool full = n == 0 || (n >= ROWS_FIRST && (n & (n - 1)) == 0);
    if (!full) return items;
    void *bigger = arena_array(a, item_bytes, n ? n * 2 : ROWS_FIRST);
    if (n) memcpy(bigger, items, n * item_bytes);
    return bigger;
}

int q_creative_get(struct tx *tx, struct arena *a, const struct creative_key *key, struct creative_row *out,
                   struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " CREATIVE_COLUMNS " FROM creative c"
                                            " WHERE tenant_id = ? AND principal_id = ? AND creative_id = ?");
    bind_key(s, key);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = read_creative(s, a, 0);
    return rc;
}

#define KEEP_REMOVALS                                                                                                  \
    "INSERT INTO creative_removal (package_id, creative_id, tenant_id, principal_id, media_buy_id, at)"                \
    " SELECT package_id, creative_id, tenant_id, principal_id, media_buy_id, ?4 FROM creative_assignment WHERE "
#define REMOVED_AGAIN " ON CONFLICT (package_id, creative_id) DO UPDATE SET at = excluded.at"

int q_creative_delete(struct tx *tx, const struct creative_key *key, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *keep =
        stmt_get(tx, KEEP_REMOVALS "tenant_id = ?1 AND principal_id = ?2 AND creative_id = ?3" REMOVED_AGAIN);
    bind_key(keep, key);
    stmt_i64(keep, 4, now);
    if (stmt_run(keep, e)) return -1;
    AUTO_STMT struct stmt *uses = stmt_get(tx, "DELETE FROM creative_assignment"
                                               " WHERE tenant_id = ? AND principal_id = ? AND creative_id = ?");
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM creative WHERE tenant_id = ? AND principal_id = ? AND creative_id = ?");
    bind_key(uses, key);
    bind_key(s, key);
    return stmt_run(uses, e) || stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_creative_put(struct tx *tx, const struct creative_row *row, struct err *e)
{
    AUTO_STMT struct stmt *update =
        stmt_get(tx, "UPDATE creative SET account_id = ?4, name = ?5, format_id = ?6, status = ?7, doc = ?8,"
                     " updated_at = ?9 WHERE tenant_id = ?1 AND principal_id = ?2 AND creative_id = ?3");
    AUTO_STMT struct stmt *insert =
        stmt_get(tx, "INSERT INTO creative (tenant_id, principal_id, creative_id, account_id, name, format_id, status,"
                     " doc, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?10, ?9)");
    struct stmt *both[] = { update, insert };
    for (size_t i = 0; i < ARRAY_LEN(both); i++) {
        struct stmt *s = both[i];
        bind_key(s, &row->key);
        stmt_str(s, 4, row->account_id);
        stmt_str(s, 5, row->name);
        stmt_str(s, 6, row->format_id);
        stmt_str(s, 7, row->status);
        stmt_str(s, 8, row->doc);
        stmt_i64(s, 9, row->updated_at);
    }
    stmt_i64(insert, 10, row->created_at);
    if (stmt_run(update, e)) return -1;
    if (tx_changes(tx) > 0) return 0;
    return stmt_run(insert, e) ? -1 : 1;
}

int q_creatives_of_account(struct tx *tx, struct arena *a, const struct creative_key *owner, struct str account_id,
                           int limit, struct creative_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " CREATIVE_COLUMNS " FROM creative c WHERE tenant_id = ?1"
                                            " AND principal_id = ?2 AND account_id = ?3 AND status <> 'archived'"
                                            " ORDER BY creative_id LIMIT ?4");
    stmt_str(s, 1, owner->tenant_id);
    stmt_str(s, 2, owner->principal_id);
    stmt_str(s, 3, account_id);
    stmt_i64(s, 4, limit);
    struct creative_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] = read_creative(s, a, 0);
    }
    if (rc == 0) *out = r;
    return rc;
}

/* ---- lists ---- */

#define ASSIGNMENT_COUNT                                                                                               \
    "(SELECT count(*) FROM creative_assignment x WHERE x.tenant_id = c.tenant_id"                                      \
    " AND x.principal_id = c.principal_id AND x.creative_id = c.creative_id)"

/* A package that delivered since the creative was assigned to it: the finest thing known from package facts. */
#define SERVED                                                                                                         \
    "EXISTS (SELECT 1 FROM creative_assignment x JOIN delivery_fact f ON f.media_buy_id = x.media_buy_id"              \
    " AND f.package_id = x.package_id WHERE x.tenant_id = c.tenant_id AND x.principal_id = c.principal_id"             \
    " AND x.creative_id = c.creative_id AND f.impressions > 0 AND f.day_at + 86400000000 > x.created_at)"

#define HAS_VARIABLES "coalesce(json_array_length(c.doc, '$.variables'), 0) > 0"

/* Parameters 1..19 and 24..26 are bound by bind_filter; '[]' and NULL do not filter. */
#define WHERE_FILTER                                                                                                   \
    " WHERE c.tenant_id = ?1 AND c.principal_id = ?2"                                                                  \
    " AND (?3 = '[]' OR c.account_id IN (SELECT value FROM json_each(?3)))"                                            \
    " AND CASE WHEN ?4 = '[]' THEN c.status <> 'archived'"                                                             \
    "          ELSE c.status IN (SELECT value FROM json_each(?4)) END"                                                 \
    " AND (?5 = '[]' OR c.creative_id IN (SELECT value FROM json_each(?5)))"                                           \
    " AND (?6 = '[]' OR EXISTS (SELECT 1 FROM json_each(?6) f WHERE json_extract(f.value, '$.id') = c.format_id"       \
    "   AND (json_extract(f.value, '$.width') IS NULL"                                                                 \
    "        OR json_extract(f.value, '$.width') = json_extract(c.doc, '$.format_id.width'))"                          \
    "   AND (json_extract(f.value, '$.height') IS NULL"                                                                \
    "        OR json_extract(f.value, '$.height') = json_extract(c.doc, '$.format_id.height'))))"                      \
    " AND (?7 = '[]' OR json_extract(c.doc, '$.concept_id') IN (SELECT value FROM json_each(?7)))"                     \
    " AND (?8 = '[]' OR NOT EXISTS (SELECT 1 FROM json_each(?8) t WHERE t.value NOT IN"                                \
    "   (SELECT value FROM json_each(c.doc, '$.tags'))))"                                                              \
    " AND (?9 = '[]' OR EXISTS (SELECT 1 FROM json_each(?9) t WHERE t.value IN"                                        \
    "   (SELECT value FROM json_each(c.doc, '$.tags'))))"                                                              \
    " AND (?10 = '[]' OR EXISTS (SELECT 1 FROM creative_assignment x WHERE x.tenant_id = c.tenant_id"                  \
    "   AND x.principal_id = c.principal_id AND x.creative_id = c.creative_id"                                         \
    "   AND x.package_id IN (SELECT value FROM json_each(?10))))"                                                      \
    " AND (?11 = '[]' OR EXISTS (SELECT 1 FROM creative_assignment x WHERE x.tenant_id = c.tenant_id"                  \
    "   AND x.principal_id = c.principal_id AND x.creative_id = c.creative_id"                                         \
    "   AND x.media_buy_id IN (SELECT value FROM json_each(?11))))"                                                    \
    " AND (?12 = '' OR instr(lower(c.name), lower(?12)) > 0)"                                                          \
    " AND (?13 IS NULL OR c.created_at > ?13) AND (?14 IS NULL OR c.created_at < ?14)"                                 \
    " AND (?15 IS NULL OR c.updated_at > ?15) AND (?16 IS NULL OR c.updated_at < ?16)"                                 \
    " AND CASE ?17 WHEN 1 THEN " ASSIGNMENT_COUNT " = 0 WHEN 2 THEN " ASSIGNMENT_COUNT " > 0 ELSE 1 END"               \
    " AND CASE ?18 WHEN 1 THEN " SERVED " WHEN 2 THEN NOT " SERVED " ELSE 1 END"                                       \
    " AND CASE ?19 WHEN 1 THEN " HAS_VARIABLES " WHEN 2 THEN NOT (" HAS_VARIABLES ") ELSE 1 END"                       \
    " AND (?24 = '[]' OR EXISTS (SELECT 1 FROM json_each(c.doc, '$.assets') a WHERE a.type = 'object'"                 \
    "   AND json_extract(a.value, '$.asset_type') IN (SELECT value FROM json_each(?24))))"                             \
    " AND (?25 = '[]' OR CASE WHEN json_extract(c.doc, '$.format_kind') IS NULL"                                       \
    "   THEN c.format_id IN (SELECT value FROM json_each(?26))"                                                        \
    "   ELSE json_extract(c.doc, '$.format_kind') IN (SELECT value FROM json_each(?25)) END)"

/* 20: whether there is a cursor; 21: its key; 22: its id; 23: how many. */
#define LIST_SQL(key, order, op)                                                                                       \
    "SELECT " CREATIVE_COLUMNS ", " ASSIGNMENT_COUNT " FROM creative c" WHERE_FILTER " AND (?20 = 0 OR " key " " op    \
    " ?21 OR (" key " = ?21 AND c.creative_id " op " ?22))"                                                            \
    " ORDER BY " key " " order ", c.creative_id " order " LIMIT ?23"
#define LIST_SQL_BOTH(key) { LIST_SQL(key, "ASC", ">"), LIST_SQL(key, "DESC", "<") }

static const char *const list_sql[][2] = {
    [CREATIVE_SORT_CREATED] = LIST_SQL_BOTH("c.created_at"),
    [CREATIVE_SORT_UPDATED] = LIST_SQL_BOTH("c.updated_at"),
    [CREATIVE_SORT_NAME] = LIST_SQL_BOTH("c.name"),
    [CREATIVE_SORT_STATUS] = LIST_SQL_BOTH("c.status"),
    [CREATIVE_SORT_ASSIGNMENTS] = LIST_SQL_BOTH(ASSIGNMENT_COUNT),
};

static void bind_filter(struct stmt *s, const struct creative_filter *f)
{
    const struct str lists[] = { f->account_ids_json, f->statuses_json,    f->creative_ids_json,
                                 f->formats_json,     f->concept_ids_json, f->tags_all_json,
                                 f->tags_any_json,    f->package_ids_json, f->media_buy_ids_json };
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->principal_id);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) stmt_str(s, 3 + (int)i, lists[i].n ? lists[i] : STR("[]"));
    stmt_str(s, 12, f->name_contains);
    stmt_time(s, 13, f->created_after);
    stmt_time(s, 14, f->created_before);
    stmt_time(s, 15, f->updated_after);
    stmt_time(s, 16, f->updated_before);
    stmt_i64(s, 17, f->unassigned);
    stmt_i64(s, 18, f->has_served);
    stmt_i64(s, 19, f->has_variables);
    const struct str kinds[] = { f->asset_types_json, f->format_kinds_json, f->kind_formats_json };
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) stmt_str(s, 24 + (int)i, kinds[i].n ? kinds[i] : STR("[]"));
}

int q_creative_list(struct tx *tx, struct arena *a, const struct creative_filter *f, const struct creative_page *page,
                    struct creative_list *out, struct err *e)
{
    ENSURE(page->limit > 0 && page->limit <= 1000);
    AUTO_STMT struct stmt *s = stmt_get(tx, list_sql[page->sort][page->descending]);
    bind_filter(s, f);
    stmt_i64(s, 20, page->after.present);
    if (page->sort == CREATIVE_SORT_NAME || page->sort == CREATIVE_SORT_STATUS) stmt_str(s, 21, page->after.text);
    else stmt_i64(s, 21, page->after.number);
    stmt_str(s, 22, page->after.creative_id);
    stmt_i64(s, 23, page->limit + 1);
    struct creative_list r = { .items = ARENA_ARRAY(a, struct creative_listed, (size_t)page->limit + 1) };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.items[r.n++] = (struct creative_listed){ .row = read_creative(s, a, 0),
                                                   .assignment_count = col_i64(s, CREATIVE_COLUMNS_N) };
    }
    if (rc == 0) *out = r;
    return rc;
}

int q_creative_count(struct tx *tx, struct arena *a, const struct creative_filter *f, struct creative_counts *out,
                     struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT c.status, c.format_id, count(*) FROM creative c" WHERE_FILTER
                                            " GROUP BY c.status, c.format_id ORDER BY c.status, c.format_id");
    bind_filter(s, f);
    struct creative_counts r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.counts = grow(a, r.counts, r.n, sizeof(*r.counts));
        r.counts[r.n++] =
            (struct creative_count){ .status = col_str(s, a, 0), .format_id = col_str(s, a, 1), .n = col_i64(s, 2) };
    }
    if (rc == 0) *out = r;
    return rc;
}

/* ---- assignments ---- */

int q_creative_assign(struct tx *tx, const struct creative_assignment_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO creative_assignment (tenant_id, principal_id, creative_id, package_id, media_buy_id, doc,"
            " created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (package_id, creative_id)"
            " DO UPDATE SET doc = ?6 WHERE doc <> ?6");
    bind_key(s, &row->key);
    stmt_str(s, 4, row->package_id);
    stmt_str(s, 5, row->media_buy_id);
    stmt_str(s, 6, row->doc.n ? row->doc : STR("{}"));
    stmt_i64(s, 7, row->created_at);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_creative_unassign(struct tx *tx, struct str package_id, struct str creative_id, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *keep = stmt_get(tx, KEEP_REMOVALS "package_id = ?1 AND creative_id = ?2" REMOVED_AGAIN);
    stmt_str(keep, 1, package_id);
    stmt_str(keep, 2, creative_id);
    stmt_i64(keep, 4, now);
    if (stmt_run(keep, e)) return -1;
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM creative_assignment WHERE package_id = ? AND creative_id = ?");
    stmt_str(s, 1, package_id);
    stmt_str(s, 2, creative_id);
    return stmt_run(s, e) ? -1 : tx_changes(tx) > 0;
}

int q_creative_removals_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                               struct creative_removal_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT package_id, creative_id, at FROM creative_removal WHERE media_buy_id = ?");
    stmt_str(s, 1, media_buy_id);
    struct creative_removal_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] = (struct creative_removal_row){ col_str(s, a, 0), col_str(s, a, 1), col_i64(s, 2) };
    }
    if (rc == 0) *out = r;
    return rc;
}

int q_creative_was_removed(struct tx *tx, const struct creative_key *key, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT 1 FROM creative_removal WHERE tenant_id = ? AND principal_id = ?"
                                            " AND creative_id = ? LIMIT 1");
    bind_key(s, key);
    return stmt_step(s, e);
}

#define ASSIGNMENT_COLUMNS " x.package_id, x.media_buy_id, x.doc, x.created_at, x.remote_id, x.sent_at"
#define SELECT_ASSIGNMENTS                                                                                             \
    "SELECT " OWN CREATIVE_COLUMNS "," ASSIGNMENT_COLUMNS " FROM creative_assignment x JOIN creative c"                \
    " ON c.tenant_id = x.tenant_id AND c.principal_id = x.principal_id AND c.creative_id = x.creative_id"

static int read_assignments(struct stmt *s, struct arena *a, struct creative_assignment_rows *out, struct err *e)
{
    struct creative_assignment_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        struct creative_row creative = read_creative(s, a, 0);
        r.rows[r.n++] = (struct creative_assignment_row){ .key = creative.key,
                                                          .package_id = col_str(s, a, CREATIVE_COLUMNS_N),
                                                          .media_buy_id = col_str(s, a, CREATIVE_COLUMNS_N + 1),
                                                          .doc = col_str(s, a, CREATIVE_COLUMNS_N + 2),
                                                          .created_at = col_i64(s, CREATIVE_COLUMNS_N + 3),
                                                          .creative = creative,
                                                          .remote_id = col_str(s, a, CREATIVE_COLUMNS_N + 4),
                                                          .sent_at = col_time(s, CREATIVE_COLUMNS_N + 5) };
    }
    if (rc == 0) *out = r;
    return rc;
}

int q_creative_assignments_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                                  struct creative_assignment_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, SELECT_ASSIGNMENTS " WHERE x.media_buy_id = ?"
                                                               " ORDER BY x.package_id, x.created_at, x.creative_id");
    stmt_str(s, 1, media_buy_id);
    return read_assignments(s, a, out, e);
}

int q_creative_assignments_of_package(struct tx *tx, struct arena *a, struct str package_id,
                                      struct creative_assignment_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, SELECT_ASSIGNMENTS " WHERE x.package_id = ? ORDER BY x.created_at, x.creative_id");
    stmt_str(s, 1, package_id);
    return read_assignments(s, a, out, e);
}

int q_creative_assignments_of_creative(struct tx *tx, struct arena *a, const struct creative_key *key,
                                       struct creative_assignment_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT" ASSIGNMENT_COLUMNS " FROM creative_assignment x WHERE tenant_id = ?"
                     " AND principal_id = ? AND creative_id = ? ORDER BY created_at, package_id");
    bind_key(s, key);
    struct creative_assignment_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] = (struct creative_assignment_row){ .key = *key,
                                                          .package_id = col_str(s, a, 0),
                                                          .media_buy_id = col_str(s, a, 1),
                                                          .doc = col_str(s, a, 2),
                                                          .created_at = col_i64(s, 3),
                                                          .remote_id = col_str(s, a, 4),
                                                          .sent_at = col_time(s, 5) };
    }
    if (rc == 0) *out = r;
    return rc;
}

#define SELECT_PACKAGES                                                                                                \
    "SELECT p.package_id, p.media_buy_id, p.product_id, b.account_id, b.status, p.end_at, p.canceled_at, p.doc"        \
    " FROM package p JOIN media_buy b ON b.media_buy_id = p.media_buy_id"

static struct creative_package_row read_package(struct stmt *s, struct arena *a)
{
    return (struct creative_package_row){ .package_id = col_str(s, a, 0),
                                          .media_buy_id = col_str(s, a, 1),
                                          .product_id = col_str(s, a, 2),
                                          .account_id = col_str(s, a, 3),
                                          .media_buy_status = col_str(s, a, 4),
                                          .end_at = col_i64(s, 5),
                                          .canceled = !col_is_null(s, 6),
                                          .doc = col_str(s, a, 7) };
}

int q_creative_package_get(struct tx *tx, struct arena *a, const struct creative_key *owner, struct str package_id,
                           struct creative_package_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, SELECT_PACKAGES " WHERE p.package_id = ?3 AND b.tenant_id = ?1 AND b.principal_id = ?2");
    stmt_str(s, 1, owner->tenant_id);
    stmt_str(s, 2, owner->principal_id);
    stmt_str(s, 3, package_id);
    int rc = stmt_step(s, e);
    if (rc == 1) *out = read_package(s, a);
    return rc;
}

int q_creative_packages_of_buy(struct tx *tx, struct arena *a, struct str media_buy_id,
                               struct creative_package_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, SELECT_PACKAGES " WHERE p.media_buy_id = ? ORDER BY p.ordinal");
    stmt_str(s, 1, media_buy_id);
    struct creative_package_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] = read_package(s, a);
    }
    if (rc == 0) *out = r;
    return rc;
}

int q_creative_policies(struct tx *tx, struct arena *a, struct str tenant_id, int limit,
                        struct creative_policy_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT product_id, doc FROM product WHERE tenant_id = ?1 AND json_valid(doc)"
                     " AND json_type(doc, '$.creative_policy') = 'object' ORDER BY position, product_id LIMIT ?2");
    stmt_str(s, 1, tenant_id);
    stmt_i64(s, 2, limit);
    struct creative_policy_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] = (struct creative_policy_row){ .product_id = col_str(s, a, 0), .doc = col_str(s, a, 1) };
    }
    if (rc == 0) *out = r;
    return rc;
}

int q_creative_awaited(struct tx *tx, struct arena *a, const struct creative_awaited_query *q,
                       struct creative_awaited_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT p.package_id, json_extract(w.value, '$.creative_id') FROM media_buy b"
                     " JOIN package p ON p.media_buy_id = b.media_buy_id,"
                     " json_each(p.doc, '$.ext.salesagent.awaited_creatives') w"
                     " WHERE b.tenant_id = ?1 AND b.principal_id = ?2 AND b.end_at > ?3 AND p.canceled_at IS NULL"
                     " AND instr(p.doc, '\"awaited_creatives\"') > 0"
                     " AND typeof(json_extract(w.value, '$.creative_id')) = 'text' LIMIT ?4");
    stmt_str(s, 1, q->owner.tenant_id);
    stmt_str(s, 2, q->owner.principal_id);
    stmt_i64(s, 3, q->now);
    stmt_i64(s, 4, q->limit);
    struct creative_awaited_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] =
            (struct creative_awaited_row){ .package_id = col_str(s, a, 0), .creative_id = col_str(s, a, 1) };
    }
    if (rc == 0) *out = r;
    return rc;
}

int q_creatives_of_id(struct tx *tx, struct arena *a, const struct creative_key *key, int limit,
                      struct creative_rows *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " CREATIVE_COLUMNS " FROM creative c INDEXED BY creative_by_id WHERE tenant_id = ?1"
                     " AND creative_id = ?2 AND (?3 = '' OR principal_id = ?3) ORDER BY principal_id LIMIT ?4");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, key->creative_id);
    stmt_str(s, 3, key->principal_id);
    stmt_i64(s, 4, limit);
    struct creative_rows r = { 0 };
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        r.rows = grow(a, r.rows, r.n, sizeof(*r.rows));
        r.rows[r.n++] = read_creative(s, a, 0);
    }
    if (rc == 0) *out = r;
    return rc;
}

/* --- for people: of all buyers, the latest change first --------------------------------------------------------- */

#define FOUND_COLUMNS                                                                                                  \
    "SELECT c.principal_id, c.creative_id, c.account_id, c.name, c.format_id, c.status, c.created_at, c.updated_at,"   \
    " ifnull(p.name, c.principal_id), ifnull(a.brand_domain, ''), (?6 = '' OR c.principal_id = ?6) AND (?7 = ''"       \
    " OR instr(lower(c.name), ?7) OR instr(lower(c.creative_id), ?7) OR instr(lower(ifnull(p.name, '')), ?7)"          \
    " OR instr(lower(c.principal_id), ?7) OR instr(lower(ifnull(a.brand_domain, '')), ?7) OR instr(c.format_id, ?7))"  \
    " FROM creative c INDEXED BY "
#define FOUND_JOINED                                                                                                   \
    " LEFT JOIN principal p ON p.tenant_id = c.tenant_id AND p.principal_id = c.principal_id"                          \
    " LEFT JOIN account a ON a.tenant_id = c.tenant_id AND a.account_id = c.account_id WHERE c.tenant_id = ?1"
#define FOUND_BEFORE                                                                                                   \
    " AND (c.updated_at, c.principal_id, c.creative_id) < (?3, ?4, ?5)"                                                \
    " ORDER BY c.updated_at DESC, c.principal_id DESC, c.creative_id DESC LIMIT ?8"

static const char of_any[] = FOUND_COLUMNS "creative_by_change" FOUND_JOINED " AND ?2 = ''" FOUND_BEFORE;
static const char of_status[] = FOUND_COLUMNS "creative_by_status" FOUND_JOINED " AND c.status = ?2" FOUND_BEFORE;

static void bind_search(struct stmt *s, const struct creative_search *f)
{
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->status);
    stmt_i64(s, 3, f->after.present ? f->after.updated_at : INT64_MAX);
    stmt_str(s, 4, f->after.present ? f->after.principal_id : STR_NONE);
    stmt_str(s, 5, f->after.present ? f->after.creative_id : STR_NONE);
    stmt_str(s, 6, f->principal_id);
    stmt_str(s, 7, f->text);
    stmt_i64(s, 8, CREATIVE_SEARCH_LOOKED_AT + 1);
}

static struct creative_place place(struct stmt *s, struct arena *a)
{
    return (struct creative_place){ true, col_i64(s, 7), col_str(s, a, 0), col_str(s, a, 1) };
}

static struct creative_found read_found(struct stmt *s, struct arena *a)
{
    return (struct creative_found){ .principal_id = col_str(s, a, 0),
                                    .creative_id = col_str(s, a, 1),
                                    .account_id = col_str(s, a, 2),
                                    .name = col_str(s, a, 3),
                                    .format_id = col_str(s, a, 4),
                                    .status = col_str(s, a, 5),
                                    .created_at = col_i64(s, 6),
                                    .updated_at = col_i64(s, 7),
                                    .buyer_name = col_str(s, a, 8),
                                    .brand_domain = col_str(s, a, 9) };
}

int q_creative_search(struct tx *tx, struct arena *a, const struct creative_search *f,
                      struct creative_search_result *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, f->status.n ? of_status : of_any);
    struct creative_search_result r = { .rows = ARENA_ARRAY(a, struct creative_found, (size_t)f->limit) };
    struct creative_place last = { 0 };
    int rc, looked = 0;
    bind_search(s, f);
    while ((rc = stmt_step(s, e)) == 1) {
        if (r.n == (size_t)f->limit || looked == CREATIVE_SEARCH_LOOKED_AT) {
            r.next = last;
            break;
        }
        looked++;
        if (col_i64(s, 10)) r.rows[r.n++] = read_found(s, a);
        if (r.n == (size_t)f->limit || looked == CREATIVE_SEARCH_LOOKED_AT) last = place(s, a);
    }
    if (rc < 0) return -1;
    *out = r;
    return 0;
}
