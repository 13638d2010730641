-- Templates (docs/format.md F2.13 to F2.20): each save is a revision of its own, kept for good. A template that was deleted
-- and is created again goes on with its numbers, so that a name and a revision mean one thing for ever.
CREATE TABLE templates (
    name       TEXT NOT NULL,
    revision   INTEGER NOT NULL CHECK (revision > 0),
    body       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    saved_at   INTEGER NOT NULL,
    saved_by   TEXT NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (name, revision)
) STRICT, WITHOUT ROWID;

-- By which template a passport was issued, and with which values.
ALTER TABLE passports ADD COLUMN template TEXT;
ALTER TABLE passports ADD COLUMN template_revision INTEGER;
ALTER TABLE passports ADD COLUMN template_parameters TEXT;
CREATE INDEX passports_of_template ON passports (template, ordinal) WHERE template IS NOT NULL;
