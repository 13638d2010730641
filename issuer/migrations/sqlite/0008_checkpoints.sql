-- The log's own key, told by its public half: one row once there is one. Signing is held while held_at is there: the log may
-- have lost what it had. resumed_after is the largest checkpoint that was let be when an admin had it go on.
CREATE TABLE audit_log (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    verifier_key  TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    held_at       INTEGER,
    held_why      TEXT,
    resumed_after INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Every checkpoint that was signed, as a signed note. When is the issuer's word alone: it is in no signature.
CREATE TABLE audit_checkpoints (
    size      INTEGER PRIMARY KEY,
    note      TEXT NOT NULL,
    signed_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_checkpoints_never_updated BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
CREATE TRIGGER audit_checkpoints_never_deleted BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'checkpoints are append-only'); END;
