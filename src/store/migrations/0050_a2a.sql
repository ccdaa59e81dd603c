-- Tasks of the A2A protocol: one row for each answered message. What a person still has to decide is an AdCP task
-- (table `task`), which the row names.
CREATE TABLE a2a_task (
    a2a_task_id  TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenant,
    principal_id TEXT NOT NULL,               -- '': asked without a credential
    context_id   TEXT NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('completed', 'input-required', 'canceled')),
    failed       INTEGER NOT NULL DEFAULT 0,  -- the operation ended with an error
    skill        TEXT NOT NULL DEFAULT '',
    adcp_task_id TEXT NOT NULL DEFAULT '',    -- the AdCP task to follow
    adcp_version TEXT NOT NULL DEFAULT '',
    message      TEXT NOT NULL DEFAULT '',    -- one sentence for people
    payload      TEXT NOT NULL DEFAULT '',    -- AdCP reply as it was sent; '': none
    history      TEXT NOT NULL DEFAULT '[]',  -- messages, see protocols/a2a/a2a_wire.h
    asked        TEXT NOT NULL DEFAULT '',    -- plain text collected while input is required
    push         TEXT NOT NULL DEFAULT '',    -- push notification configuration, JSON
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX a2a_task_by_owner ON a2a_task (tenant_id, principal_id, a2a_task_id DESC);
CREATE INDEX a2a_task_by_adcp_task ON a2a_task (adcp_task_id) WHERE adcp_task_id <> '';
CREATE INDEX a2a_task_by_age ON a2a_task (updated_at);
