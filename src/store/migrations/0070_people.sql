-- What people decide and by which rules: the publisher's rules in their order, the moment at which time alone does
-- something to a task, and the head of the audit trail.

CREATE TABLE rule (
    tenant_id  TEXT NOT NULL REFERENCES tenant,
    rule_id    TEXT NOT NULL,
    position   INTEGER NOT NULL,          -- the first that matches counts
    doc        TEXT NOT NULL,             -- domain/rule/rule.h
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, rule_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX rule_by_position ON rule (tenant_id, position);

ALTER TABLE task ADD COLUMN next_at INTEGER; -- next reminder, escalation or lapse; the people timer sleeps until the least
CREATE INDEX task_by_next ON task (next_at) WHERE next_at IS NOT NULL;

-- How long the audit trail is and how it ends, sealed with a key that is not in the database: rows that were taken
-- from the end, or a chain computed anew, do not fit it.
CREATE TABLE audit_head (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    seq  INTEGER NOT NULL,
    hash BLOB NOT NULL,
    seal BLOB NOT NULL
) STRICT;
