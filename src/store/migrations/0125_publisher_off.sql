-- Publishers that are off the air: nothing is answered in their name, nothing is sent, no ad is shown. Their data stays.
CREATE TABLE publisher_off (
    tenant_id TEXT PRIMARY KEY,
    since     INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    why       TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The built-in ad server hears of it (0100_house.sql).
CREATE TRIGGER house_sees_off AFTER INSERT ON publisher_off
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_on AFTER DELETE ON publisher_off
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = OLD.tenant_id;
END;
