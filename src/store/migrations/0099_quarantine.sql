-- Rows that time alone should have moved and did not: what failed is tried again at retry_at, and what the process died
-- on twice waits for a person (retry_at NULL). kind says which table row_id is of.
CREATE TABLE quarantine (
    kind TEXT NOT NULL,          -- flight (media_buy), task, job
    row_id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    failures INTEGER NOT NULL,   -- in a row
    deaths INTEGER NOT NULL,     -- of the process, while it was at this row
    reason TEXT NOT NULL,        -- of the last time
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    retry_at INTEGER,
    PRIMARY KEY (kind, row_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantine_by_retry ON quarantine (kind, retry_at);
