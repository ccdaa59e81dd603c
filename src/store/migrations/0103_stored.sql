-- What each buyer has stored here, kept summed by triggers (as 0066_bookings.sql does for what is booked), so that a
-- quota costs two index seeks whatever there is. One row a buyer and kind: how many things, how many bytes of documents.
-- Of replies that are kept for idempotency only the large ones count, so that a small change is never refused for its own.

CREATE TABLE stored (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    kind         TEXT NOT NULL, -- media_buys, creatives, objects, events, replies
    things       INTEGER NOT NULL,
    bytes        INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, kind)
) STRICT, WITHOUT ROWID;

-- Each change of what is stored, as a difference; nothing is ever in here.
CREATE VIEW stored_change AS SELECT tenant_id, principal_id, kind, things, bytes FROM stored WHERE 0;

CREATE TRIGGER stored_change_made INSTEAD OF INSERT ON stored_change WHEN NEW.principal_id IS NOT NULL
BEGIN
    INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
    VALUES (NEW.tenant_id, NEW.principal_id, NEW.kind, NEW.things, NEW.bytes)
    ON CONFLICT DO UPDATE SET things = things + excluded.things, bytes = bytes + excluded.bytes;
END;

INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
SELECT m.tenant_id, m.principal_id, 'media_buys', sum(m.status NOT IN ('rejected', 'canceled', 'completed', 'failed')),
       sum(length(CAST(m.doc AS BLOB)) + length(CAST(m.echo AS BLOB))
       + coalesce((SELECT sum(length(CAST(p.doc AS BLOB))) FROM package p WHERE p.media_buy_id = m.media_buy_id), 0))
  FROM media_buy m GROUP BY 1, 2;

CREATE TRIGGER stored_buy_new AFTER INSERT ON media_buy
BEGIN
    INSERT INTO stored_change
    VALUES (NEW.tenant_id, NEW.principal_id, 'media_buys',
            NEW.status NOT IN ('rejected', 'canceled', 'completed', 'failed'),
            length(CAST(NEW.doc AS BLOB)) + length(CAST(NEW.echo AS BLOB)));
END;

CREATE TRIGGER stored_buy_changed AFTER UPDATE OF doc, echo, status ON media_buy
WHEN OLD.doc <> NEW.doc OR OLD.echo <> NEW.echo OR OLD.status <> NEW.status
BEGIN
    INSERT INTO stored_change VALUES (NEW.tenant_id, NEW.principal_id, 'media_buys',
        (NEW.status NOT IN ('rejected', 'canceled', 'completed', 'failed'))
        - (OLD.status NOT IN ('rejected', 'canceled', 'completed', 'failed')),
        length(CAST(NEW.doc AS BLOB)) + length(CAST(NEW.echo AS BLOB)) - length(CAST(OLD.doc AS BLOB))
        - length(CAST(OLD.echo AS BLOB)));
END;

CREATE TRIGGER stored_package_new AFTER INSERT ON package
BEGIN
    INSERT INTO stored_change
    SELECT tenant_id, principal_id, 'media_buys', 0, length(CAST(NEW.doc AS BLOB))
      FROM media_buy WHERE media_buy_id = NEW.media_buy_id;
END;

CREATE TRIGGER stored_package_changed AFTER UPDATE OF doc ON package WHEN OLD.doc <> NEW.doc
BEGIN
    INSERT INTO stored_change
    SELECT tenant_id, principal_id, 'media_buys', 0, length(CAST(NEW.doc AS BLOB)) - length(CAST(OLD.doc AS BLOB))
      FROM media_buy WHERE media_buy_id = NEW.media_buy_id;
END;

INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
SELECT tenant_id, principal_id, 'creatives', count(*), sum(length(CAST(creative.doc AS BLOB)))
  FROM creative WHERE 1 GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;

CREATE TRIGGER stored_creative_new AFTER INSERT ON creative
BEGIN
    INSERT INTO stored_change VALUES (NEW.tenant_id, NEW.principal_id, 'creatives', 1, length(CAST(NEW.doc AS BLOB)));
END;

CREATE TRIGGER stored_creative_changed AFTER UPDATE OF doc ON creative WHEN OLD.doc <> NEW.doc
BEGIN
    INSERT INTO stored_change
    VALUES (NEW.tenant_id, NEW.principal_id, 'creatives', 0,
            length(CAST(NEW.doc AS BLOB)) - length(CAST(OLD.doc AS BLOB)));
END;

CREATE TRIGGER stored_creative_gone AFTER DELETE ON creative
BEGIN
    INSERT INTO stored_change
    VALUES (OLD.tenant_id, OLD.principal_id, 'creatives', -1, -length(CAST(OLD.doc AS BLOB)));
END;

INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
SELECT tenant_id, principal_id, 'objects', count(*), sum(length(CAST(buyer_object.doc AS BLOB)))
  FROM buyer_object WHERE 1 GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;

CREATE TRIGGER stored_buyer_object_new AFTER INSERT ON buyer_object
BEGIN
    INSERT INTO stored_change VALUES (NEW.tenant_id, NEW.principal_id, 'objects', 1, length(CAST(NEW.doc AS BLOB)));
END;

CREATE TRIGGER stored_buyer_object_changed AFTER UPDATE OF doc ON buyer_object WHEN OLD.doc <> NEW.doc
BEGIN
    INSERT INTO stored_change
    VALUES (NEW.tenant_id, NEW.principal_id, 'objects', 0,
            length(CAST(NEW.doc AS BLOB)) - length(CAST(OLD.doc AS BLOB)));
END;

CREATE TRIGGER stored_buyer_object_gone AFTER DELETE ON buyer_object
BEGIN
    INSERT INTO stored_change VALUES (OLD.tenant_id, OLD.principal_id, 'objects', -1, -length(CAST(OLD.doc AS BLOB)));
END;

INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
SELECT tenant_id, principal_id, 'objects', 0, sum(length(CAST(buyer_object_part.doc AS BLOB)))
  FROM buyer_object_part WHERE 1 GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;

CREATE TRIGGER stored_buyer_object_part_new AFTER INSERT ON buyer_object_part
BEGIN
    INSERT INTO stored_change VALUES (NEW.tenant_id, NEW.principal_id, 'objects', 0, length(CAST(NEW.doc AS BLOB)));
END;

CREATE TRIGGER stored_buyer_object_part_changed AFTER UPDATE OF doc ON buyer_object_part WHEN OLD.doc <> NEW.doc
BEGIN
    INSERT INTO stored_change
    VALUES (NEW.tenant_id, NEW.principal_id, 'objects', 0,
            length(CAST(NEW.doc AS BLOB)) - length(CAST(OLD.doc AS BLOB)));
END;

CREATE TRIGGER stored_buyer_object_part_gone AFTER DELETE ON buyer_object_part
BEGIN
    INSERT INTO stored_change VALUES (OLD.tenant_id, OLD.principal_id, 'objects', 0, -length(CAST(OLD.doc AS BLOB)));
END;

INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
SELECT tenant_id, principal_id, 'events', count(*), sum(length(CAST(logged_event.doc AS BLOB)))
  FROM logged_event WHERE 1 GROUP BY 1, 2
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;

CREATE TRIGGER stored_logged_event_new AFTER INSERT ON logged_event
BEGIN
    INSERT INTO stored_change VALUES (NEW.tenant_id, NEW.principal_id, 'events', 1, length(CAST(NEW.doc AS BLOB)));
END;

CREATE TRIGGER stored_logged_event_changed AFTER UPDATE OF doc ON logged_event WHEN OLD.doc <> NEW.doc
BEGIN
    INSERT INTO stored_change
    VALUES (NEW.tenant_id, NEW.principal_id, 'events', 0,
            length(CAST(NEW.doc AS BLOB)) - length(CAST(OLD.doc AS BLOB)));
END;

CREATE TRIGGER stored_logged_event_gone AFTER DELETE ON logged_event
BEGIN
    INSERT INTO stored_change VALUES (OLD.tenant_id, OLD.principal_id, 'events', -1, -length(CAST(OLD.doc AS BLOB)));
END;

INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
SELECT tenant_id, principal_id, 'replies', count(*), sum(length(CAST(reply AS BLOB)))
  FROM idempotency WHERE length(reply) > 65536 GROUP BY 1, 2;

CREATE TRIGGER stored_reply_new AFTER INSERT ON idempotency WHEN length(NEW.reply) > 65536
BEGIN
    INSERT INTO stored_change
    VALUES (NEW.tenant_id, NEW.principal_id, 'replies', 1, length(CAST(NEW.reply AS BLOB)));
END;

CREATE TRIGGER stored_reply_forgotten AFTER UPDATE OF reply ON idempotency
WHEN length(OLD.reply) > 65536 AND NEW.reply IS NULL
BEGIN
    INSERT INTO stored_change
    VALUES (OLD.tenant_id, OLD.principal_id, 'replies', -1, -length(CAST(OLD.reply AS BLOB)));
END;

CREATE TRIGGER stored_reply_gone AFTER DELETE ON idempotency WHEN length(OLD.reply) > 65536
BEGIN
    INSERT INTO stored_change
    VALUES (OLD.tenant_id, OLD.principal_id, 'replies', -1, -length(CAST(OLD.reply AS BLOB)));
END;
