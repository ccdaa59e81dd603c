-- What the catalogue needs beside its rows: keys of the search text, a version for feeds, proposals with their holds.

-- rowids of product_text, so that one product's search text is replaced without scanning all of them.
CREATE TABLE product_text_key (
    text_id    INTEGER PRIMARY KEY,
    tenant_id  TEXT NOT NULL,
    product_id TEXT NOT NULL,
    UNIQUE (tenant_id, product_id)
) STRICT;

-- Grows with every change of any product: wholesale buyers ask "has anything changed?".
CREATE TABLE catalog_version (
    tenant_id  TEXT PRIMARY KEY,
    version    INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Finalized proposals. Drafts are not stored: their ids carry their allocations (domain/product/proposal.h).
CREATE TABLE proposal (
    tenant_id    TEXT NOT NULL,
    proposal_id  TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    account_id   TEXT NOT NULL DEFAULT '',
    status       TEXT NOT NULL CHECK (status IN ('committed', 'accepted', 'released')),
    doc          TEXT NOT NULL,             -- the AdCP 3.1 proposal object
    media_buy_id TEXT NOT NULL DEFAULT '',  -- when accepted
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, proposal_id)
) STRICT, WITHOUT ROWID;

-- Inventory a committed proposal keeps from others until it is accepted, released or lapses.
CREATE TABLE proposal_hold (
    tenant_id    TEXT NOT NULL,
    product_id   TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    proposal_id  TEXT NOT NULL,
    impressions  INTEGER NOT NULL,
    start_at     INTEGER NOT NULL,
    end_at       INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, product_id, principal_id, proposal_id),
    FOREIGN KEY (tenant_id, principal_id, proposal_id) REFERENCES proposal ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_hold_by_proposal ON proposal_hold (tenant_id, principal_id, proposal_id);
