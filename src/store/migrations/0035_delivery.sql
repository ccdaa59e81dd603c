-- The ad server's id of what it booked for the whole buy; a package's is package.remote_id.
ALTER TABLE media_buy ADD COLUMN remote_id TEXT;
