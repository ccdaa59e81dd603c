-- E-mail addresses of the publisher's people, by which they come in from an identity provider. At the first sign-in the
-- address is bound to who the provider says it is; after that the provider's name for the person counts, and an address that
-- was given to somebody else opens nothing.
CREATE TABLE person_email (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    email        TEXT NOT NULL,           -- in lower case
    issuer       TEXT NOT NULL,           -- the provider; '' nobody has signed in with it yet
    subject      TEXT NOT NULL,           -- the person's name there
    PRIMARY KEY (tenant_id, principal_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX person_email_by_email ON person_email (tenant_id, email);
CREATE UNIQUE INDEX person_email_by_subject ON person_email (tenant_id, issuer, subject) WHERE subject <> '';
