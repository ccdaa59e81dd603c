-- What the last look at a publisher's health found, beyond what its rows say at any time (domain/health).
CREATE TABLE health_report (
    tenant_id TEXT PRIMARY KEY REFERENCES tenant (tenant_id) ON DELETE CASCADE,
    made_at   INTEGER NOT NULL,
    doc       TEXT NOT NULL
) STRICT, WITHOUT ROWID;
