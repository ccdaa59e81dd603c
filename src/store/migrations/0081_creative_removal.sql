-- Creatives that were taken out of a package: what a package delivered until then was not its other creatives' alone.
CREATE TABLE creative_removal (
    package_id   TEXT NOT NULL,
    creative_id  TEXT NOT NULL,
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    media_buy_id TEXT NOT NULL,
    at           INTEGER NOT NULL,            -- the last time
    PRIMARY KEY (package_id, creative_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX creative_removal_by_creative ON creative_removal (tenant_id, principal_id, creative_id);
CREATE INDEX creative_removal_by_buy ON creative_removal (media_buy_id);
