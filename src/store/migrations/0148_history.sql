-- What the desk asks of a publisher with years of history costs what it answers: lines of the trail about one thing, buys that
-- are not over, sessions that are open, jobs of a kind by their age.
CREATE INDEX audit_by_subject ON audit (tenant_id, subject, seq);
CREATE INDEX media_buy_open ON media_buy (tenant_id)
    WHERE status NOT IN ('canceled', 'rejected', 'failed', 'completed');
CREATE INDEX session_open ON session (tenant_id, expires_at) WHERE ended_at IS NULL;
CREATE INDEX job_by_kind_seq ON job (tenant_id, kind, state, seq);
