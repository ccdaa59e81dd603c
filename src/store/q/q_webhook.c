#include "store/q/q_webhook.h"

#include "store/stmt.h"

#define WEBHOOK_COLUMNS                                                                                                \
    "webhook_id, tenant_id, principal_id, account_id, kind, anchor, subscriber_id, url, scheme, secret, token,"        \
    " operation_id, channel, context, events, active, challenge, created_at, updated_at"

static void read_webhook(struct stmt *s, struct arena *a, struct webhook_row *out)
{
    *out = (struct webhook_row){ .webhook_id = col_str(s, a, 0),
                                 .tenant_id = col_str(s, a, 1),
                                 .principal_id = col_str(s, a, 2),
                                 .account_id = col_str(s, a, 3),
                                 .kind = col_str(s, a, 4),
                                 .anchor = col_str(s, a, 5),
                                 .subscriber_id = col_str(s, a, 6),
                                 .url = col_str(s, a, 7),
                                 .scheme = col_str(s, a, 8),
                                 .secret = col_str(s, a, 9),
                                 .token = col_str(s, a, 10),
                                 .operation_id = col_str(s, a, 11),
                                 .channel = col_str(s, a, 12),
                                 .context = col_str(s, a, 13),
                                 .events = col_str(s, a, 14),
                                 .active = col_i64(s, 15) != 0,
                                 .challenge = col_str(s, a, 16),
                                 .created_at = col_i64(s, 17),
                                 .updated_at = col_i64(s, 18) };
}

int q_webhook_put(struct tx *tx, const struct webhook_row *row, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "INSERT INTO webhook (" WEBHOOK_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,"
            " ?14, ?15, ?16, ?17, ?18, ?18) ON CONFLICT (tenant_id, kind, anchor, subscriber_id) DO UPDATE SET"
            " principal_id = ?3, account_id = ?4, url = ?8, scheme = ?9, secret = ?10, token = ?11, operation_id = ?12,"
            " channel = ?13, context = ?14, events = ?15, active = ?16, challenge = ?17, updated_at = ?18");
    const struct str texts[] = { row->webhook_id, row->tenant_id,     row->principal_id, row->account_id, row->kind,
                                 row->anchor,     row->subscriber_id, row->url,          row->scheme,     row->secret,
                                 row->token,      row->operation_id,  row->channel,      row->context,    row->events };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) stmt_str(s, (int)i + 1, texts[i]);
    stmt_i64(s, 16, row->active);
    stmt_str(s, 17, row->challenge);
    stmt_i64(s, 18, row->updated_at);
    return stmt_run(s, e);
}

int q_webhook_get(struct tx *tx, struct arena *a, struct str webhook_id, struct webhook_row *out, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(tx, "SELECT " WEBHOOK_COLUMNS " FROM webhook WHERE webhook_id = ?");
    stmt_str(s, 1, webhook_id);
    int rc = stmt_step(s, e);
    if (rc == 1) read_webhook(s, a, out);
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
        read_webhook(s, a, &rows[found++]);
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

static void bind_or_null(struct stmt *s, int index, int64_t v)
{
    if (v < 0) {
        stmt_null(s, index);
    } else {
        stmt_i64(s, index, v);
    }
}

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
        stmt_get(tx, "INSERT INTO webhook_activity (tenant_id, principal_id, subject, job_id, idempotency_key,"
                     " subscriber_id, notification_type, status, url, error, sequence_number, attempt, http_status,"
                     " response_ms, payload_bytes, fired_at, completed_at)"
                     " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const struct str texts[] = {
        row->tenant_id,     row->principal_id,      row->subject, row->job_id, row->idempotency_key,
        row->subscriber_id, row->notification_type, row->status,  row->url,    row->error
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) stmt_str(s, (int)i + 1, texts[i]);
    bind_or_null(s, 11, row->sequence_number);
    stmt_i64(s, 12, row->attempt);
    bind_or_null(s, 13, row->http_status);
    bind_or_null(s, 14, row->response_ms);
    stmt_i64(s, 15, row->payload_bytes);
    stmt_i64(s, 16, row->fired_at);
    stmt_i64(s, 17, row->completed_at);
    if (stmt_run(s, e)) return -1;
    return tx_last_rowid(tx) % FORGET_EVERY ? 0 : forget_old(tx, keep_since, e);
}

static int64_t col_or_minus(struct stmt *s, int index)
{
    return col_is_null(s, index) ? -1 : col_i64(s, index);
}

int q_webhook_activity_list(struct tx *tx, struct arena *a, const struct webhook_activity_filter *f,
                            struct webhook_activity_row **out, size_t *n, struct err *e)
{
    AUTO_STMT struct stmt *s = stmt_get(
        tx, "SELECT tenant_id, principal_id, subject, job_id, idempotency_key, subscriber_id,"
            " notification_type, status, url, error, sequence_number, attempt, http_status, response_ms,"
            " payload_bytes, fired_at, completed_at FROM webhook_activity WHERE tenant_id = ?1 AND subject = ?2"
            " AND (?3 = '' OR principal_id = ?3) AND notification_type <> '' ORDER BY seq DESC LIMIT ?4");
    stmt_str(s, 1, f->tenant_id);
    stmt_str(s, 2, f->subject);
    stmt_str(s, 3, f->principal_id);
    stmt_i64(s, 4, f->limit);
    struct webhook_activity_row *rows = ARENA_ARRAY(a, struct webhook_activity_row, (size_t)f->limit);
    size_t found = 0;
    int rc;
    while ((rc = stmt_step(s, e)) == 1) {
        struct webhook_activity_row *r = &rows[found++];
        struct str *const texts[] = {
            &r->tenant_id,     &r->principal_id,      &r->subject, &r->job_id, &r->idempotency_key,
            &r->subscriber_id, &r->notification_type, &r->status,  &r->url,    &r->error
        };
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) *texts[i] = col_str(s, a, (int)i);
        r->sequence_number = col_or_minus(s, 10);
        r->attempt = col_i64(s, 11);
        r->http_status = col_or_minus(s, 12);
        r->response_ms = col_or_minus(s, 13);
        r->payload_bytes = col_i64(s, 14);
        r->fired_at = col_i64(s, 15);
        r->completed_at = col_i64(s, 16);
    }
    if (rc < 0) return -1;
    *out = rows;
    *n = found;
    return 0;
}
