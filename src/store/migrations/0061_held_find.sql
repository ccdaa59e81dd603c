-- A list reference with a token names a list without saying whose it is.
CREATE INDEX held_by_id ON held (tenant_id, kind, object_id);
