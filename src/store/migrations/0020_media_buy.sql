-- What reads of media buys splice into replies unparsed, and what happened to each buy.

ALTER TABLE media_buy ADD COLUMN echo TEXT NOT NULL DEFAULT '{}';             -- members sent on the wire as they are
ALTER TABLE media_buy ADD COLUMN rejection_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE media_buy ADD COLUMN actions_allowed INTEGER NOT NULL DEFAULT -1; -- bits of domain/plan/media_buy_state.h
ALTER TABLE media_buy ADD COLUMN actions_approval INTEGER NOT NULL DEFAULT 0; -- those of them a person must approve

CREATE TABLE media_buy_history (
    media_buy_id TEXT NOT NULL REFERENCES media_buy,
    seq          INTEGER NOT NULL,
    revision     INTEGER NOT NULL,
    at           INTEGER NOT NULL,
    actor        TEXT NOT NULL,
    action       TEXT NOT NULL,
    summary      TEXT NOT NULL,
    package_id   TEXT NOT NULL,
    PRIMARY KEY (media_buy_id, seq)
) STRICT, WITHOUT ROWID;
