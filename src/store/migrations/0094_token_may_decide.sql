-- Whether a token of the publisher's people may decide what buyers wait for: an assistant may hold it, and what buyers write
-- can talk to an assistant. Nobody has it until it is given.
ALTER TABLE token ADD COLUMN may_decide INTEGER NOT NULL DEFAULT 0;
