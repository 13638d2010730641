//! What stands beside the events, written in one statement: its columns as lists.

use sqlx::postgres::PgConnection;

use super::audit::settled::Settled;
use super::driver::Failure;

const SETTLE: &str = "\
    WITH tiles AS ( \
        INSERT INTO audit_tiles (level, tile, hashes) SELECT * FROM unnest($3::BIGINT[], $4::BIGINT[], $5::BYTEA[]) \
        ON CONFLICT (level, tile) DO UPDATE SET hashes = excluded.hashes \
    ), counts AS ( \
        INSERT INTO audit_counts (hour, agent_id, outcome, reason, count) \
        SELECT * FROM unnest($6::BIGINT[], $7::TEXT[], $8::TEXT[], $9::TEXT[], $10::BIGINT[]) \
        ON CONFLICT (hour, agent_id, outcome, reason) DO UPDATE SET count = audit_counts.count + excluded.count \
    ), reporters AS ( \
        INSERT INTO audit_reporters (reporter, last_sequence, last_at) SELECT * FROM unnest($11::TEXT[], $12::BIGINT[], $13::BIGINT[]) \
        ON CONFLICT (reporter) DO UPDATE SET last_sequence = excluded.last_sequence, last_at = excluded.last_at \
    ), chains AS ( \
        INSERT INTO audit_chains (reporter, first_seq, last_seq, last_hash, last_at) \
        SELECT * FROM unnest($14::TEXT[], $15::BIGINT[], $16::BIGINT[], $17::BYTEA[], $18::BIGINT[]) \
        ON CONFLICT (reporter, first_seq) DO UPDATE \
        SET last_seq = excluded.last_seq, last_hash = excluded.last_hash, last_at = excluded.last_at \
    ) UPDATE audit_head SET size = $1, edge = $2 WHERE id = 1";

/// Writes it.
pub(super) async fn settle(conn: &mut PgConnection, settled: Settled<'_>) -> Result<(), Failure> {
    let Settled { size, edge, tiles, counts, reporters, chains } = settled;
    let settle = sqlx::query(SETTLE)
        .bind(size)
        .bind(edge)
        .bind(tiles.iter().map(|tile| tile.level).collect::<Vec<_>>())
        .bind(tiles.iter().map(|tile| tile.number).collect::<Vec<_>>())
        .bind(tiles.iter().map(|tile| tile.hashes.as_slice()).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.hour).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.agent.as_str()).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.outcome.as_str()).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.reason.as_str()).collect::<Vec<_>>())
        .bind(counts.iter().map(|count| count.more).collect::<Vec<_>>())
        .bind(reporters.iter().map(|last| last.reporter).collect::<Vec<_>>())
        .bind(reporters.iter().map(|last| last.sequence).collect::<Vec<_>>())
        .bind(reporters.iter().map(|last| last.at).collect::<Vec<_>>())
        .bind(chains.iter().map(|moved| moved.reporter).collect::<Vec<_>>())
        .bind(chains.iter().map(|moved| moved.chain.first_seq).collect::<Vec<_>>())
        .bind(chains.iter().map(|moved| moved.chain.last_seq).collect::<Vec<_>>())
        .bind(chains.iter().map(|moved| moved.chain.last_hash.as_slice()).collect::<Vec<_>>())
        .bind(chains.iter().map(|moved| moved.at).collect::<Vec<_>>());
    settle.execute(conn).await?;
    Ok(())
}
