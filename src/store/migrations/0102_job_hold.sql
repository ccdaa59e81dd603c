-- While there is this row no job is begun: nothing is sent to buyers, ad servers or people. A restored copy has it, until
-- somebody has looked (docs/operations.md).
CREATE TABLE job_hold (
    one   INTEGER PRIMARY KEY CHECK (one = 1),
    since INTEGER NOT NULL,
    actor TEXT NOT NULL,
    why   TEXT NOT NULL
) STRICT;
