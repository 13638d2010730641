-- The log's own key, told by its public half: one row once there is one. Signing is held while held_at is there: the log may
-- have lost what it had. resumed_after is the largest checkpoint that was let be when an admin had it go on.
CREATE TABLE audit_log (
    id            BIGINT PRIMARY KEY CHECK (id = 1),
    verifier_key  TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    held_at       BIGINT,
    held_why      TEXT COLLATE "C",
    resumed_after BIGINT NOT NULL DEFAULT 0
);

-- Every checkpoint that was signed, as a signed note. When is the issuer's word alone: it is in no signature.
CREATE TABLE audit_checkpoints (
    size      BIGINT PRIMARY KEY,
    note      TEXT COLLATE "C" NOT NULL,
    signed_at BIGINT NOT NULL
);

CREATE FUNCTION audit_checkpoints_are_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'checkpoints are append-only'; END $$;
CREATE TRIGGER audit_checkpoints_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit_checkpoints_are_append_only();
