-- People at the desk. What opens a session is kept as a hash, as tokens are: the database alone opens nothing.
CREATE TABLE session (
    session_hash BLOB PRIMARY KEY,        -- SHA-256 of the cookie's secret
    session_id   TEXT NOT NULL UNIQUE,
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    browser      TEXT NOT NULL,           -- User-Agent, as sent
    address      TEXT NOT NULL,           -- where it was opened from
    created_at   INTEGER NOT NULL,
    used_at      INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    ended_at     INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_person ON session (tenant_id, principal_id, created_at);
CREATE INDEX session_by_expiry ON session (expires_at);

-- One-time links by which somebody signs in.
CREATE TABLE sign_in_link (
    link_hash    BLOB PRIMARY KEY,        -- SHA-256 of the link's secret
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    used_at      INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_link_by_expiry ON sign_in_link (expires_at);
