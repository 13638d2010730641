//! The driver's errors. Nothing of the driver leaves this folder.
//!
//! Unlike SQLite's, no error ends a store for good: PostgreSQL stops itself when an fsync fails and recovers from its log,
//! and a connection that broke is replaced.

use crate::store::StoreError;

/// What the shared statements run on.
pub(super) type Db = sqlx::Postgres;
/// A connection to it.
pub(super) type DbConnection = sqlx::PgConnection;
/// A row of an answer.
pub(super) type DbRow = sqlx::postgres::PgRow;

/// The names of who approved the approval `a`, in their order, as a JSON list: each database makes one in its own way.
pub(super) const APPROVED_BY: &str = "(SELECT coalesce(json_agg(v.decided_by ORDER BY v.decided_by)::text, '[]') \
     FROM approval_votes v WHERE v.approval_id = a.approval_id AND v.approves = 1)";

/// Whether statements go over the network.
pub(super) const OVER_THE_NETWORK: bool = true;

/// Where a text begins within another, from 1, and 0 where it is not there: each database has a name of its own for it.
pub(super) const PLACE_OF: &str = "strpos";

/// Why a statement, or the act around it, failed.
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

/// What is stored cannot be read: classes XX001 and XX002 (PostgreSQL, appendix A), or a value of the wrong kind.
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("XX001" | "XX002")) || matches!(error, sqlx::Error::Decode(_) | sqlx::Error::ColumnDecode { .. })
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
    fn what_cannot_be_decoded_is_told_as_damage_and_a_lost_connection_is_not() {
        let told = |error| StoreError::from(Failure::Driver(error));
        assert!(matches!(told(sqlx::Error::Decode("not a number".into())), StoreError::Corrupt { .. }));
        assert!(matches!(told(sqlx::Error::PoolTimedOut), StoreError::Unavailable(_)));
        assert!(matches!(told(sqlx::Error::Io(std::io::Error::other("reset"))), StoreError::Unavailable(_)));
        assert!(matches!(told(sqlx::Error::PoolClosed), StoreError::Closed));
    }
}
