#include "store/q/q_ad_server.h"

#include "base/rfc3339.h"
#include "store/stmt.h"

static void bind_key(struct stmt *s, const struct ad_server_key *of)
{
    stmt_str(s, 1, of->tenant_id);
    stmt_str(s, 2, of->ad_server);
}

/* ---- which there are ---- */

#define SERVER_COLUMNS "tenant_id, name, position, adapter, settings, wait_days"

static void read_server(struct stmt *s, struct arena *a, struct ad_server_row *out)
{
    *out = (struct ad_server_row){ .tenant_id = col_str(s, a, 0),
                                   .name = col_str(s, a, 1),
                                   .position = col_i64(s, 2),
                                   .adapter = col_str(s, a, 3),
                                   .settings = col_str(s, a, 4),
                                   .wait_days = col_is_null(s, 5) ? 0 : col_i64(s, 5) };
}

int q_ad_server_get(struct tx *tx, struct arena *a, struct str tenant_id, struct str name, struct ad_server_row *out,
                    struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " SERVER_COLUMNS " FROM ad_server WHERE tenant_id = ?1"
                                            " AND (?2 = '' OR name = ?2) ORDER BY position LIMIT 1");
    stmt_str(s, 1, tenant_id);
    stmt_str(s, 2, name);
    int rc = stmt_step(s, e);
    if (rc == 1) read_server(s, a, out);
    return rc;
}

int q_ad_server_list(struct tx *tx, struct arena *a, struct str tenant_id, struct ad_server_row **rows, size_t *n,
                     struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " SERVER_COLUMNS " FROM ad_server WHERE ?1 = '' OR tenant_id = ?1"
                                            " ORDER BY tenant_id, position");
    struct ad_server_row *list = NULL;
    size_t found = 0, cap = 0;
    int rc;
    stmt_str(s, 1, tenant_id);
    while ((rc = stmt_step(s, e)) == 1) {
        if (found == cap) {
            size_t grown = cap ? 2 * cap : 4;
            struct ad_server_row *more = ARENA_ARRAY(a, struct ad_server_row, grown);
            if (found) memcpy(more, list, found * sizeof(*list));
            list = more;
            cap = grown;
        }
        read_server(s, a, &list[found++]);
    }
    if (rc < 0) return -1;
    *rows = list;
    *n = found;
    return 0;
}

int q_ad_server_put(struct tx *tx, const struct ad_server_row *row, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO ad_server (tenant_id, name, position, adapter, settings, wait_days, created_at, updated_at)"
            " VALUES (?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?7) ON CONFLICT DO UPDATE SET position = ?3,"
            " adapter = ?4, settings = ?5, wait_days = nullif(?6, 0), updated_at = ?7");
    stmt_str(s, 1, row->tenant_id);
    stmt_str(s, 2, row->name);
    stmt_i64(s, 3, row->position);
    stmt_str(s, 4, row->adapter);
    stmt_str(s, 5, row->settings);
    stmt_i64(s, 6, row->wait_days);
    stmt_i64(s, 7, now);
    return stmt_run(s, e);
}

static int delete_from(struct stmt *s, const struct ad_server_key *of, struct err *e)
{
    AUTO_STMT struct stmt *own = s;
    bind_key(own, of);
    return stmt_run(own, e);
}

int q_ad_server_delete(struct tx *tx, const struct ad_server_key *of, struct err *e)
{
    return delete_from(stmt_get(tx, "DELETE FROM ad_server_item WHERE tenant_id = ? AND ad_server = ?"), of, e) ||
                   delete_from(stmt_get(tx, "DELETE FROM ad_server_state WHERE tenant_id = ? AND ad_server = ?"), of,
                               e) ||
                   delete_from(stmt_get(tx, "DELETE FROM ad_server_remote WHERE tenant_id = ? AND ad_server = ?"), of,
                               e) ||
                   delete_from(stmt_get(tx, "DELETE FROM ad_server WHERE tenant_id = ? AND name = ?"), of, e)
               ? -1
               : 0;
}

int q_ad_server_used(struct tx *tx, const struct ad_server_key *of, int64_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT count(*) FROM media_buy b INDEXED BY media_buy_open CROSS JOIN booking USING (media_buy_id)"
            " WHERE b.tenant_id = ? AND ad_server = ? AND state NOT IN ('dropped', 'canceled')"
            " AND b.status NOT IN ('canceled', 'rejected', 'failed', 'completed')");
    bind_key(s, of);
    int rc = stmt_step(s, e);
    if (rc == 1) *n = col_i64(s, 0);
    return rc == 1 ? 0 : -1;
}

/* ---- inventory ---- */

#define ITEM_COLUMNS "kind, remote_id, parent_id, key, name, doc"

static void read_item(struct stmt *s, struct arena *a, struct adapter_item *out)
{
    *out = (struct adapter_item){ .kind = col_str(s, a, 0),
                                  .remote_id = col_str(s, a, 1),
                                  .parent_id = col_str(s, a, 2),
                                  .key = col_str(s, a, 3),
                                  .name = col_str(s, a, 4),
                                  .doc = col_str(s, a, 5) };
}

int q_ad_item_put(struct tx *tx, const struct ad_server_key *of, const struct adapter_item *item,
                  const struct ad_item_seen *seen, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO ad_server_item (tenant_id, ad_server, kind, remote_id, parent_id, key, name, doc, active,"
            " pass, seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 1, ?9, ?10)"
            " ON CONFLICT DO UPDATE SET parent_id = ?5, key = ?6, name = ?7, doc = ?8, active = 1, pass = ?9,"
            " seen_at = ?10");
    bind_key(s, of);
    stmt_str(s, 3, item->kind);
    stmt_str(s, 4, item->remote_id);
    stmt_str(s, 5, item->parent_id);
    stmt_str(s, 6, item->key);
    stmt_str(s, 7, item->name);
    stmt_str(s, 8, item->doc);
    stmt_str(s, 9, seen->pass);
    stmt_i64(s, 10, seen->now);
    return stmt_run(s, e);
}

static int one_item(struct stmt *s, struct arena *a, struct adapter_item *out, struct err *e)
{
    int rc = stmt_step(s, e);
    if (rc == 1) read_item(s, a, out);
    return rc;
}

int q_ad_item_find(struct tx *tx, struct arena *a, const struct ad_server_key *of, struct str kind, struct str key,
                   struct adapter_item *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " ITEM_COLUMNS " FROM ad_server_item WHERE tenant_id = ? AND ad_server = ? AND kind = ?"
                     " AND key = ? AND active = 1 ORDER BY remote_id LIMIT 1");
    bind_key(s, of);
    stmt_str(s, 3, kind);
    stmt_str(s, 4, key);
    return one_item(s, a, out, e);
}

int q_ad_item_get(struct tx *tx, struct arena *a, const struct ad_server_key *of, struct str kind, struct str remote_id,
                  struct adapter_item *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " ITEM_COLUMNS " FROM ad_server_item WHERE tenant_id = ? AND ad_server = ? AND kind = ?"
                     " AND remote_id = ? AND active = 1");
    bind_key(s, of);
    stmt_str(s, 3, kind);
    stmt_str(s, 4, remote_id);
    return one_item(s, a, out, e);
}

int q_ad_items_close(struct tx *tx, const struct ad_server_key *of, struct str kind, struct str pass, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE ad_server_item SET active = 0 WHERE tenant_id = ? AND ad_server = ? AND kind = ?"
                     " AND pass <> ? AND active = 1");
    bind_key(s, of);
    stmt_str(s, 3, kind);
    stmt_str(s, 4, pass);
    return stmt_run(s, e);
}

int q_ad_items(struct tx *tx, struct arena *a, const struct ad_server_key *of, const struct ad_item_filter *f,
               struct ad_item_list *out, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT " ITEM_COLUMNS " FROM ad_server_item WHERE tenant_id = ?1 AND ad_server = ?2 AND kind = ?3"
                     " AND remote_id > ?4 AND (?5 = '' OR parent_id = ?5) AND active = 1 ORDER BY remote_id LIMIT ?6");
    struct adapter_item *items = ARENA_ARRAY(a, struct adapter_item, f->limit);
    size_t n = 0;
    int rc;
    bind_key(s, of);
    stmt_str(s, 3, f->kind);
    stmt_str(s, 4, f->after);
    stmt_str(s, 5, f->parent_id);
    stmt_i64(s, 6, (int64_t)f->limit);
    while ((rc = stmt_step(s, e)) == 1) read_item(s, a, &items[n++]);
    if (rc < 0) return -1;
    *out = (struct ad_item_list){ items, n };
    return 0;
}

#define KINDS_MAX 64

int q_ad_item_counts(struct tx *tx, struct arena *a, const struct ad_server_key *of, struct ad_item_count **out,
                     size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT kind, sum(active) FROM ad_server_item WHERE tenant_id = ? AND ad_server = ?"
                     " GROUP BY kind ORDER BY kind LIMIT ?");
    struct ad_item_count *rows = ARENA_ARRAY(a, struct ad_item_count, KINDS_MAX);
    size_t found = 0;
    int rc;
    bind_key(s, of);
    stmt_i64(s, 3, KINDS_MAX);
    while ((rc = stmt_step(s, e)) == 1) rows[found++] = (struct ad_item_count){ col_str(s, a, 0), col_i64(s, 1) };
    if (rc < 0) return -1;
    *out = rows;
    *n = found;
    return 0;
}

/* ---- state ---- */

int q_ad_server_state(struct tx *tx, struct arena *a, const struct ad_server_key *of, struct ad_server_state *out,
                      struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT synced_at, tested_at, tested FROM ad_server_state WHERE tenant_id = ?"
                     " AND ad_server = ?");
    bind_key(s, of);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *out = (struct ad_server_state){ TIME_NONE, TIME_NONE, STR_NONE };
    if (rc == 1) *out = (struct ad_server_state){ col_time(s, 0), col_time(s, 1), col_str(s, a, 2) };
    return 0;
}

int q_ad_server_synced(struct tx *tx, const struct ad_server_key *of, int64_t at, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO ad_server_state (tenant_id, ad_server, synced_at) VALUES (?1, ?2, ?3)"
                     " ON CONFLICT DO UPDATE SET synced_at = ?3");
    bind_key(s, of);
    stmt_i64(s, 3, at);
    return stmt_run(s, e);
}

int q_ad_server_tested(struct tx *tx, const struct ad_server_key *of, int64_t at, struct str doc, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO ad_server_state (tenant_id, ad_server, tested_at, tested)"
                     " VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET tested_at = ?3, tested = ?4");
    bind_key(s, of);
    stmt_i64(s, 3, at);
    stmt_str(s, 4, doc);
    return stmt_run(s, e);
}

/* ---- names over there ---- */

int q_ad_remote_put(struct tx *tx, const struct ad_server_key *of, const struct ad_remote_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO ad_server_remote (tenant_id, ad_server, kind, own_id, remote_id, recorded_at) VALUES"
                     " (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE SET remote_id = ?5, recorded_at = ?6");
    bind_key(s, of);
    stmt_str(s, 3, str_from(row->kind));
    stmt_str(s, 4, row->own_id);
    stmt_str(s, 5, row->remote_id);
    stmt_i64(s, 6, row->recorded_at);
    return stmt_run(s, e);
}

int q_ad_remote_get(struct tx *tx, struct arena *a, const struct ad_server_key *of, const char *kind, struct str own_id,
                    struct str *remote_id, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "SELECT remote_id FROM ad_server_remote WHERE tenant_id = ? AND ad_server = ?"
                     " AND kind = ? AND own_id = ?");
    bind_key(s, of);
    stmt_str(s, 3, str_from(kind));
    stmt_str(s, 4, own_id);
    int rc = stmt_step(s, e);
    if (rc < 0) return -1;
    *remote_id = rc == 1 ? col_str(s, a, 0) : STR("");
    return 0;
}
