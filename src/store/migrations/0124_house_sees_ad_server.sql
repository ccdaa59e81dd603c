-- The built-in ad server hears of changes of a publisher's ad servers, too: its settings are there.
CREATE TRIGGER house_sees_new_ad_server AFTER INSERT ON ad_server
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_ad_server AFTER UPDATE OF name, adapter, position, settings ON ad_server
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = NEW.tenant_id;
END;
CREATE TRIGGER house_sees_ad_server_go AFTER DELETE ON ad_server
BEGIN
    UPDATE house_publisher SET seq = (SELECT max(seq) + 1 FROM house_publisher) WHERE tenant_id = OLD.tenant_id;
END;
