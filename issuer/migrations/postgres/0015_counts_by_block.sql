-- Decisions are counted when their block is full, as it is noted then what its events are found by; those of the block that fills
-- are counted when they are asked for.
UPDATE audit_counts SET count = audit_counts.count - filling.count FROM (
    SELECT (at - ((at % 3600) + 3600) % 3600) / 3600 AS hour, agent_id, outcome, reason, count(*) AS count FROM (
        SELECT coalesce(evaluated_at, received_at) AS at, coalesce(agent_id, '') AS agent_id, outcome, coalesce(reason, '') AS reason
        FROM audit_events WHERE sequence > (SELECT size / 4096 * 4096 FROM audit_head WHERE id = 1)
            AND sequence <= (SELECT size FROM audit_head WHERE id = 1) AND kind = 'decision' AND outcome IS NOT NULL
    ) decisions GROUP BY 1, 2, 3, 4
) filling
WHERE audit_counts.hour = filling.hour AND audit_counts.agent_id = filling.agent_id
    AND audit_counts.outcome = filling.outcome AND audit_counts.reason = filling.reason;
DELETE FROM audit_counts WHERE count <= 0;
