-- What buyers keep with us around their buys: catalogs, event sources, audiences, lists, content standards, signal
-- activations, usage they reported. One row an object; `doc` is the object as its family writes it.
CREATE TABLE held (
    tenant_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    object_id    TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    name         TEXT NOT NULL DEFAULT '',
    status       TEXT NOT NULL DEFAULT '',
    doc          TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, kind, principal_id, object_id, account_id)
) STRICT, WITHOUT ROWID;

-- Parts of such an object that are many: items of a catalog, members of an audience.
CREATE TABLE held_part (
    tenant_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    object_id    TEXT NOT NULL,
    part_id      TEXT NOT NULL,
    doc          TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (tenant_id, kind, principal_id, account_id, object_id, part_id)
) STRICT, WITHOUT ROWID;

-- Events that buyers logged; the key is what makes two of them one (AdCP log_event).
CREATE TABLE logged_event (
    tenant_id       TEXT NOT NULL,
    principal_id    TEXT NOT NULL,
    event_source_id TEXT NOT NULL,
    event_id        TEXT NOT NULL,
    event_type      TEXT NOT NULL,
    event_at        INTEGER NOT NULL,
    logged_at       INTEGER NOT NULL,
    doc             TEXT NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, event_source_id, event_id, event_type)
) STRICT, WITHOUT ROWID;
CREATE INDEX logged_event_by_time ON logged_event (tenant_id, principal_id, event_source_id, event_at);
