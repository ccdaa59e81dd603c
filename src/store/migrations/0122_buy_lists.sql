-- A publisher's media buys, newest first, of all buyers; and the same of one state.
CREATE INDEX media_buy_by_tenant ON media_buy (tenant_id, media_buy_id DESC);
CREATE INDEX media_buy_by_tenant_status ON media_buy (tenant_id, status, media_buy_id DESC);
