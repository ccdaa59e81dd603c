-- What stands booked on a product, kept summed so that asking costs the same after ten thousand buys as after ten:
-- one row a product and flight, flights counted in whole hours since the epoch (a shorter one counts as an hour).
-- Triggers keep it, so it cannot differ from the packages whoever writes them; what is promised is whole impressions,
-- so nothing drifts. An account is a sandbox account from its first to its last day.

CREATE TABLE product_flight (
    tenant_id   TEXT NOT NULL,
    product_id  TEXT NOT NULL,
    end_hour    INTEGER NOT NULL,
    start_hour  INTEGER NOT NULL,
    impressions INTEGER NOT NULL CHECK (impressions >= 0),
    PRIMARY KEY (tenant_id, product_id, end_hour, start_hour),
    CHECK (start_hour < end_hour)
) STRICT, WITHOUT ROWID;

-- The packages that count, as the sums count them.
CREATE VIEW booked_package AS
SELECT m.tenant_id, p.product_id, p.media_buy_id, p.package_id,
       max(p.end_at / 3600000000, p.start_at / 3600000000 + 1) AS end_hour,
       p.start_at / 3600000000 AS start_hour, p.impressions_goal AS impressions
  FROM package p
  JOIN media_buy m ON m.media_buy_id = p.media_buy_id
  LEFT JOIN account a ON a.tenant_id = m.tenant_id AND a.account_id = m.account_id
 WHERE p.canceled_at IS NULL AND p.impressions_goal > 0 AND p.end_at > p.start_at
   AND m.status NOT IN ('rejected', 'canceled', 'completed', 'failed') AND coalesce(a.sandbox, 0) = 0;

INSERT INTO product_flight (tenant_id, product_id, end_hour, start_hour, impressions)
SELECT tenant_id, product_id, end_hour, start_hour, sum(impressions)
  FROM booked_package GROUP BY tenant_id, product_id, end_hour, start_hour;

CREATE TRIGGER product_flight_empty AFTER UPDATE OF impressions ON product_flight WHEN NEW.impressions = 0
BEGIN
    DELETE FROM product_flight WHERE tenant_id = NEW.tenant_id AND product_id = NEW.product_id
       AND end_hour = NEW.end_hour AND start_hour = NEW.start_hour;
END;

CREATE TRIGGER package_booked AFTER INSERT ON package
BEGIN
    INSERT INTO product_flight (tenant_id, product_id, end_hour, start_hour, impressions)
    SELECT tenant_id, product_id, end_hour, start_hour, impressions FROM booked_package
     WHERE package_id = NEW.package_id
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
WHEN OLD.status NOT IN ('rejected', 'canceled', 'completed', 'failed')
 AND NEW.status IN ('rejected', 'canceled', 'completed', 'failed')
BEGIN
    UPDATE product_flight SET impressions = product_flight.impressions - b.impressions
      FROM (SELECT tenant_id, product_id, end_hour, start_hour, sum(impressions) AS impressions FROM booked_package
             WHERE media_buy_id = OLD.media_buy_id GROUP BY product_id, end_hour, start_hour) AS b
     WHERE product_flight.tenant_id = b.tenant_id AND product_flight.product_id = b.product_id
       AND product_flight.end_hour = b.end_hour AND product_flight.start_hour = b.start_hour;
END;

CREATE TRIGGER media_buy_rebooked AFTER UPDATE OF status ON media_buy
WHEN OLD.status IN ('rejected', 'canceled', 'completed', 'failed')
 AND NEW.status NOT IN ('rejected', 'canceled', 'completed', 'failed')
BEGIN
    INSERT INTO product_flight (tenant_id, product_id, end_hour, start_hour, impressions)
    SELECT tenant_id, product_id, end_hour, start_hour, impressions FROM booked_package
     WHERE media_buy_id = NEW.media_buy_id
    ON CONFLICT DO UPDATE SET impressions = impressions + excluded.impressions;
END;

-- Nothing but that sum asked by product, or by product and time.
DROP INDEX package_by_product;
CREATE INDEX proposal_hold_live ON proposal_hold (tenant_id, product_id, expires_at);
