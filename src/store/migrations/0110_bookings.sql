-- A publisher has one or several ad servers: `position` 0 is the one of products that name none. `settings` is JSON, sealed
-- (base/seal) where the installation has keys.
CREATE TABLE ad_server (
    tenant_id  TEXT NOT NULL REFERENCES tenant,
    name       TEXT NOT NULL,
    position   INTEGER NOT NULL,
    adapter    TEXT NOT NULL,
    settings   TEXT NOT NULL DEFAULT '',
    wait_days  INTEGER,                    -- how long a person over there may take; NULL: the contract's
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT, WITHOUT ROWID;

INSERT INTO ad_server (tenant_id, name, position, adapter, settings, created_at, updated_at)
SELECT tenant_id, adapter, 0, adapter, coalesce(json_extract(doc, '$.adapter_settings'), ''), created_at, updated_at
FROM tenant WHERE json_valid(doc);
UPDATE tenant SET doc = json_remove(doc, '$.adapter_settings')
WHERE json_valid(doc) AND json_type(doc, '$.adapter_settings') IS NOT NULL;

-- Which ad server a package is booked on: its product's when it was sold. '' in rows that no one has booked.
ALTER TABLE package ADD COLUMN ad_server TEXT NOT NULL DEFAULT '';
UPDATE package SET ad_server = (SELECT t.adapter FROM tenant t JOIN media_buy b USING (tenant_id)
                                WHERE b.media_buy_id = package.media_buy_id);

-- A media buy on one ad server: domain/booking/booking.h has the states.
CREATE TABLE booking (
    media_buy_id    TEXT NOT NULL REFERENCES media_buy,
    ad_server       TEXT NOT NULL,
    tenant_id       TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('asked', 'waiting', 'booked', 'refused', 'dropped', 'canceled')),
    remote_id       TEXT NOT NULL DEFAULT '', -- the ad server's order; may be known before it is booked
    reason          TEXT NOT NULL DEFAULT '', -- why it waits, or what the ad server refused last
    wait_until      INTEGER,                  -- while it waits
    changed_at      INTEGER NOT NULL,         -- of the state
    booked_at       INTEGER,
    creatives_asked TEXT NOT NULL DEFAULT '', -- digest of the creatives it was last asked to run
    read_at         INTEGER,                  -- when its numbers were last read,
    as_of           INTEGER,                  -- and until when they were complete then
    read_due_at     INTEGER,                  -- when they are to be read next; NULL: never again
    looked_at       INTEGER,
    looked          TEXT NOT NULL DEFAULT '', -- JSON: how it stood there when it was last looked at
    PRIMARY KEY (media_buy_id, ad_server),
    CHECK (as_of IS NULL OR as_of <= read_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX booking_to_read ON booking (tenant_id, ad_server, read_due_at) WHERE read_due_at IS NOT NULL;
CREATE INDEX booking_to_do ON booking (tenant_id, state, changed_at) WHERE state IN ('asked', 'waiting', 'refused');

-- What was confirmed is booked, unless its job has not been answered yet; what was only sent to the ad server is asked.
INSERT INTO booking (media_buy_id, ad_server, tenant_id, state, remote_id, changed_at, booked_at, creatives_asked,
                     read_at, as_of)
SELECT b.media_buy_id, t.adapter, b.tenant_id,
       CASE WHEN EXISTS (SELECT 1 FROM job j JOIN job_payload p USING (seq)
                         WHERE j.kind = 'adapter' AND j.state = 'ready' AND j.subject = 'media_buy:' || b.media_buy_id
                           AND json_extract(p.payload, '$.verb') = 'book') THEN 'asked'
            WHEN EXISTS (SELECT 1 FROM job j JOIN job_payload p USING (seq)
                         WHERE j.kind = 'adapter' AND j.state = 'dead' AND j.subject = 'media_buy:' || b.media_buy_id
                           AND json_extract(p.payload, '$.verb') = 'book') AND b.remote_id IS NULL THEN 'refused'
            WHEN b.status IN ('canceled', 'rejected') THEN 'canceled'
            ELSE 'booked' END,
       coalesce(b.remote_id, ''), b.updated_at, b.confirmed_at, coalesce(b.creatives_asked, ''), r.read_at, r.as_of
FROM media_buy b JOIN tenant t USING (tenant_id) LEFT JOIN delivery_poll r USING (media_buy_id)
WHERE b.remote_id IS NOT NULL OR b.confirmed_at IS NOT NULL
   OR EXISTS (SELECT 1 FROM job j WHERE j.kind = 'adapter' AND j.subject = 'media_buy:' || b.media_buy_id);

-- Jobs travel in the lane of their ad server, and those of one booking in order.
UPDATE job SET lane = lane || ':' || (SELECT adapter FROM tenant t WHERE t.tenant_id = job.tenant_id),
               subject = 'booking:' || substr(subject, 11) || ':' || (SELECT adapter FROM tenant t WHERE t.tenant_id = job.tenant_id)
WHERE kind = 'adapter' AND subject LIKE 'media_buy:%';
UPDATE job SET lane = lane || ':' || (SELECT adapter FROM tenant t WHERE t.tenant_id = job.tenant_id)
WHERE kind = 'adapter' AND subject LIKE 'reading:%';
UPDATE job SET subject = subject || ':' || (SELECT adapter FROM tenant t WHERE t.tenant_id = job.tenant_id)
WHERE kind = 'adapter' AND subject LIKE 'reading:%';
DELETE FROM job_lane WHERE lane LIKE 'adapter:%';
-- A remote ad server is read on, as its jobs were due.
UPDATE booking SET read_due_at = (SELECT min(j.due_at) FROM job j WHERE j.state = 'ready' AND j.subject = 'reading:' || media_buy_id || ':' || ad_server);

-- The parts of a package's day that an ad server tells by creative. NULL is unknown, not zero.
CREATE TABLE creative_fact (
    media_buy_id    TEXT NOT NULL,
    package_id      TEXT NOT NULL,
    creative_id     TEXT NOT NULL,
    day_at          INTEGER NOT NULL,
    source          TEXT NOT NULL,
    impressions     INTEGER,
    clicks          INTEGER,
    spend_micros    INTEGER,
    views           INTEGER,
    completed_views INTEGER,
    measurable      INTEGER,
    viewable        INTEGER,
    conversions     INTEGER,
    grp_hundredths  INTEGER,
    PRIMARY KEY (media_buy_id, package_id, creative_id, day_at, source)
) STRICT, WITHOUT ROWID;

DROP TABLE delivery_poll;
ALTER TABLE media_buy DROP COLUMN remote_id;
ALTER TABLE media_buy DROP COLUMN creatives_asked;
