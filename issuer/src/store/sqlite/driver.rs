//! The driver's errors, and what they mean for the handle they came from. Nothing of the driver leaves this folder.

use crate::store::StoreError;

/// What the shared statements run on.
pub(super) type Db = sqlx::Sqlite;
/// A connection to it.
pub(super) type DbConnection = sqlx::SqliteConnection;
/// A row of an answer.
pub(super) type DbRow = sqlx::sqlite::SqliteRow;

/// The names of who approved the approval `a`, in their order, as a JSON list: each database makes one in its own way.
pub(super) const APPROVED_BY: &str = "(SELECT json_group_array(v.decided_by) FROM (SELECT decided_by FROM approval_votes \
     WHERE approval_id = a.approval_id AND approves = 1 ORDER BY decided_by) v)";

/// Whether statements go over the network: here they go to a thread of the driver's.
pub(super) const OVER_THE_NETWORK: bool = false;

/// Where a text begins within another, from 1, and 0 where it is not there: each database has a name of its own for it.
pub(super) const PLACE_OF: &str = "instr";

/// Why a statement, or the act around it, failed. It keeps the driver's error until the writer has judged it.
#[derive(Debug)]
pub(super) enum Failure {
    /// The act was refused; the handle is sound.
    Refused(StoreError),
    /// The driver failed.
    Driver(sqlx::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error,
            Failure::Driver(sqlx::Error::PoolClosed) => Self::Closed,
            Failure::Driver(error) if is_damage(&error) => Self::Corrupt { what: "a record", source: Box::new(error) },
            Failure::Driver(error) => Self::Unavailable(Box::new(error)),
        }
    }
}

// SQLite's primary result codes (sqlite.org/rescode.html).
const ERROR: i32 = 1;
const BUSY: i32 = 5;
const IOERR: i32 = 10;
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const CONSTRAINT: i32 = 19;
const NOTADB: i32 = 26;

/// SQLite's primary result code of this error, if the error is SQLite's.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

/// What is stored cannot be read.
fn is_damage(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(CORRUPT | NOTADB)) || matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
}

/// Whether a handle may acknowledge nothing more once a statement on it has failed with this.
pub(super) fn breaks_handle(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
        _ => matches!(primary_code(error), Some(IOERR | CORRUPT | NOTADB)),
    }
}

/// Whether a handle may acknowledge nothing more once COMMIT has failed with this. Stricter: only where SQLite says
/// plainly that the transaction was not committed (a full disk, a lock, a constraint) does the handle stay in use.
pub(super) fn breaks_handle_at_commit(error: &sqlx::Error) -> bool {
    !matches!(primary_code(error), Some(BUSY | FULL | CONSTRAINT))
}

/// Whether ROLLBACK has failed only because SQLite had rolled back by itself, as it does on a full disk.
pub(super) fn is_rolled_back_already(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(ERROR)
}

/// Turns a broken unique constraint into `conflict`, and leaves every other error as it is.
pub(super) fn unique_or(error: sqlx::Error, conflict: impl FnOnce() -> StoreError) -> Failure {
    match error.as_database_error() {
        Some(database) if database.is_unique_violation() => Failure::Refused(conflict()),
        _ => Failure::Driver(error),
    }
}

/// The conflict of an id that is taken.
pub(super) fn exists(what: &'static str, id: &str) -> StoreError {
    StoreError::Conflict { what, id: id.to_owned(), problem: "exists already".to_owned() }
}

/// The error for a record that is not there.
pub(super) fn not_found(what: &'static str, id: &str) -> StoreError {
    StoreError::NotFound { what, id: id.to_owned() }
}

/// The error for a stored value that makes no sense.
pub(super) fn corrupt(what: &'static str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::Refused(StoreError::Corrupt { what, source: source.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_io_error_breaks_a_handle_and_a_missing_row_does_not() {
        let io = sqlx::Error::Io(std::io::Error::other("fsync"));
        assert!(breaks_handle(&io) && breaks_handle_at_commit(&io));
        assert!(breaks_handle(&sqlx::Error::WorkerCrashed));
        assert!(!breaks_handle(&sqlx::Error::RowNotFound));
    }

    #[test]
    fn what_cannot_be_decoded_is_told_as_damage() {
        let error = sqlx::Error::Decode("not a number".into());
        assert!(matches!(StoreError::from(Failure::Driver(error)), StoreError::Corrupt { .. }));
        assert!(matches!(StoreError::from(Failure::Driver(sqlx::Error::PoolTimedOut)), StoreError::Unavailable(_)));
    }
}
