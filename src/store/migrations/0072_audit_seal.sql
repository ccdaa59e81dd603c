-- Trails written before there was a head (0070) get one whose seal says so; the agent seals it at its next start and
-- writes that into the trail (domain/core/audit.h, audit_seal_first).
INSERT INTO audit_head (one, seq, hash, seal)
    SELECT 1, seq, hash, zeroblob(32) FROM audit
    WHERE seq = (SELECT max(seq) FROM audit) AND NOT EXISTS (SELECT 1 FROM audit_head);
