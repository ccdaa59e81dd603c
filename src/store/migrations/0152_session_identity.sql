-- Whom the identity provider vouched for when the session was opened; '' for one by link or password, which an administrator of
-- this publisher can open for anybody and which is therefore worth nothing at another publisher.
ALTER TABLE session ADD COLUMN issuer TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN subject TEXT NOT NULL DEFAULT '';
