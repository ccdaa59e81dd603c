-- Drafts of the compact lifecycle (AdCP 3.2 request_proposals): immutable, gone once they have lapsed. What becomes of
-- one is a row of `proposal`.
CREATE TABLE proposal_draft (
    tenant_id    TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    proposal_id  TEXT NOT NULL,
    doc          TEXT NOT NULL,   -- core/canonical-proposal.json
    declined     INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, principal_id, proposal_id)
) STRICT, WITHOUT ROWID;
