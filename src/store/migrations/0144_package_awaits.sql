-- A package without an approved creative waits for it alone; the others of its media buy deliver. Of rows of earlier versions
-- none waits: their buys ran when all of their packages had what they needed.
ALTER TABLE package ADD COLUMN awaits_creatives INTEGER NOT NULL DEFAULT 0;
