-- A person whom an identity provider knows by one name may serve several publishers.
CREATE INDEX person_email_by_identity ON person_email (issuer, subject) WHERE subject <> '';
