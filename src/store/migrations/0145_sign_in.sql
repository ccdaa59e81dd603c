-- How the publisher's people sign in without a link: a password, and codes of an authenticator app.
CREATE TABLE sign_in (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    password     TEXT NOT NULL,           -- Argon2id, PHC string format
    password_at  INTEGER NOT NULL,        -- when it was set
    totp_key     TEXT NOT NULL,           -- sealed where the installation has keys; '' none
    totp_on      INTEGER NOT NULL,        -- 1: a code is wanted; 0: none was confirmed yet
    totp_step    INTEGER NOT NULL,        -- of the last code that was taken: none is taken twice
    PRIMARY KEY (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;
