-- Nonces of signed requests that could still be replayed: digests (protocols/nonces.h), so that a restart forgets none.
CREATE TABLE request_nonce (
    key_digest INTEGER NOT NULL,            -- of the keyid
    hi         INTEGER NOT NULL,            -- of target and nonce
    lo         INTEGER NOT NULL,
    until_s    INTEGER NOT NULL,
    PRIMARY KEY (key_digest, hi, lo)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_nonce_by_time ON request_nonce (until_s);
