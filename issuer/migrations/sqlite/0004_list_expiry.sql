-- When the last passport with a place in a list ends: a full list is published no longer than that, and some.
ALTER TABLE status_lists ADD COLUMN last_expiry INTEGER NOT NULL DEFAULT 0;
UPDATE status_lists SET last_expiry = coalesce((SELECT max(expires_at) FROM passports WHERE status_list = list), 0);
