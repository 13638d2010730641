//! A look at the whole audit log that changes nothing.

use sqlx::{ConnectOptions as _, Connection as _};

use super::driver::Failure;
use super::{PostgresOptions, audit};
use crate::store::OpenError;
use crate::store::check::{Asked, LogReport};

/// Holds the audit log of a database against itself and what was signed of it. Nothing is written, and others may write
/// meanwhile. `shown` is told how many of how many events were looked at.
///
/// # Errors
/// [`OpenError::Database`] and [`OpenError::Damaged`] if it cannot be read.
pub async fn check_log(options: &PostgresOptions, asked: &Asked, shown: &mut (dyn FnMut(u64, u64) + Send)) -> Result<LogReport, OpenError> {
    let path = || options.place().into();
    let failed = |source: sqlx::Error| OpenError::Database { path: path(), source: Box::new(source) };
    let mut conn = options.connect().connect().await.map_err(failed)?;
    let mut read = conn.begin_with("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY").await.map_err(failed)?;
    let report = audit::check(&mut read, asked, shown).await.map_err(|failure| match failure {
        Failure::Driver(source) => failed(source),
        Failure::Refused(error) => OpenError::Damaged { path: path(), what: error.to_string() },
    })?;
    read.rollback().await.map_err(failed)?;
    conn.close().await.map_err(failed)?;
    Ok(report)
}
