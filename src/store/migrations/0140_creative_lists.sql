-- A publisher's creatives, of all buyers, by their latest change; the same of one state; and by id alone.
CREATE INDEX creative_by_change ON creative (tenant_id, updated_at, principal_id, creative_id);
CREATE INDEX creative_by_status ON creative (tenant_id, status, updated_at, principal_id, creative_id);
CREATE INDEX creative_by_id ON creative (tenant_id, creative_id, principal_id);
