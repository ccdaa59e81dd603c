-- The same triggers as before (0066_bookings.sql, 0103_stored.sql), written so that SQLite makes no table of its own while
-- they run: a list behind IN (...) and rows that are selected into a table with triggers each cost it one, which was most
-- of what inserting a media buy took.

DROP TRIGGER package_booked;
DROP TRIGGER package_unbooked;
DROP TRIGGER package_rebooked_from;
DROP TRIGGER package_rebooked_to;
DROP TRIGGER media_buy_unbooked;
DROP TRIGGER media_buy_rebooked;
DROP TRIGGER stored_buy_new;
DROP TRIGGER stored_buy_changed;
DROP TRIGGER stored_package_new;
DROP TRIGGER stored_package_changed;
DROP VIEW booked_package;

-- The packages that count, as the sums count them.
CREATE VIEW booked_package AS
SELECT m.tenant_id, p.product_id, p.media_buy_id, p.package_id,
       max(p.end_at / 3600000000, p.start_at / 3600000000 + 1) AS end_hour,
       p.start_at / 3600000000 AS start_hour, p.impressions_goal AS impressions
  FROM package p
  JOIN media_buy m ON m.media_buy_id = p.media_buy_id
  LEFT JOIN account a ON a.tenant_id = m.tenant_id AND a.account_id = m.account_id
 WHERE p.canceled_at IS NULL AND p.impressions_goal > 0 AND p.end_at > p.start_at
   AND m.status <> 'rejected' AND m.status <> 'canceled' AND m.status <> 'completed' AND m.status <> 'failed'
   AND coalesce(a.sandbox, 0) = 0;

-- A new package is booked as the view says, row by row.
CREATE TRIGGER package_booked AFTER INSERT ON package
WHEN NEW.canceled_at IS NULL AND NEW.impressions_goal > 0 AND NEW.end_at > NEW.start_at AND EXISTS (
    SELECT 1 FROM media_buy m LEFT JOIN account a ON a.tenant_id = m.tenant_id AND a.account_id = m.account_id
     WHERE m.media_buy_id = NEW.media_buy_id AND m.status <> 'rejected' AND m.status <> 'canceled'
       AND m.status <> 'completed' AND m.status <> 'failed' AND coalesce(a.sandbox, 0) = 0)
BEGIN
    INSERT INTO product_flight (tenant_id, product_id, end_hour, start_hour, impressions)
    VALUES ((SELECT tenant_id FROM media_buy WHERE media_buy_id = NEW.media_buy_id), NEW.product_id,
            max(NEW.end_at / 3600000000, NEW.start_at / 3600000000 + 1), NEW.start_at / 3600000000,
            NEW.impressions_goal)
    ON CONFLICT DO UPDATE SET impressions = impressions + excluded.impressions;
END;

CREATE TRIGGER package_unbooked BEFORE DELETE ON package
BEGIN
    UPDATE product_flight SET impressions = product_flight.impressions - b.impressions
      FROM (SELECT * FROM booked_package WHERE package_id = OLD.package_id) AS b
     WHERE product_flight.tenant_id = b.tenant_id AND product_flight.product_id = b.product_id
       AND product_flight.end_hour = b.end_hour AND product_flight.start_hour = b.start_hour;
END;

CREATE TRIGGER package_rebooked_from BEFORE UPDATE OF impressions_goal, start_at, end_at, canceled_at ON package
WHEN OLD.impressions_goal IS NOT NEW.impressions_goal OR OLD.start_at <> NEW.start_at OR OLD.end_at <> NEW.end_at
  OR OLD.canceled_at IS NOT NEW.canceled_at
BEGIN
    UPDATE product_flight SET impressions = product_flight.impressions - b.impressions
      FROM (SELECT * FROM booked_package WHERE package_id = OLD.package_id) AS b
     WHERE product_flight.tenant_id = b.tenant_id AND product_flight.product_id = b.product_id
       AND product_flight.end_hour = b.end_hour AND product_flight.start_hour = b.start_hour;
END;

CREATE TRIGGER package_rebooked_to AFTER UPDATE OF impressions_goal, start_at, end_at, canceled_at ON package
WHEN OLD.impressions_goal IS NOT NEW.impressions_goal OR OLD.start_at <> NEW.start_at OR OLD.end_at <> NEW.end_at
  OR OLD.canceled_at IS NOT NEW.canceled_at
BEGIN
    INSERT INTO product_flight (tenant_id, product_id, end_hour, start_hour, impressions)
    SELECT tenant_id, product_id, end_hour, start_hour, impressions FROM booked_package
     WHERE package_id = NEW.package_id
    ON CONFLICT DO UPDATE SET impressions = impressions + excluded.impressions;
END;

-- A buy that ends gives back all it had, one that comes back (its cancellation was refused) takes it again.
CREATE TRIGGER media_buy_unbooked BEFORE UPDATE OF status ON media_buy
WHEN OLD.status <> NEW.status
 AND OLD.status <> 'rejected' AND OLD.status <> 'canceled' AND OLD.status <> 'completed' AND OLD.status <> 'failed'
 AND (NEW.status = 'rejected' OR NEW.status = 'canceled' OR NEW.status = 'completed' OR NEW.status = 'failed')
BEGIN
    UPDATE product_flight SET impressions = product_flight.impressions - b.impressions
      FROM (SELECT tenant_id, product_id, end_hour, start_hour, sum(impressions) AS impressions FROM booked_package
             WHERE media_buy_id = OLD.media_buy_id GROUP BY product_id, end_hour, start_hour) AS b
     WHERE product_flight.tenant_id = b.tenant_id AND product_flight.product_id = b.product_id
       AND product_flight.end_hour = b.end_hour AND product_flight.start_hour = b.start_hour;
END;

CREATE TRIGGER media_buy_rebooked AFTER UPDATE OF status ON media_buy
WHEN OLD.status <> NEW.status
 AND (OLD.status = 'rejected' OR OLD.status = 'canceled' OR OLD.status = 'completed' OR OLD.status = 'failed')
 AND NEW.status <> 'rejected' AND NEW.status <> 'canceled' AND NEW.status <> 'completed' AND NEW.status <> 'failed'
BEGIN
    INSERT INTO product_flight (tenant_id, product_id, end_hour, start_hour, impressions)
    SELECT tenant_id, product_id, end_hour, start_hour, impressions FROM booked_package
     WHERE media_buy_id = NEW.media_buy_id
    ON CONFLICT DO UPDATE SET impressions = impressions + excluded.impressions;
END;

CREATE TRIGGER stored_buy_new AFTER INSERT ON media_buy WHEN NEW.principal_id IS NOT NULL
BEGIN
    INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
    VALUES (NEW.tenant_id, NEW.principal_id, 'media_buys',
            NEW.status <> 'rejected' AND NEW.status <> 'canceled' AND NEW.status <> 'completed'
            AND NEW.status <> 'failed',
            length(CAST(NEW.doc AS BLOB)) + length(CAST(NEW.echo AS BLOB)))
    ON CONFLICT DO UPDATE SET things = things + excluded.things, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER stored_buy_changed AFTER UPDATE OF doc, echo, status ON media_buy
WHEN OLD.doc <> NEW.doc OR OLD.echo <> NEW.echo OR OLD.status <> NEW.status
BEGIN
    INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
    VALUES (NEW.tenant_id, NEW.principal_id, 'media_buys',
        (NEW.status <> 'rejected' AND NEW.status <> 'canceled' AND NEW.status <> 'completed' AND NEW.status <> 'failed')
        - (OLD.status <> 'rejected' AND OLD.status <> 'canceled' AND OLD.status <> 'completed'
           AND OLD.status <> 'failed'),
        length(CAST(NEW.doc AS BLOB)) + length(CAST(NEW.echo AS BLOB)) - length(CAST(OLD.doc AS BLOB))
        - length(CAST(OLD.echo AS BLOB)))
    ON CONFLICT DO UPDATE SET things = things + excluded.things, bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER stored_package_new AFTER INSERT ON package
BEGIN
    INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
    VALUES ((SELECT tenant_id FROM media_buy WHERE media_buy_id = NEW.media_buy_id),
            (SELECT principal_id FROM media_buy WHERE media_buy_id = NEW.media_buy_id),
            'media_buys', 0, length(CAST(NEW.doc AS BLOB)))
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;

CREATE TRIGGER stored_package_changed AFTER UPDATE OF doc ON package WHEN OLD.doc <> NEW.doc
BEGIN
    INSERT INTO stored (tenant_id, principal_id, kind, things, bytes)
    VALUES ((SELECT tenant_id FROM media_buy WHERE media_buy_id = NEW.media_buy_id),
            (SELECT principal_id FROM media_buy WHERE media_buy_id = NEW.media_buy_id),
            'media_buys', 0, length(CAST(NEW.doc AS BLOB)) - length(CAST(OLD.doc AS BLOB)))
    ON CONFLICT DO UPDATE SET bytes = bytes + excluded.bytes;
END;
