-- Tables are called what they hold: objects of buyers (0060), and when a remote ad server was last polled (0036).
ALTER TABLE held RENAME TO buyer_object;
ALTER TABLE held_part RENAME TO buyer_object_part;
ALTER TABLE reading RENAME TO delivery_poll;
