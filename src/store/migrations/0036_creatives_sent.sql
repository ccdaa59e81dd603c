-- What the ad server has of a creative: its id there, and when it took it; and a digest of the creatives it was last asked
-- to run for the whole buy, so that it is asked again only when that changed.
ALTER TABLE creative_assignment ADD COLUMN remote_id TEXT;
ALTER TABLE creative_assignment ADD COLUMN sent_at INTEGER;
ALTER TABLE media_buy ADD COLUMN creatives_asked TEXT;
