-- One row that is written to see whether something can be: the watchdog and /readyz look at it (app/pulse.h).
CREATE TABLE pulse (
    one        INTEGER PRIMARY KEY CHECK (one = 1),
    written_at INTEGER NOT NULL
) STRICT;
INSERT INTO pulse (one, written_at) VALUES (1, 0);
