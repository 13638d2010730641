//! What stands beside the events, written at once: several statements in one text, which the driver runs one after the other.
//! Each by itself would be a way to the driver's thread and back, and that is what a small group would wait for.

use sqlx::error::BoxDynError;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe};

use super::audit::settled::{Count, Last, Moved, Settled, Tile};
use super::driver::{DbConnection, Failure};
use super::values::{fill_up, room_for, rows_of};

/// Rows of one table that a statement has room for. The driver keeps a text ready for each way to choose one for every table; few
/// of those are met.
const ROOMS: [usize; 4] = [4, 16, 64, 256];

/// Rows of one table that are written at once.
const PART: usize = 256;

/// Writes it.
pub(super) async fn settle(conn: &mut DbConnection, settled: Settled<'_>) -> Result<(), Failure> {
    let (mut tiles, mut counts) = (settled.tiles.chunks(PART), settled.counts.chunks(PART));
    let (mut reporters, mut chains) = (settled.reporters.chunks(PART), settled.chains.chunks(PART));
    let mut part = Part::head(settled.size, settled.edge)?;
    loop {
        part.upsert(tiles.next())?;
        part.upsert(counts.next())?;
        part.upsert(reporters.next())?;
        part.upsert(chains.next())?;
        if part.text.is_empty() {
            return Ok(());
        }
        let Part { text, arguments } = std::mem::take(&mut part);
        sqlx::query_with(AssertSqlSafe(text), arguments).execute(&mut *conn).await?;
    }
}

/// What is run at once.
#[derive(Default)]
struct Part {
    text: String,
    arguments: SqliteArguments,
}

impl Part {
    fn head(size: i64, edge: Vec<u8>) -> Result<Self, sqlx::Error> {
        let mut arguments = SqliteArguments::default();
        arguments.add(size).and_then(|()| arguments.add(edge)).map_err(sqlx::Error::Encode)?;
        Ok(Self { text: "UPDATE audit_head SET size = ?, edge = ? WHERE id = 1;".to_owned(), arguments })
    }

    fn upsert<R: Beside>(&mut self, rows: Option<&[R]>) -> Result<(), sqlx::Error> {
        let Some(rows) = rows else { return Ok(()) };
        let room = room_for(rows.len(), &ROOMS);
        for part in ["INSERT INTO ", R::INTO, " ", &rows_of(R::COLUMNS, room), " ON CONFLICT ", R::THERE, ";"] {
            self.text.push_str(part);
        }
        rows.iter().try_for_each(|row| row.push(&mut self.arguments)).map_err(sqlx::Error::Encode)?;
        fill_up(&mut self.arguments, (room - rows.len()) * R::COLUMNS)
    }
}

/// A row of a table that stands beside the events.
trait Beside {
    /// The table and its columns.
    const INTO: &'static str;
    /// How many those are.
    const COLUMNS: usize;
    /// The key, and what becomes of a row that has it.
    const THERE: &'static str;

    fn push(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError>;
}

impl Beside for Tile {
    const INTO: &'static str = "audit_tiles (level, tile, hashes)";
    const COLUMNS: usize = 3;
    const THERE: &'static str = "(level, tile) DO UPDATE SET hashes = excluded.hashes";

    fn push(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(self.level)?;
        arguments.add(self.number)?;
        arguments.add(self.hashes.as_slice())
    }
}

impl Beside for Count {
    const INTO: &'static str = "audit_counts (hour, agent_id, outcome, reason, count)";
    const COLUMNS: usize = 5;
    const THERE: &'static str = "(hour, agent_id, outcome, reason) DO UPDATE SET count = audit_counts.count + excluded.count";

    fn push(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(self.hour)?;
        arguments.add(self.agent.as_str())?;
        arguments.add(self.outcome.as_str())?;
        arguments.add(self.reason.as_str())?;
        arguments.add(self.more)
    }
}

impl Beside for Last<'_> {
    const INTO: &'static str = "audit_reporters (reporter, last_sequence, last_at)";
    const COLUMNS: usize = 3;
    const THERE: &'static str = "(reporter) DO UPDATE SET last_sequence = excluded.last_sequence, last_at = excluded.last_at";

    fn push(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(self.reporter)?;
        arguments.add(self.sequence)?;
        arguments.add(self.at)
    }
}

impl Beside for Moved<'_> {
    const INTO: &'static str = "audit_chains (reporter, first_seq, last_seq, last_hash, last_at)";
    const COLUMNS: usize = 5;
    const THERE: &'static str = "(reporter, first_seq) DO UPDATE SET last_seq = excluded.last_seq, last_hash = excluded.last_hash, \
         last_at = excluded.last_at";

    fn push(&self, arguments: &mut SqliteArguments) -> Result<(), BoxDynError> {
        arguments.add(self.reporter)?;
        arguments.add(self.chain.first_seq)?;
        arguments.add(self.chain.last_seq)?;
        arguments.add(self.chain.last_hash.as_slice())?;
        arguments.add(self.at)
    }
}
