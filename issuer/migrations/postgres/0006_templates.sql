-- Templates (docs/format.md F2.13 to F2.20): each save is a revision of its own, kept for good. A template that was deleted
-- and is created again goes on with its numbers, so that a name and a revision mean one thing for ever.
CREATE TABLE templates (
    name       TEXT COLLATE "C" NOT NULL,
    revision   BIGINT NOT NULL CHECK (revision > 0),
    body       TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    created_by TEXT COLLATE "C" NOT NULL,
    saved_at   BIGINT NOT NULL,
    saved_by   TEXT COLLATE "C" NOT NULL,
    deleted_at BIGINT,
    PRIMARY KEY (name, revision)
);

-- By which template a passport was issued, and with which values.
ALTER TABLE passports ADD COLUMN template TEXT COLLATE "C";
ALTER TABLE passports ADD COLUMN template_revision BIGINT;
ALTER TABLE passports ADD COLUMN template_parameters TEXT COLLATE "C";
CREATE INDEX passports_of_template ON passports (template, ordinal) WHERE template IS NOT NULL;
