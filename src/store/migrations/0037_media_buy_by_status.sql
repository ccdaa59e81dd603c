-- A buyer's poll asks for the buys that run: found among many that do not without looking at those.
CREATE INDEX media_buy_by_account_status ON media_buy (tenant_id, account_id, principal_id, status, media_buy_id DESC);
CREATE INDEX media_buy_by_principal_status ON media_buy (tenant_id, principal_id, status, media_buy_id DESC);
