-- The audit log proves itself: its events are the leaves of a Merkle tree, in the order of acceptance, from 1 on and without
-- a gap. Of what can be asked for, spans of 256 events are indexed, by blocks, and not each event: far less to write for each,
-- and a span is quickly read. A release before this one cannot read it.
DROP TRIGGER audit_events_never_updated;
DROP TRIGGER audit_events_never_deleted;
DROP INDEX audit_events_first;
DROP INDEX audit_events_conflicting;
DROP INDEX audit_events_of_agent;
DROP INDEX audit_events_of_passport;
DROP INDEX audit_events_of_reporter;
DROP INDEX audit_events_seq;
DROP INDEX audit_events_time;
ALTER TABLE audit_events RENAME TO audit_events_before;

CREATE TABLE audit_events (
    sequence     INTEGER PRIMARY KEY,
    event_id     TEXT NOT NULL,
    kind         TEXT NOT NULL CHECK (kind IN ('decision', 'admin')),
    reporter     TEXT NOT NULL,
    seq          INTEGER,
    request_id   TEXT NOT NULL,
    body         TEXT NOT NULL,
    body_hash    BLOB NOT NULL CHECK (length(body_hash) = 32),
    received_at  INTEGER NOT NULL,
    evaluated_at INTEGER,
    agent_id     TEXT,
    passport_id  TEXT,
    outcome      TEXT,
    reason       TEXT,
    action       TEXT,
    resource     TEXT,
    conflict     INTEGER NOT NULL DEFAULT 0 CHECK (conflict IN (0, 1))
) STRICT;
INSERT INTO audit_events
    SELECT row_number() OVER (ORDER BY sequence), event_id, kind, reporter, seq, request_id, body, unhex(body_hash), received_at,
        evaluated_at, agent_id, passport_id, outcome, reason, action, resource, conflict
    FROM audit_events_before ORDER BY sequence;
DROP TABLE audit_events_before;

-- One decision per (reporter, request id); a different body under the same id is kept beside it, once.
-- Admin events have no part in this, so that nobody can block a change by reporting its request id first.
-- The request id comes first: most are made of the time (UUIDv7), so that new ones stand side by side, whoever reports them.
CREATE UNIQUE INDEX audit_events_first ON audit_events (request_id, reporter)
    WHERE kind = 'decision' AND conflict = 0;
CREATE UNIQUE INDEX audit_events_conflicting ON audit_events (request_id, reporter, body_hash)
    WHERE kind = 'decision' AND conflict = 1;
-- Ids are random. Where few events are written, it is looked that none comes twice.
CREATE UNIQUE INDEX audit_events_of_admins ON audit_events (event_id) WHERE kind = 'admin';
CREATE INDEX audit_events_changes ON audit_events (request_id) WHERE kind = 'admin';

CREATE TRIGGER audit_events_never_updated BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;
CREATE TRIGGER audit_events_never_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;

-- How many events the tree and the tables below have, and the right edge of the tree: what it takes to go on. Rows of
-- audit_events beyond it (after this step) are taken in when the store is opened.
CREATE TABLE audit_head (
    id   INTEGER PRIMARY KEY CHECK (id = 1),
    size INTEGER NOT NULL,
    edge BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (id, size, edge) VALUES (1, 0, zeroblob(8));

-- Hashes of complete subtrees, 256 to a tile, as the C2SP tiles have them. The last tile of a level grows.
CREATE TABLE audit_tiles (
    level  INTEGER NOT NULL,
    tile   INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, tile)
) STRICT;

-- Which of the 16 spans of a block have an event with this, by bit. Block 0 has the sequences 1 to 4,096, its span 0 those to
-- 256. It is written when the block is full; the events of one that is not are read through.
CREATE TABLE audit_terms (
    term  INTEGER NOT NULL,
    value TEXT NOT NULL,
    block INTEGER NOT NULL,
    spans INTEGER NOT NULL,
    PRIMARY KEY (term, value, block)
) STRICT, WITHOUT ROWID;

-- Between which times the events of a full block lie, by evaluated_at, or received_at where there is none.
CREATE TABLE audit_blocks (
    block    INTEGER PRIMARY KEY,
    min_time INTEGER NOT NULL,
    max_time INTEGER NOT NULL
) STRICT;

-- How many decisions there were, by the hour of the same time (seconds since 1970, divided by 3,600).
CREATE TABLE audit_counts (
    hour     INTEGER NOT NULL,
    agent_id TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    reason   TEXT NOT NULL,
    count    INTEGER NOT NULL,
    PRIMARY KEY (hour, agent_id, outcome, reason)
) STRICT, WITHOUT ROWID;

-- Who has reported anything, and the last of it.
CREATE TABLE audit_reporters (
    reporter      TEXT PRIMARY KEY,
    last_sequence INTEGER NOT NULL,
    last_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The chains of each reporter, by the first number of each, and what they have come to.
CREATE TABLE audit_chains (
    reporter  TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq  INTEGER NOT NULL,
    last_hash BLOB NOT NULL,
    last_at   INTEGER NOT NULL,
    PRIMARY KEY (reporter, first_seq)
) STRICT, WITHOUT ROWID;

-- What was found wrong with a chain: numbers that did not come (a gap; resolved when they did), or that came twice or do
-- not follow from the event before (a fork).
CREATE TABLE audit_findings (
    finding     INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('gap', 'fork')),
    reporter    TEXT NOT NULL,
    from_seq    INTEGER NOT NULL,
    to_seq      INTEGER NOT NULL,
    sequence    INTEGER NOT NULL,
    found_at    INTEGER NOT NULL,
    resolved_at INTEGER
) STRICT;
CREATE INDEX audit_findings_open ON audit_findings (reporter, from_seq) WHERE kind = 'gap' AND resolved_at IS NULL;
