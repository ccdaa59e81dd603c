-- Links that let one person decide one task without signing in. The link's text is sealed with the installation's
-- secret; here is only that it was given out, for how long, and whether it was used.
CREATE TABLE decide_link (
    link_id    TEXT PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    task_id    TEXT NOT NULL,
    recipient  TEXT NOT NULL,             -- "slack", "mail:ann@example.com": who decides in the audit trail
    role       TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;
