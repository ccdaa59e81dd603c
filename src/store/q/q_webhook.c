#include "store/q/q_webhook.h"

#include "store/columns.h"

#define WEBHOOK(FIRST, NEXT)                                                                                           \
    FIRST(webhook_id, text)                                                                                            \
    NEXT(tenant_id, text)                                                                                              \
    NEXT(principal_id, text)                                                                                           \
    NEXT(account_id, text)                                                                                             \
    NEXT(kind, text)                                                                                                   \
    NEXT(anchor, text)                                                                                                 \
    NEXT(subscriber_id, text)                                                                                          \
    NEXT(url, text)                                                                                                    \
    NEXT(scheme, text)                                                                                                 \
    NEXT(secret, text)                                                                                                 \
    NEXT(token, text)                                                                                                  \
    NEXT(operation_id, text)                                                                                           \
    NEXT(channel, text)                                                                                                \
    NEXT(context, text)                                                                                                \
    NEXT(events, text) NEXT(active, flag) NEXT(challenge, text) NEXT(created_at, number) NEXT(updated_at, number)
#define WEBHOOK_COLUMNS COLUMN_NAMES(WEBHOOK)
COLUMNS_READER(read_webhook, struct webhook_row, WEBHOOK)
COLUMNS_BINDER(bind_webhook, struct webhook_row, WEBHOOK)

#define ACTIVITY(FIRST, NEXT)                                                                                          \
    FIRST(tenant_id, text)                                                                                             \
    NEXT(principal_id, text)                                                                                           \
    NEXT(subject, text)                                                                                                \
    NEXT(job_id, text)                                                                                                 \
    NEXT(idempotency_key, text)                                                                                        \
    NEXT(subscriber_id, text)                                                                                          \
    NEXT(notification_type, text)                                                                                      \
    NEXT(status, text)                                                                                                 \
    NEXT(url, text)                                                                                                    \
    NEXT(error, text)                                                                                                  \
    NEXT(sequence_number, count)                                                                                       \
    NEXT(attempt, number)                                                                                              \
    NEXT(http_status, count)                                                                                           \
    NEXT(response_ms, count) NEXT(payload_bytes, number) NEXT(fired_at, number) NEXT(completed_at, number)
COLUMNS_READER(read_activity, struct webhook_activity_row, ACTIVITY)
COLUMNS_BINDER(bind_activity, struct webhook_activity_row, ACTIVITY)

int q_webhook_put(struct tx *tx, const struct webhook_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx,
        "INSERT INTO webhook (" WEBHOOK_COLUMNS ") VALUES (" COLUMN_MARKS(
            WEBHOOK) ") ON CONFLICT (tenant_id, kind, anchor,"
                     " subscriber_id) DO UPDATE SET principal_id = excluded.principal_id, account_id = excluded.account_id,"
                     " url = excluded.url, scheme = excluded.scheme, secret = excluded.secret, token = excluded.token,"
                     " operation_id = excluded.operation_id, channel = excluded.channel, context = excluded.context,"
                     " events = excluded.events, active = excluded.active, challenge = excluded.challenge,"
                     " updated_at = excluded.updated_at");
    struct webhook_row hook = *row;
    hook.created_at = row->updated_at; /* stays what it was when there was one */
    (void)bind_webhook(s, 1, &hook);
    return stmt_run(s, e);
}

int q_webhook_get(struct tx *tx, struct arena *a, struct str webhook_id, struct webhook_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " WEBHOOK_COLUMNS " FROM webhook WHERE webhook_id = ?");
    stmt_str(s, 1, webhook_id);
    int rc = stmt_step(s, e);
    if (rc == 1) (void)read_webhook(s, a, 0, out);
    return rc;
}

int q_webhook_list(struct tx *tx, struct arena *a, const struct webhook_anchor *key, struct webhook_row **out,
                   size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " WEBHOOK_COLUMNS " FROM webhook WHERE tenant_id = ? AND kind = ?"
                                            " AND anchor = ? ORDER BY subscriber_id LIMIT ?");
    stmt_str(s, 1, key->tenant_id);
    stmt_str(s, 2, str_from(key->kind));
    stmt_str(s, 3, key->anchor);
    stmt_i64(s, 4, WEBHOOKS_OF_ANCHOR_MAX);
    struct webhook_row *rows = NULL;
    size_t found = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        if (!rows) rows = ARENA_ARRAY(a, struct webhook_row, WEBHOOKS_OF_ANCHOR_MAX);
        (void)read_webhook(s, a, 0, &rows[found++]);
    }
    if (rc < 0) return -1;
    *out = rows;
    *n = found;
    return 0;
}

int q_webhook_delete(struct tx *tx, struct str webhook_id, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "DELETE FROM webhook WHERE webhook_id = ?");
    stmt_str(s, 1, webhook_id);
    return stmt_run(s, e);
}

int q_webhook_move(struct tx *tx, const struct webhook_anchor *from, struct str to, struct err *e)
{
    static const char *const steps[] = {
        "UPDATE OR IGNORE webhook SET anchor = ?4 WHERE tenant_id = ?1 AND kind = ?2 AND anchor = ?3",
        "DELETE FROM webhook WHERE tenant_id = ?1 AND kind = ?2 AND anchor = ?3",
    };
    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        AUTO_STMT struct stmt *s = stmt_get(tx, steps[i]);
        stmt_str(s, 1, from->tenant_id);
        stmt_str(s, 2, str_from(from->kind));
        stmt_str(s, 3, from->anchor);
        if (i == 0) stmt_str(s, 4, to);
        if (stmt_run(s, e)) return -1;
    }
    return 0;
}

int q_webhook_proved(struct tx *tx, struct str webhook_id, struct str challenge, int64_t now, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "UPDATE webhook SET challenge = '', updated_at = ?3 WHERE webhook_id = ?1 AND challenge = ?2");
    stmt_str(s, 1, webhook_id);
    stmt_str(s, 2, challenge);
    stmt_i64(s, 3, now);
    if (stmt_run(s, e)) return -1;
    return tx_changes(tx) == 1;
}

/* --- attempts ------------------------------------------------------------------------------------------------ */

#define FORGET_EVERY 64 /* attempts; each time three for one */

static int forget_old(struct tx *tx, int64_t keep_since, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "DELETE FROM webhook_activity WHERE seq IN (SELECT seq FROM webhook_activity"
                     " ORDER BY seq LIMIT 200) AND completed_at < ?");
    stmt_i64(s, 1, keep_since);
    return stmt_run(s, e);
}

int q_webhook_activity_add(struct tx *tx, const struct webhook_activity_row *row, int64_t keep_since, struct err *e)
{
    AUTO_STMT struct stmt *s =
        stmt_get(tx, "INSERT INTO webhook_activity (" COLUMN_NAMES(ACTIVITY) ") VALUES (" COLUMN_MARKS(ACTIVITY) ")");
    (void)bind_activity(s, 1, row);
    if (stmt_run(s, e)) return -1;
    return tx_last_rowid(tx) % FORGET_EVERY ? 0 : forget_old(tx, keep_since, e);
}

int q_webhook_activity_list(struct tx *tx, struct arena *a, const struct webhook_activity_filter *f,
                            struct webhook_activity_row **out, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT " COLUMN_NAMES(
                ACTIVITY) " FROM webhook_activity WHERE tenant_id = ?1 AND subject = ?2"
                          " AND (?3 = '' OR principal_id = ?3) AND notification_type <> '' ORDER BY seq DESC LIMIT ?4");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->subject);
    stmt_str(s, 3, f->principal_id);
    stmt_i64(s, 4, f->limit);
    struct webhook_activity_row *rows = ARENA_ARRAY(a, struct webhook_activity_row, (size_t)f->limit);
    size_t found = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) (void)read_activity(s, a, 0, &rows[found++]);
    if (rc < 0) return -1;
    *out = rows;
    *n = found;
    return 0;
}
