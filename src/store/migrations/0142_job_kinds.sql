-- How many jobs of each kind wait or have failed, and when the last one was done: for people who ask whether all is well.
CREATE INDEX job_by_kind ON job (tenant_id, kind, state, updated_at);
