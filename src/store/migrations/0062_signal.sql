-- The publisher's first-party signals (segments of its audience), as buyers see them.
CREATE TABLE signal (
    tenant_id TEXT NOT NULL REFERENCES tenant,
    signal_id TEXT NOT NULL,
    position  INTEGER NOT NULL,
    doc       TEXT NOT NULL,
    PRIMARY KEY (tenant_id, signal_id)
) STRICT, WITHOUT ROWID;
