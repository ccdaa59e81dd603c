-- Media buys by the end of their flight, whatever became of them: what was sold in a stretch of days.
CREATE INDEX media_buy_by_end ON media_buy (tenant_id, end_at, media_buy_id, start_at);
