-- Where buyers want to be told, with what we sign, and what became of every attempt.

CREATE TABLE webhook (
    webhook_id    TEXT PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    principal_id  TEXT NOT NULL,
    account_id    TEXT NOT NULL DEFAULT '',
    kind          TEXT NOT NULL CHECK (kind IN ('task', 'report', 'account')),
    anchor        TEXT NOT NULL,              -- task_id, media_buy_id or account_id
    subscriber_id TEXT NOT NULL DEFAULT '',   -- of accounts' notification_configs
    url           TEXT NOT NULL,
    scheme        TEXT NOT NULL DEFAULT '',   -- '': RFC 9421; 'HMAC-SHA256', 'Bearer': because the buyer asked
    secret        TEXT NOT NULL DEFAULT '',
    token         TEXT NOT NULL DEFAULT '',
    operation_id  TEXT NOT NULL DEFAULT '',
    channel       TEXT NOT NULL DEFAULT 'mcp', -- shape of the body: 'mcp' envelope, 'a2a' task
    context       TEXT NOT NULL DEFAULT '',   -- the buyer's, as JSON
    events        TEXT NOT NULL DEFAULT '[]', -- event types wanted, JSON
    active        INTEGER NOT NULL DEFAULT 1,
    challenge     TEXT NOT NULL DEFAULT '',   -- what the receiver must echo; '' once it has, or none is needed
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX webhook_by_anchor ON webhook (tenant_id, kind, anchor, subscriber_id);

-- One row for every attempt. Kept for 35 days (AdCP: at least 30).
CREATE TABLE webhook_activity (
    seq               INTEGER PRIMARY KEY,
    tenant_id         TEXT NOT NULL,
    principal_id      TEXT NOT NULL,
    subject           TEXT NOT NULL,          -- 'media_buy:mb-...'
    job_id            TEXT NOT NULL,
    idempotency_key   TEXT NOT NULL,
    subscriber_id     TEXT NOT NULL,
    notification_type TEXT NOT NULL,          -- '' for task status changes
    sequence_number   INTEGER,
    attempt           INTEGER NOT NULL,
    status            TEXT NOT NULL,          -- success, failed, timeout, connection_error
    url               TEXT NOT NULL,          -- without query
    http_status       INTEGER,
    response_ms       INTEGER,
    payload_bytes     INTEGER NOT NULL,
    error             TEXT NOT NULL,
    fired_at          INTEGER NOT NULL,
    completed_at      INTEGER NOT NULL
) STRICT;
CREATE INDEX webhook_activity_by_subject ON webhook_activity (tenant_id, subject, seq);

CREATE TABLE signing_key (
    tenant_id  TEXT NOT NULL,
    kid        TEXT NOT NULL,
    alg        TEXT NOT NULL,                 -- 'ed25519', 'ecdsa-p256-sha256'
    x          BLOB NOT NULL,
    y          BLOB NOT NULL,
    d          BLOB NOT NULL,                 -- private: this file is as secret as a key file
    created_at INTEGER NOT NULL,
    use_from   INTEGER NOT NULL,              -- published at once, used once verifiers can know it
    retire_at  INTEGER,                       -- no longer published from then on
    PRIMARY KEY (tenant_id, kid)
) STRICT, WITHOUT ROWID;
