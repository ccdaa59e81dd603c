-- What a job carries is written once, and its row twice for every attempt: so the two live apart, and claiming or finishing
-- a webhook does not rewrite its body.
CREATE TABLE job_payload (
    seq     INTEGER PRIMARY KEY,  -- job.seq
    payload TEXT NOT NULL
) STRICT;
INSERT INTO job_payload (seq, payload) SELECT seq, payload FROM job;
ALTER TABLE job DROP COLUMN payload;
