//! Rows of values for statements that the driver keeps ready: a text for each number of rows would be read anew each time, which
//! costs more than it does. So a statement has room for some more, and leaves those out that have no first column.

use sqlx::Arguments as _;
use sqlx::sqlite::SqliteArguments;

/// What a statement can select: as many rows of so many columns as the least of `rooms` that `rows` fit into.
pub(super) fn rows_of(columns: usize, room: usize) -> String {
    let row = format!("({}?)", "?, ".repeat(columns.saturating_sub(1)));
    let more = format!(", {row}").repeat(room.saturating_sub(1));
    format!("SELECT * FROM (VALUES {row}{more}) WHERE column1 IS NOT NULL")
}

/// The least of these that so many rows fit into; they are in their order, and nothing is greater than the last.
pub(super) fn room_for(rows: usize, rooms: &[usize]) -> usize {
    rooms.iter().copied().find(|room| rows <= *room).unwrap_or(rows)
}

/// Fills up the rows that are left over.
pub(super) fn fill_up(arguments: &mut SqliteArguments, values: usize) -> Result<(), sqlx::Error> {
    (0..values).try_for_each(|_| arguments.add(None::<i64>)).map_err(sqlx::Error::Encode)
}
