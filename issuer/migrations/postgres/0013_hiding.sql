-- Attributes that the issuer hides when it takes an event in (docs/audit.md A26 to A29). The hash of such an event as it was reported is kept
-- salted, for duplicates and chains are told by it; where there is none, that is `body_hash`. The trigger looks at whole rows.
ALTER TABLE audit_events ADD COLUMN reported_hash BYTEA CHECK (reported_hash IS NULL OR octet_length(reported_hash) = 32);

-- What the key of the hashes is made of, with the key that rests sealed for secrets: worth nothing by itself. The other is the
-- key's SHA-256. Once it is there, nothing that could be tried out is stored any more.
CREATE TABLE audit_hiding (
    id   BIGINT PRIMARY KEY CHECK (id = 1),
    salt BYTEA NOT NULL CHECK (octet_length(salt) = 32),
    hash BYTEA NOT NULL CHECK (octet_length(hash) = 32)
);
