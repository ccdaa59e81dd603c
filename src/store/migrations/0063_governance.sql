-- What governance agents were asked before money was committed, and what they said.
CREATE TABLE governance_check (
    job_id       TEXT PRIMARY KEY,          -- the job that asks
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    plan_id      TEXT NOT NULL,
    question     TEXT NOT NULL,             -- arguments of check_governance
    verdict      TEXT NOT NULL DEFAULT '',  -- approved, conditions, denied, unavailable; '' while nothing is known
    answer       TEXT NOT NULL DEFAULT '{}',
    asked_at     INTEGER NOT NULL,
    answered_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX governance_check_by_account ON governance_check (tenant_id, account_id, job_id);
