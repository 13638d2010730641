-- Webhooks (docs/format.md F11.1 to F11.9): who is told of which events of the audit log. The log itself is what waits to be sent: `cursor`
-- is the last event that was looked at for this webhook, and only what could not be delivered at once has a row of its own.
CREATE TABLE webhooks (
    webhook_id   TEXT PRIMARY KEY,
    url          TEXT NOT NULL,
    events       TEXT NOT NULL,
    filter       TEXT NOT NULL,
    description  TEXT,
    -- The secret is made of this and of a key that rests sealed; by itself it is worth nothing. The other is the secret's SHA-256.
    salt         BLOB NOT NULL CHECK (length(salt) = 32),
    secret_hash  BLOB NOT NULL CHECK (length(secret_hash) = 32),
    old_salt     BLOB,
    old_hash     BLOB,
    old_until    INTEGER,
    cursor       INTEGER NOT NULL,
    created_at   INTEGER NOT NULL,
    created_by   TEXT NOT NULL,
    disabled_at  INTEGER,
    disabled_why TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE webhook_deliveries (
    webhook_id TEXT NOT NULL,
    sequence   INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    attempts   INTEGER NOT NULL,
    tried_at   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    last_error TEXT,
    PRIMARY KEY (webhook_id, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook_id, state, sequence);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';

-- The key, among those that rest sealed, that all secrets are made of. It signs nothing that leaves the issuer.
CREATE TABLE webhook_key (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    key_id TEXT NOT NULL
) STRICT;

-- Which issuer sends, and until when it alone may: of several on one database, one does.
CREATE TABLE webhook_sender (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    holder     TEXT NOT NULL,
    held_until INTEGER NOT NULL
) STRICT;
