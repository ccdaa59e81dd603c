-- Hosts are matched without port and in small letters; one that could never match because of them does now. Where two
-- publishers would get the same host the second one keeps what it had.
UPDATE OR IGNORE tenant SET host = lower(CASE WHEN instr(host, ':') > 1 THEN substr(host, 1, instr(host, ':') - 1) ELSE host END)
WHERE host IS NOT NULL;
