-- The outbox at work. `job` is made anew: the pump needs an order within a subject (`seq`), the lane a job travels in
-- (an endpoint, an ad server) and `head`, true for the first unfinished job of its subject, so that finding what may
-- run now is an index seek however long the queues are.
DROP TABLE job;
CREATE TABLE job (
    job_id       TEXT PRIMARY KEY,
    seq          INTEGER NOT NULL,
    tenant_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    lane         TEXT NOT NULL,               -- what fails together: one endpoint, one ad server
    subject      TEXT NOT NULL,               -- jobs of one subject run in order, one at a time
    state        TEXT NOT NULL CHECK (state IN ('ready', 'done', 'dead')),
    head         INTEGER NOT NULL,            -- first unfinished one of its subject
    due_at       INTEGER NOT NULL,            -- while it is leased: when the lease ends
    attempts     INTEGER NOT NULL DEFAULT 0,
    lease_until  INTEGER,
    deadline_at  INTEGER,
    payload      TEXT NOT NULL,
    progress     TEXT NOT NULL DEFAULT '{}',  -- remote ids recorded so far
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX job_by_seq ON job (seq);
CREATE INDEX job_due ON job (lane, due_at, seq) WHERE state = 'ready' AND head = 1;
CREATE INDEX job_waiting ON job (subject, seq) WHERE state = 'ready';
CREATE INDEX job_leased ON job (lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX job_finished ON job (updated_at) WHERE state = 'done';
CREATE INDEX job_dead ON job (tenant_id, seq) WHERE state = 'dead';

-- The circuit breaker of a lane; no row: all is well.
CREATE TABLE job_lane (
    lane       TEXT PRIMARY KEY,
    failures   INTEGER NOT NULL,              -- in a row
    open_until INTEGER NOT NULL,              -- nothing is tried before
    last_error TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
