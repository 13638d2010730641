-- Bodies can be dropped by age. Up to which event they are is told first; then the body of one up to there may become an empty
-- text, and nothing else of it may change, so that its leaf in the tree stays what it is.
CREATE TABLE audit_retention (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    dropped_to BIGINT NOT NULL,
    -- Bodies that were dropped since an event last told of any.
    untold     BIGINT NOT NULL
);
INSERT INTO audit_retention (id, dropped_to, untold) VALUES (1, 0, 0);

CREATE FUNCTION audit_events_lose_their_body_alone() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE
    allowed audit_events := OLD;
BEGIN
    allowed.body := '';
    IF NEW IS DISTINCT FROM allowed OR OLD.sequence > (SELECT dropped_to FROM audit_retention) THEN
        RAISE EXCEPTION 'audit events are append-only';
    END IF;
    RETURN NEW;
END $$;

DROP TRIGGER audit_events_never_changed ON audit_events;
CREATE TRIGGER audit_events_never_deleted BEFORE DELETE OR TRUNCATE ON audit_events
    FOR EACH STATEMENT EXECUTE FUNCTION audit_events_are_append_only();
CREATE TRIGGER audit_events_never_updated BEFORE UPDATE ON audit_events
    FOR EACH ROW EXECUTE FUNCTION audit_events_lose_their_body_alone();
