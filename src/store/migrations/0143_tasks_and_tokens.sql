-- A publisher's tasks, newest first, of all states and of one: so that what was decided years ago costs nothing. And tokens that
-- are about to end.
CREATE INDEX task_by_tenant ON task (tenant_id, task_id);
CREATE INDEX task_by_tenant_state ON task (tenant_id, state, task_id);
CREATE INDEX token_by_expiry ON token (tenant_id, expires_at) WHERE expires_at IS NOT NULL AND revoked_at IS NULL;
