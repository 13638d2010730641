-- Approvals (contract section 6): what agents ask people for, and what these said. No token is kept: it is made again,
-- the same in everything but the key, each time that its holder asks for it.
CREATE TABLE approvals (
    ordinal       INTEGER PRIMARY KEY AUTOINCREMENT,
    approval_id   TEXT NOT NULL UNIQUE,
    passport_id   TEXT NOT NULL REFERENCES passports (passport_id),
    agent_id      TEXT NOT NULL,
    request       TEXT NOT NULL,
    request_hash  TEXT NOT NULL,
    audience      TEXT NOT NULL,
    approvers     INTEGER NOT NULL CHECK (approvers BETWEEN 1 AND 4),
    state         TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired')),
    asked_at      INTEGER NOT NULL,
    pending_until INTEGER NOT NULL,
    decided_at    INTEGER,
    reason        TEXT,
    CHECK ((state IN ('approved', 'denied')) = (decided_at IS NOT NULL))
) STRICT;
-- One request of one passport to one service waits once.
CREATE UNIQUE INDEX approvals_waiting_once ON approvals (passport_id, request_hash, audience) WHERE state = 'pending';
CREATE INDEX approvals_by_state ON approvals (state, ordinal);

-- Who has said what. Nobody says anything twice.
CREATE TABLE approval_votes (
    approval_id TEXT NOT NULL REFERENCES approvals (approval_id),
    decided_by  TEXT NOT NULL,
    approves    INTEGER NOT NULL CHECK (approves IN (0, 1)),
    decided_at  INTEGER NOT NULL,
    PRIMARY KEY (approval_id, decided_by)
) STRICT, WITHOUT ROWID;
