-- Which passports end before a moment (docs/format.md F7.11), without reading all there ever were.
CREATE INDEX passports_by_expiry ON passports (expires_at, ordinal);
