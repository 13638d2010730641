-- Bodies can be dropped by age. Up to which event they are is told first; then the body of one up to there may become an empty
-- text, and nothing else of it may change, so that its leaf in the tree stays what it is. A column that is added to
-- audit_events has to be added to the trigger.
CREATE TABLE audit_retention (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    dropped_to INTEGER NOT NULL,
    -- Bodies that were dropped since an event last told of any.
    untold     INTEGER NOT NULL
) STRICT;
INSERT INTO audit_retention (id, dropped_to, untold) VALUES (1, 0, 0);

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
