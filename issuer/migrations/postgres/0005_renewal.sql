-- Renewal. A passport may be exchanged for a fresh one until `renew_until`, where its maker allowed that. All that came of
-- one passport are a lineage, named by the first of them; `lineage` is null in that first one itself, so that passports
-- that nobody renews, which are nearly all, cost nothing here and the table is not written anew.
ALTER TABLE passports ADD COLUMN renew_until BIGINT;
ALTER TABLE passports ADD COLUMN lineage TEXT COLLATE "C" REFERENCES passports (passport_id);
ALTER TABLE passports ADD COLUMN renewed_from TEXT COLLATE "C" REFERENCES passports (passport_id);
-- The key by whose revocation it was revoked although another had signed it.
ALTER TABLE passports ADD COLUMN revoked_with_key TEXT COLLATE "C" REFERENCES keys (key_id);
CREATE INDEX passports_of_lineage ON passports (lineage, ordinal) WHERE lineage IS NOT NULL;
CREATE INDEX passports_with_key ON passports (revoked_with_key, ordinal) WHERE revoked_with_key IS NOT NULL;
