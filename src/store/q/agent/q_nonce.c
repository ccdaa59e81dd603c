#include "store/q/agent/q_nonce.h"

#include "store/stmt.h"

int q_nonce_insert(struct tx *tx, const struct nonce_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT OR REPLACE INTO request_nonce (key_digest, hi, lo, until_s) VALUES (?, ?, ?, ?)");
    stmt_i64(s, 1, (int64_t)row->key);
    stmt_i64(s, 2, (int64_t)row->hi);
    stmt_i64(s, 3, (int64_t)row->lo);
    stmt_i64(s, 4, row->until_s);
    return stmt_run(s, e);
}

int q_nonce_purge(struct tx *tx, int64_t now_s, int64_t limit, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "DELETE FROM request_nonce WHERE (key_digest, hi, lo) IN (SELECT key_digest, hi, lo FROM request_nonce"
            " WHERE until_s <= ? ORDER BY until_s LIMIT ?)");
    stmt_i64(s, 1, now_s);
    stmt_i64(s, 2, limit);
    return stmt_run(s, e);
}

int q_nonce_each(struct tx *tx, int64_t now_s, void (*each)(void *arg, const struct nonce_row *row), void *arg,
                 struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT key_digest, hi, lo, until_s FROM request_nonce WHERE until_s > ?");
    int rc;
    stmt_i64(s, 1, now_s);
    while ((rc = stmt_step(s, e)) == 1) {
        struct nonce_row row = { (uint64_t)col_i64(s, 0), (uint64_t)col_i64(s, 1), (uint64_t)col_i64(s, 2),
                                 col_i64(s, 3) };
        each(arg, &row);
    }
    return rc < 0 ? -1 : 0;
}
