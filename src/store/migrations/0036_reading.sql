-- When a remote ad server's numbers of a buy were last read, and until when they were complete then. A buy without a
-- row was never read; one whose numbers are all zero has a row and no facts.
CREATE TABLE reading (
    media_buy_id TEXT PRIMARY KEY,
    read_at      INTEGER NOT NULL,
    as_of        INTEGER NOT NULL CHECK (as_of <= read_at)
) STRICT, WITHOUT ROWID;
