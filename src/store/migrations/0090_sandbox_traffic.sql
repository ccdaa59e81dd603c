-- What a sandbox's jobs sent for a buyer, for the test controller's query_upstream_traffic: the newest of each buyer.
CREATE TABLE sandbox_traffic (
    seq          INTEGER PRIMARY KEY,
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    sent_at      INTEGER NOT NULL,
    method       TEXT NOT NULL,
    url          TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body         TEXT NOT NULL,
    purpose      TEXT NOT NULL,             -- AdCP's: platform_primary, other, ...
    http_status  INTEGER NOT NULL           -- -1: no complete answer
) STRICT;
CREATE INDEX sandbox_traffic_by_principal ON sandbox_traffic (tenant_id, principal_id, sent_at, seq);
