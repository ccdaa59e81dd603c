-- Property lists and collection lists that other agents keep, as they were when last fetched. The key is a hash of who
-- asks and of the whole reference with its token, so that what one caller may see is never another's.
CREATE TABLE remote_list (
    tenant_id    TEXT NOT NULL,
    list_key     TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    kind         TEXT NOT NULL,             -- property_list, collection_list
    agent_url    TEXT NOT NULL,
    list_id      TEXT NOT NULL,
    auth_token   TEXT NOT NULL DEFAULT '',
    entries      TEXT NOT NULL DEFAULT '',  -- JSON [[type, value], ...]; '' before the first success
    fetched_at   INTEGER,                   -- when entries were true
    valid_until  INTEGER,
    failure      TEXT NOT NULL DEFAULT '',  -- of the latest attempt: denied, unreachable, unreadable; '' when it succeeded
    reason       TEXT NOT NULL DEFAULT '',
    failed_at    INTEGER,
    asked_at     INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, list_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX remote_list_by_use ON remote_list (tenant_id, principal_id, asked_at);
