-- The issuer's first schema. Times are integer seconds since 1970-01-01 UTC; booleans are 0 or 1, so that the
-- statements read the same on other databases. A migration that has been released is never edited: add a new file.

-- Which issuer this database belongs to: set at the first start, and checked at every later one.
CREATE TABLE issuer (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    issuer TEXT NOT NULL
) STRICT;

-- One counter that every change of trust raises by one, in the same transaction.
CREATE TABLE trust (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
) STRICT;
INSERT INTO trust (id, sequence) VALUES (1, 0);

CREATE TABLE agents (
    agent_id    TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT,
    disabled_at INTEGER,
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
    key_id        TEXT PRIMARY KEY,
    public_x      TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('next', 'active', 'retired', 'revoked')),
    created_at    INTEGER NOT NULL,
    activated_at  INTEGER,
    retired_at    INTEGER,
    retire_until  INTEGER,
    revoked_at    INTEGER,
    revoke_reason TEXT,
    CHECK ((state = 'revoked') = (revoked_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
-- Never two active keys, never two next ones.
CREATE UNIQUE INDEX keys_one_active_one_next ON keys (state) WHERE state IN ('active', 'next');

CREATE TABLE status_lists (
    list INTEGER PRIMARY KEY,
    size INTEGER NOT NULL CHECK (size > 0),
    used INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND size)
) STRICT;

-- `claims` is the exact payload text. The token and its signature are never stored.
CREATE TABLE passports (
    ordinal       INTEGER PRIMARY KEY AUTOINCREMENT,
    passport_id   TEXT NOT NULL UNIQUE,
    agent_id      TEXT NOT NULL REFERENCES agents (agent_id),
    key_id        TEXT NOT NULL REFERENCES keys (key_id),
    claims        TEXT NOT NULL,
    audience      TEXT NOT NULL,
    issued_at     INTEGER NOT NULL,
    not_before    INTEGER,
    expires_at    INTEGER NOT NULL,
    status_list   INTEGER NOT NULL REFERENCES status_lists (list),
    status_index  INTEGER NOT NULL CHECK (status_index >= 0),
    revoked_at    INTEGER,
    revoke_reason TEXT,
    issued_by     TEXT NOT NULL,
    UNIQUE (status_list, status_index)
) STRICT;
CREATE INDEX passports_of_agent ON passports (agent_id, ordinal);
CREATE INDEX passports_of_key ON passports (key_id, expires_at);
CREATE INDEX passports_revoked ON passports (status_list, status_index) WHERE revoked_at IS NOT NULL;

-- Decisions that verifiers report and changes that admins make, in order of acceptance. `body` is the exact JSON.
CREATE TABLE audit_events (
    sequence     INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id     TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL CHECK (kind IN ('decision', 'admin')),
    reporter     TEXT NOT NULL,
    seq          INTEGER,
    request_id   TEXT NOT NULL,
    body         TEXT NOT NULL,
    body_hash    TEXT NOT NULL,
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
-- One decision per (reporter, request id); a different body under the same id is kept beside it, once.
-- Admin events have no part in this, so that nobody can block a change by reporting its request id first.
CREATE UNIQUE INDEX audit_events_first ON audit_events (reporter, request_id)
    WHERE kind = 'decision' AND conflict = 0;
CREATE UNIQUE INDEX audit_events_conflicting ON audit_events (reporter, request_id, body_hash)
    WHERE kind = 'decision' AND conflict = 1;
CREATE INDEX audit_events_of_agent ON audit_events (agent_id, sequence) WHERE agent_id IS NOT NULL;
CREATE INDEX audit_events_of_passport ON audit_events (passport_id, sequence) WHERE passport_id IS NOT NULL;
CREATE INDEX audit_events_of_reporter ON audit_events (reporter, sequence);
CREATE INDEX audit_events_seq ON audit_events (reporter, seq) WHERE kind = 'decision' AND seq IS NOT NULL;
CREATE INDEX audit_events_time ON audit_events (coalesce(evaluated_at, received_at));

CREATE TRIGGER audit_events_never_updated BEFORE UPDATE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;
CREATE TRIGGER audit_events_never_deleted BEFORE DELETE ON audit_events
BEGIN SELECT RAISE(ABORT, 'audit events are append-only'); END;
