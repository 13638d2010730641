-- Decisions are reached again by the issuer, in the background. What was revoked before this step is judged by time alone:
-- 0 stands for a sequence that nobody noted.
ALTER TABLE passports ADD COLUMN revoked_sequence INTEGER;
ALTER TABLE keys ADD COLUMN revoked_sequence INTEGER;
UPDATE passports SET revoked_sequence = 0 WHERE revoked_at IS NOT NULL;
UPDATE keys SET revoked_sequence = 0 WHERE revoked_at IS NOT NULL;
-- Those whose sequence is still to be noted: in a transaction that revokes, and nowhere else.
CREATE INDEX passports_to_note ON passports (passport_id) WHERE revoked_at IS NOT NULL AND revoked_sequence IS NULL;

-- Up to which event of the log that was done, and who does it now, and until when.
CREATE TABLE audit_redecided (
    id           INTEGER PRIMARY KEY CHECK (id = 1),
    sequence     INTEGER NOT NULL,
    lease_holder TEXT NOT NULL,
    lease_until  INTEGER NOT NULL
) STRICT;
INSERT INTO audit_redecided (id, sequence, lease_holder, lease_until) VALUES (1, 0, '', 0);

-- Decisions that the issuer comes to another answer for, by their place in the log.
CREATE TABLE audit_differences (
    sequence    INTEGER PRIMARY KEY,
    reporter    TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    passport_id TEXT,
    kind        TEXT NOT NULL,
    reported    TEXT NOT NULL,
    expected    TEXT NOT NULL,
    found_at    INTEGER NOT NULL
) STRICT;
CREATE INDEX audit_differences_of_reporter ON audit_differences (reporter, sequence);
