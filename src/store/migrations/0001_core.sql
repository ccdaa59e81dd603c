-- The core schema. Every row belongs to a tenant. Key columns are what is searched or joined; `doc` holds the rest
-- of the object as canonical JSON. Times are microseconds since the epoch UTC, money is micros of `currency`.

CREATE TABLE tenant (
    tenant_id   TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    host        TEXT,                       -- virtual host that selects this tenant, when set
    adapter     TEXT NOT NULL,              -- 'mock', 'house', 'gam', ...
    doc         TEXT NOT NULL,              -- portfolio_description, policies, limits, capabilities, settings
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tenant_by_host ON tenant (host) WHERE host IS NOT NULL;

-- A buyer's agent, or an operator of the publisher.
CREATE TABLE principal (
    tenant_id    TEXT NOT NULL REFERENCES tenant,
    principal_id TEXT NOT NULL,
    name         TEXT NOT NULL,
    role         TEXT NOT NULL CHECK (role IN ('buyer', 'viewer', 'operator', 'administrator')),
    dialect      TEXT NOT NULL DEFAULT '',  -- default dialect of its calls; '' is AdCP 3
    status       TEXT NOT NULL DEFAULT 'active',
    doc          TEXT NOT NULL DEFAULT '{}',
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE token (
    token_hash   BLOB PRIMARY KEY,          -- SHA-256 of the token; the token itself is stored nowhere
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    token_id     TEXT NOT NULL UNIQUE,
    label        TEXT NOT NULL DEFAULT '',
    scope        TEXT NOT NULL DEFAULT 'all',
    sandbox      INTEGER NOT NULL DEFAULT 0, -- accounts named by this credential are sandbox accounts
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    revoked_at   INTEGER,
    last_used_at INTEGER,
    FOREIGN KEY (tenant_id, principal_id) REFERENCES principal
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_principal ON token (tenant_id, principal_id);

CREATE TABLE account (
    tenant_id    TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    brand_domain TEXT NOT NULL DEFAULT '',
    brand_id     TEXT NOT NULL DEFAULT '',
    operator     TEXT NOT NULL DEFAULT '',
    sandbox      INTEGER NOT NULL DEFAULT 0,
    name         TEXT NOT NULL DEFAULT '',
    status       TEXT NOT NULL,
    doc          TEXT NOT NULL DEFAULT '{}',
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, principal_id) REFERENCES principal
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX account_by_natural_key ON account (tenant_id, principal_id, brand_domain, brand_id, operator, sandbox);

CREATE TABLE product (
    tenant_id   TEXT NOT NULL REFERENCES tenant,
    product_id  TEXT NOT NULL,
    position    INTEGER NOT NULL,
    name        TEXT NOT NULL,
    doc         TEXT NOT NULL,              -- the AdCP 3.1 product object plus our settings under "ext"."salesagent"
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, product_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX product_by_position ON product (tenant_id, position);
CREATE VIRTUAL TABLE product_text USING fts5 (
    tenant_id UNINDEXED, product_id UNINDEXED, name, description, channels, targeting, properties,
    tokenize = 'porter unicode61'
);

CREATE TABLE format (
    tenant_id  TEXT NOT NULL REFERENCES tenant,
    format_id  TEXT NOT NULL,
    position   INTEGER NOT NULL,
    doc        TEXT NOT NULL,
    PRIMARY KEY (tenant_id, format_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE property (
    tenant_id   TEXT NOT NULL REFERENCES tenant,
    property_id TEXT NOT NULL,
    position    INTEGER NOT NULL,
    doc         TEXT NOT NULL,
    PRIMARY KEY (tenant_id, property_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE media_buy (
    media_buy_id        TEXT PRIMARY KEY,
    tenant_id           TEXT NOT NULL,
    principal_id        TEXT NOT NULL,
    account_id          TEXT NOT NULL,
    name                TEXT NOT NULL DEFAULT '',
    buyer_ref           TEXT NOT NULL DEFAULT '',
    po_number           TEXT NOT NULL DEFAULT '',
    status              TEXT NOT NULL,      -- domain/media_buy/media_buy.h: pending_approval .. canceled
    paused              INTEGER NOT NULL DEFAULT 0,
    currency            TEXT NOT NULL,
    total_budget_micros INTEGER NOT NULL CHECK (total_budget_micros >= 0),
    start_at            INTEGER NOT NULL,
    end_at              INTEGER NOT NULL,   -- exclusive
    revision            INTEGER NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    confirmed_at        INTEGER,
    activated_at        INTEGER,
    completed_at        INTEGER,
    canceled_at         INTEGER,
    next_change_at      INTEGER,            -- when time alone changes its state; the lifecycle timer sleeps until the least
    doc                 TEXT NOT NULL DEFAULT '{}',
    FOREIGN KEY (tenant_id, account_id) REFERENCES account
) STRICT, WITHOUT ROWID;
CREATE INDEX media_buy_by_principal ON media_buy (tenant_id, principal_id, media_buy_id DESC);
CREATE INDEX media_buy_by_account ON media_buy (tenant_id, account_id, media_buy_id DESC);
CREATE INDEX media_buy_by_change ON media_buy (next_change_at) WHERE next_change_at IS NOT NULL;

CREATE TABLE package (
    media_buy_id           TEXT NOT NULL REFERENCES media_buy,
    ordinal                INTEGER NOT NULL,  -- 1..n in the order they were added
    package_id             TEXT NOT NULL UNIQUE,
    name                   TEXT NOT NULL DEFAULT '',
    product_id             TEXT NOT NULL,
    pricing_option_id      TEXT NOT NULL,
    pricing_model          TEXT NOT NULL,
    rate_micros            INTEGER NOT NULL,  -- price per pricing unit (CPM: per thousand); the bid for auctions
    budget_micros          INTEGER NOT NULL CHECK (budget_micros >= 0),
    previous_budget_micros INTEGER,
    impressions_goal       INTEGER,           -- absent when the pricing model implies none
    pacing                 TEXT NOT NULL DEFAULT 'even',
    start_at               INTEGER NOT NULL,
    end_at                 INTEGER NOT NULL,
    paused                 INTEGER NOT NULL DEFAULT 0,
    canceled_at            INTEGER,
    remote_id              TEXT,              -- the ad server's id for it
    doc                    TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (media_buy_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX package_by_product ON package (product_id, start_at);

CREATE TABLE creative (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    creative_id  TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    name         TEXT NOT NULL,
    format_id    TEXT NOT NULL,
    status       TEXT NOT NULL,               -- processing, pending_review, approved, rejected, suspended, archived
    doc          TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, creative_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX creative_by_account ON creative (tenant_id, account_id, creative_id);

CREATE TABLE creative_assignment (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    creative_id  TEXT NOT NULL,
    package_id   TEXT NOT NULL REFERENCES package (package_id),
    media_buy_id TEXT NOT NULL,
    doc          TEXT NOT NULL DEFAULT '{}',  -- weight, placement_ids
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (package_id, creative_id),
    FOREIGN KEY (tenant_id, principal_id, creative_id) REFERENCES creative
) STRICT, WITHOUT ROWID;
CREATE INDEX creative_assignment_by_creative ON creative_assignment (tenant_id, principal_id, creative_id);
CREATE INDEX creative_assignment_by_buy ON creative_assignment (media_buy_id);

-- One row for everything a person must decide, and for what the buyer follows as an AdCP task.
CREATE TABLE task (
    task_id      TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,               -- the buyer it concerns
    account_id   TEXT NOT NULL DEFAULT '',
    kind         TEXT NOT NULL,               -- create_media_buy, update_media_buy, creative_review, account, proposal, manual
    state        TEXT NOT NULL,               -- pending, assigned, in_progress, completed, failed, escalated
    decision     TEXT NOT NULL DEFAULT '',    -- approved, rejected, or '' while open
    subject_type TEXT NOT NULL,               -- media_buy, creative, account, ...
    subject_id   TEXT NOT NULL,
    priority     TEXT NOT NULL DEFAULT 'medium',
    assigned_to  TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    due_at       INTEGER,
    resolved_at  INTEGER,
    doc          TEXT NOT NULL DEFAULT '{}'   -- operation, reason, rule, comments, history, result
) STRICT, WITHOUT ROWID;
CREATE INDEX task_by_state ON task (tenant_id, state, created_at);
CREATE INDEX task_by_subject ON task (tenant_id, subject_type, subject_id);
CREATE INDEX task_by_principal ON task (tenant_id, principal_id, task_id DESC);

-- The only way out: what must happen in the world.
CREATE TABLE job (
    job_id       TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    kind         TEXT NOT NULL,
    subject      TEXT NOT NULL,               -- jobs of one subject run in order, one at a time
    state        TEXT NOT NULL CHECK (state IN ('ready', 'done', 'dead')),
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    lease_until  INTEGER,
    deadline_at  INTEGER,
    payload      TEXT NOT NULL,
    progress     TEXT NOT NULL DEFAULT '{}',  -- remote ids recorded so far
    last_error   TEXT NOT NULL DEFAULT '',
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX job_due ON job (due_at) WHERE state = 'ready';
CREATE INDEX job_by_subject ON job (subject, job_id) WHERE state = 'ready';

CREATE TABLE idempotency (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    account_id   TEXT NOT NULL,
    key          TEXT NOT NULL,
    hash         BLOB NOT NULL,               -- SHA-256 of the canonical request
    reply        TEXT,                        -- immutable snapshot; NULL once expired (the row stays as a tombstone)
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, account_id, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at) WHERE reply IS NOT NULL;

CREATE TABLE audit (
    seq       INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    subject   TEXT NOT NULL,
    doc       TEXT NOT NULL,
    prev_hash BLOB NOT NULL,
    hash      BLOB NOT NULL
) STRICT;
CREATE INDEX audit_by_tenant ON audit (tenant_id, seq);

-- Delivery is facts: per package and UTC day, from a source, at a time, final or not. NULL is unknown, not zero.
CREATE TABLE delivery_fact (
    media_buy_id    TEXT NOT NULL,
    package_id      TEXT NOT NULL,
    day_at          INTEGER NOT NULL,         -- start of the day (UTC)
    source          TEXT NOT NULL,            -- the ad server, or 'simulated'
    impressions     INTEGER,
    clicks          INTEGER,
    spend_micros    INTEGER,
    views           INTEGER,
    completed_views INTEGER,
    measurable      INTEGER,
    viewable        INTEGER,
    conversions     INTEGER,
    grp_hundredths  INTEGER,
    is_final        INTEGER NOT NULL DEFAULT 0,
    read_at         INTEGER NOT NULL,         -- what was delivered up to then is in the row
    PRIMARY KEY (media_buy_id, package_id, day_at, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE feedback (
    feedback_id  TEXT PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    media_buy_id TEXT NOT NULL,
    package_id   TEXT NOT NULL DEFAULT '',
    at           INTEGER NOT NULL,
    doc          TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX feedback_by_buy ON feedback (media_buy_id, feedback_id);
