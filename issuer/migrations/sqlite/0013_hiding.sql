-- Attributes that the issuer hides when it takes an event in (docs/audit.md A26 to A29). The hash of such an event as it was reported is kept
-- salted, for duplicates and chains are told by it; where there is none, that is `body_hash`.
ALTER TABLE audit_events ADD COLUMN reported_hash BLOB CHECK (reported_hash IS NULL OR length(reported_hash) = 32);

DROP TRIGGER audit_events_never_updated;
CREATE TRIGGER audit_events_never_updated BEFORE UPDATE ON audit_events
WHEN NOT (NEW.body = ''
    AND OLD.sequence <= (SELECT dropped_to FROM audit_retention)
    AND NEW.sequence IS OLD.sequence
    AND NEW.event_id IS OLD.event_id
    AND NEW.kind IS OLD.kind
    AND NEW.reporter IS OLD.reporter
    AND NEW.seq IS OLD.seq
    AND NEW.request_id IS OLD.request_id
    AND NEW.body_hash IS OLD.body_hash
    AND NEW.reported_hash IS OLD.reported_hash
    AND NEW.received_at IS OLD.received_at
    AND NEW.evaluated_at IS OLD.evaluated_at
    AND NEW.agent_id IS OLD.agent_id
    AND NEW.passport_id IS OLD.passport_id
    AND NEW.outcome IS OLD.outcome
    AND NEW.reason IS OLD.reason
    AND NEW.action IS OLD.action
    AND NEW.resource IS OLD.resource
    AND NEW.conflict IS OLD.conflict)
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;

-- What the key of the hashes is made of, with the key that rests sealed for secrets: worth nothing by itself. The other is the
-- key's SHA-256. Once it is there, nothing that could be tried out is stored any more.
CREATE TABLE audit_hiding (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    salt BLOB NOT NULL CHECK (length(salt) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
