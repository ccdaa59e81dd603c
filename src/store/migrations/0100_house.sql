-- The built-in ad server: where ads are shown, and what was counted there.

-- A place for ads on a page, in a player or in a mail. Keys are never used again: they live on in tokens.
CREATE TABLE slot (
    slot_key   INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id  TEXT NOT NULL,
    slot_id    TEXT NOT NULL,
    doc        TEXT NOT NULL,              -- docs/ad-servers/house.md
    created_at INTEGER NOT NULL,
    UNIQUE (tenant_id, slot_id)
) STRICT;

-- Numbers for what tokens and counters name: publishers, packages, creatives.
CREATE TABLE house_key (
    house_key INTEGER PRIMARY KEY AUTOINCREMENT,
    kind   TEXT NOT NULL CHECK (kind IN ('publisher', 'package', 'creative')),
    owner  TEXT NOT NULL,                  -- tenant; of a creative tenant and principal
    id     TEXT NOT NULL,
    UNIQUE (kind, owner, id)
) STRICT;

-- Publishers with slots, and when anything of theirs but a media buy last changed: slots, products, settings.
CREATE TABLE house_publisher (
    tenant_id TEXT PRIMARY KEY,
    seq       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whoever changes these, the ad server hears of it.
CREATE TRIGGER house_sees_tenant AFTER UPDATE ON tenant
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_product AFTER UPDATE OF doc ON product
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_new_property AFTER INSERT ON property
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_property AFTER UPDATE ON property
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_property_go AFTER DELETE ON property
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = OLD.tenant_id;
END;
CREATE TRIGGER house_sees_slot_go AFTER DELETE ON slot
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = OLD.tenant_id;
END;

-- The last change of a media buy, counted; never backwards, whatever is forgotten.
CREATE TABLE house_change (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO house_change (one, seq) VALUES (1, 0);

-- The media buys it runs, and when each last changed: what is in memory is brought up to date by `seq`.
CREATE TABLE house_buy (
    media_buy_id TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    accrued_at   INTEGER NOT NULL DEFAULT 0 -- until when the money is accounted that it owes for time
) STRICT, WITHOUT ROWID;
CREATE INDEX house_buy_by_seq ON house_buy (seq);
CREATE INDEX house_buy_by_tenant ON house_buy (tenant_id);

-- What was counted. invalid 0 is reported; everything else was filtered, for that reason (serving/invalid.h). event is
-- serving/tally.h's. Of requests package and creative are 0.
CREATE TABLE house_count (
    package  INTEGER NOT NULL,
    hour_at  INTEGER NOT NULL,             -- when the hour began, in the publisher's zone
    slot     INTEGER NOT NULL,
    creative INTEGER NOT NULL,
    event    INTEGER NOT NULL,
    invalid  INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (package, hour_at, slot, creative, event, invalid)
) STRICT, WITHOUT ROWID;
CREATE INDEX house_count_by_hour ON house_count (hour_at); -- for expiry

-- Decisions of a package that may still become something, as of its last batch.
CREATE TABLE house_way (
    package INTEGER PRIMARY KEY,
    n       INTEGER NOT NULL,
    at      INTEGER NOT NULL
) STRICT;

CREATE TABLE house_epoch (
    epoch    INTEGER PRIMARY KEY,
    until_ms INTEGER NOT NULL
) STRICT;

-- Tokens that were used, a batch a row: 10 bytes each, epoch, sequence, bits.
CREATE TABLE house_used (
    used_id INTEGER PRIMARY KEY,
    at      INTEGER NOT NULL,
    tokens  BLOB NOT NULL
) STRICT;
CREATE INDEX house_used_by_time ON house_used (at);

-- What visitors have seen of packages with a frequency cap; only of ids that may be kept.
CREATE TABLE house_exposure (
    package        INTEGER NOT NULL,
    visitor        INTEGER NOT NULL,
    useful_until_s INTEGER NOT NULL,
    seen           BLOB NOT NULL,
    PRIMARY KEY (package, visitor)
) STRICT, WITHOUT ROWID;
CREATE INDEX house_exposure_by_end ON house_exposure (useful_until_s);

-- Which ad a place in a mail shows.
CREATE TABLE house_place (
    slot     INTEGER NOT NULL,
    key      INTEGER NOT NULL,
    package  INTEGER NOT NULL,
    creative INTEGER NOT NULL,
    asked_s  INTEGER NOT NULL,
    PRIMARY KEY (slot, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX house_place_by_time ON house_place (asked_s);

-- Requests of a slot by hour of the week: 168 numbers of 8 bytes.
CREATE TABLE house_history (
    slot INTEGER PRIMARY KEY,
    week BLOB NOT NULL
) STRICT;
