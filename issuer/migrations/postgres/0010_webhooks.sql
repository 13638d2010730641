-- Webhooks (docs/format.md F11.1 to F11.9): who is told of which events of the audit log. The log itself is what waits to be sent: `cursor`
-- is the last event that was looked at for this webhook, and only what could not be delivered at once has a row of its own.
CREATE TABLE webhooks (
    webhook_id   TEXT COLLATE "C" PRIMARY KEY,
    url          TEXT COLLATE "C" NOT NULL,
    events       TEXT COLLATE "C" NOT NULL,
    filter       TEXT COLLATE "C" NOT NULL,
    description  TEXT COLLATE "C",
    -- The secret is made of this and of a key that rests sealed; by itself it is worth nothing. The other is the secret's SHA-256.
    salt         BYTEA NOT NULL CHECK (length(salt) = 32),
    secret_hash  BYTEA NOT NULL CHECK (length(secret_hash) = 32),
    old_salt     BYTEA,
    old_hash     BYTEA,
    old_until    BIGINT,
    cursor       BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    disabled_at  BIGINT,
    disabled_why TEXT COLLATE "C"
);

CREATE TABLE webhook_deliveries (
    webhook_id TEXT COLLATE "C" NOT NULL,
    sequence   BIGINT NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    state      TEXT COLLATE "C" NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    attempts   BIGINT NOT NULL,
    tried_at   BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    PRIMARY KEY (webhook_id, sequence)
);
CREATE INDEX webhook_deliveries_by_state ON webhook_deliveries (webhook_id, state, sequence);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (next_at) WHERE state = 'pending';

-- The key, among those that rest sealed, that all secrets are made of. It signs nothing that leaves the issuer.
CREATE TABLE webhook_key (
    id     BIGINT PRIMARY KEY CHECK (id = 1),
    key_id TEXT COLLATE "C" NOT NULL
);

-- Which issuer sends, and until when it alone may: of several on one database, one does.
CREATE TABLE webhook_sender (
    id         BIGINT PRIMARY KEY CHECK (id = 1),
    holder     TEXT COLLATE "C" NOT NULL,
    held_until BIGINT NOT NULL
);
