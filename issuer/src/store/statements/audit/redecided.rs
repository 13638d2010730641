//! How far the log was decided again, and what did not agree.

use sqlx::{QueryBuilder, Row as _};

use super::super::driver::{Db, DbConnection, Failure};
use crate::store::paging::{page, page_size};
use crate::store::{Difference, DifferenceFilter, Page, Redecided, StoreError};

/// Gives `holder` the lease until then, unless another has it. Gives how far the work has come, to who has it.
pub(in super::super) async fn take(conn: &mut DbConnection, holder: &str, now: i64, until: i64) -> Result<Option<i64>, Failure> {
    let query = "UPDATE audit_redecided SET lease_holder = $1, lease_until = $2 \
                 WHERE id = 1 AND (lease_holder = $1 OR lease_until <= $3) RETURNING sequence";
    Ok(sqlx::query_scalar(query).bind(holder).bind(until).bind(now).fetch_optional(conn).await?)
}

/// Notes what was done, all of it or nothing: where another has gone on meanwhile, it is that one's to tell.
pub(in super::super) async fn keep(conn: &mut DbConnection, done: &Redecided) -> Result<(), Failure> {
    let query = "UPDATE audit_redecided SET sequence = $1, lease_until = $2 WHERE id = 1 AND sequence = $3 AND lease_holder = $4";
    let moved = sqlx::query(query).bind(done.to).bind(done.until).bind(done.from).bind(&done.holder).execute(&mut *conn).await?;
    if moved.rows_affected() == 0 {
        let problem = "is decided again by another".to_owned();
        return Err(Failure::Refused(StoreError::Conflict { what: "audit log", id: format!("from event {}", done.from), problem }));
    }
    for difference in &done.differences {
        sqlx::query(
            "INSERT INTO audit_differences (sequence, reporter, request_id, passport_id, kind, reported, expected, found_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(difference.sequence)
        .bind(&difference.reporter)
        .bind(&difference.request_id)
        .bind(&difference.passport_id)
        .bind(&difference.kind)
        .bind(&difference.reported)
        .bind(&difference.expected)
        .bind(difference.found_at)
        .execute(&mut *conn)
        .await?;
    }
    match &done.event {
        Some(event) => super::insert_admin(conn, event).await,
        None => Ok(()),
    }
}

/// Differences, the newest first.
pub(in super::super) async fn differences(conn: &mut DbConnection, filter: &DifferenceFilter) -> Result<Page<Difference, i64>, Failure> {
    let mut query = QueryBuilder::<Db>::new(
        "SELECT sequence, reporter, request_id, passport_id, kind, reported, expected, found_at FROM audit_differences WHERE sequence < ",
    );
    query.push_bind(filter.cursor.unwrap_or(i64::MAX));
    if let Some(reporter) = &filter.reporter {
        query.push(" AND reporter = ").push_bind(reporter);
    }
    query.push(" ORDER BY sequence DESC LIMIT ").push_bind(page_size(filter.limit) + 1);
    let mut items = Vec::new();
    for row in query.build().fetch_all(conn).await? {
        items.push(Difference {
            sequence: row.try_get("sequence")?,
            reporter: row.try_get("reporter")?,
            request_id: row.try_get("request_id")?,
            passport_id: row.try_get("passport_id")?,
            kind: row.try_get("kind")?,
            reported: row.try_get("reported")?,
            expected: row.try_get("expected")?,
            found_at: row.try_get("found_at")?,
        });
    }
    Ok(page(items, filter.limit, |difference| difference.sequence))
}
