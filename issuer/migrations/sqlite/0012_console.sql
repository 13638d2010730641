-- Sessions of the console, and links that open one once. Of both, the SHA-256 alone is here, in hexadecimal: what is in the
-- cookie or the link cannot be made of it.
CREATE TABLE console_sessions (
    session_hash TEXT PRIMARY KEY,
    passport_id  TEXT NOT NULL REFERENCES passports (passport_id),
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX console_sessions_of_passport ON console_sessions (passport_id, created_at);
CREATE INDEX console_sessions_by_end ON console_sessions (expires_at);

CREATE TABLE console_links (
    link_hash   TEXT PRIMARY KEY,
    passport_id TEXT NOT NULL REFERENCES passports (passport_id),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX console_links_of_passport ON console_links (passport_id, created_at);
CREATE INDEX console_links_by_end ON console_links (expires_at);
