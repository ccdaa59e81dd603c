-- A job may wait for somebody on the other side: such attempts are counted apart, because they are no failures.
ALTER TABLE job ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job ADD COLUMN waiting_since INTEGER;

-- What an ad server has that can be targeted or sold: read page by page, and resolved when something is booked. `pass`
-- names the reading that saw the item last; what a whole pass of its kind has not seen is there no more (active 0).
CREATE TABLE ad_server_item (
    tenant_id TEXT NOT NULL,
    ad_server TEXT NOT NULL,
    kind      TEXT NOT NULL,
    remote_id TEXT NOT NULL,
    parent_id TEXT NOT NULL DEFAULT '',
    key       TEXT NOT NULL DEFAULT '',
    name      TEXT NOT NULL DEFAULT '',
    doc       TEXT NOT NULL DEFAULT '',
    active    INTEGER NOT NULL DEFAULT 1,
    pass      TEXT NOT NULL,
    seen_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, ad_server, kind, remote_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ad_server_item_by_key ON ad_server_item (tenant_id, ad_server, kind, key) WHERE active = 1;

-- What was last seen of an ad server as a whole.
CREATE TABLE ad_server_state (
    tenant_id TEXT NOT NULL,
    ad_server TEXT NOT NULL,
    synced_at INTEGER,                     -- its inventory, completely
    tested_at INTEGER,
    tested    TEXT NOT NULL DEFAULT '',    -- JSON: what the last test found
    PRIMARY KEY (tenant_id, ad_server)
) STRICT, WITHOUT ROWID;

-- What an ad server calls things that are not of one media buy: 'advertiser' by account and brand.
CREATE TABLE ad_server_remote (
    tenant_id   TEXT NOT NULL,
    ad_server   TEXT NOT NULL,
    kind        TEXT NOT NULL,
    own_id      TEXT NOT NULL,
    remote_id   TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, ad_server, kind, own_id)
) STRICT, WITHOUT ROWID;
