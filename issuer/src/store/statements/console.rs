//! Sessions of the console, and the links that open one.

use sqlx::Row as _;

use super::acting::Done;
use super::driver::{DbConnection, DbRow, Failure, exists, not_found, unique_or};
use crate::store::ConsoleKey;

/// How many sessions, and how many links, one passport has at once: one more takes the place of the oldest.
const MOST: i64 = 32;

/// One of the two kinds of secret, as SQL: both are kept in the same way.
struct Kind {
    what: &'static str,
    find: &'static str,
    insert: &'static str,
    /// Those that are over at `$1`.
    forget: &'static str,
    /// All but the newest `$2` of the passport `$1`.
    bound: &'static str,
    delete: &'static str,
}

const SESSION: Kind = Kind {
    what: "console session",
    find: "SELECT session_hash AS hash, passport_id, created_at, expires_at FROM console_sessions WHERE session_hash = $1",
    insert: "INSERT INTO console_sessions (session_hash, passport_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    forget: "DELETE FROM console_sessions WHERE expires_at <= $1",
    bound: "DELETE FROM console_sessions WHERE passport_id = $1 AND session_hash NOT IN \
            (SELECT session_hash FROM console_sessions WHERE passport_id = $1 ORDER BY created_at DESC, session_hash LIMIT $2)",
    delete: "DELETE FROM console_sessions WHERE session_hash = $1",
};

const LINK: Kind = Kind {
    what: "console link",
    find: "SELECT link_hash AS hash, passport_id, created_at, expires_at FROM console_links WHERE link_hash = $1",
    insert: "INSERT INTO console_links (link_hash, passport_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
    forget: "DELETE FROM console_links WHERE expires_at <= $1",
    bound: "DELETE FROM console_links WHERE passport_id = $1 AND link_hash NOT IN \
            (SELECT link_hash FROM console_links WHERE passport_id = $1 ORDER BY created_at DESC, link_hash LIMIT $2)",
    delete: "DELETE FROM console_links WHERE link_hash = $1",
};

/// For how long a session that is over is remembered, in seconds: its cookie is told from one that somebody made up.
const REMEMBERED: i64 = 86_400;

pub(super) async fn session(conn: &mut DbConnection, hash: &str) -> Result<Option<ConsoleKey>, Failure> {
    find(conn, &SESSION, hash).await
}

pub(super) async fn link(conn: &mut DbConnection, hash: &str) -> Result<Option<ConsoleKey>, Failure> {
    find(conn, &LINK, hash).await
}

/// Keeps a link.
pub(super) async fn make_link(conn: &mut DbConnection, new: ConsoleKey) -> Result<Done<()>, Failure> {
    keep(conn, &LINK, &new, new.created_at).await.map(Done::Changed)
}

/// Keeps a session, and uses up the link that it came by, if it came by one.
pub(super) async fn open(conn: &mut DbConnection, new: ConsoleKey, by_link: Option<String>) -> Result<Done<()>, Failure> {
    if let Some(link) = by_link {
        let used = sqlx::query(LINK.delete).bind(&link).execute(&mut *conn).await?;
        if used.rows_affected() != 1 {
            return Err(not_found(LINK.what, "that was given").into());
        }
    }
    keep(conn, &SESSION, &new, new.created_at.saturating_sub(REMEMBERED)).await.map(Done::Changed)
}

/// Ends a session. Gives whether there was one.
pub(super) async fn close(conn: &mut DbConnection, hash: &str) -> Result<Done<bool>, Failure> {
    let done = sqlx::query(SESSION.delete).bind(hash).execute(conn).await?;
    Ok(if done.rows_affected() > 0 { Done::Changed(true) } else { Done::Unchanged(false) })
}

async fn find(conn: &mut DbConnection, kind: &Kind, hash: &str) -> Result<Option<ConsoleKey>, Failure> {
    let row = sqlx::query(kind.find).bind(hash).fetch_optional(conn).await?;
    Ok(row.as_ref().map(read).transpose()?)
}

async fn keep(conn: &mut DbConnection, kind: &Kind, new: &ConsoleKey, forget_before: i64) -> Result<(), Failure> {
    sqlx::query(kind.forget).bind(forget_before).execute(&mut *conn).await?;
    sqlx::query(kind.bound).bind(&new.passport_id).bind(MOST - 1).execute(&mut *conn).await?;
    sqlx::query(kind.insert)
        .bind(&new.hash)
        .bind(&new.passport_id)
        .bind(new.created_at)
        .bind(new.expires_at)
        .execute(conn)
        .await
        .map_err(|error| unique_or(error, || exists(kind.what, "of this secret")))?;
    Ok(())
}

fn read(row: &DbRow) -> Result<ConsoleKey, sqlx::Error> {
    Ok(ConsoleKey {
        hash: row.try_get("hash")?,
        passport_id: row.try_get("passport_id")?,
        created_at: row.try_get("created_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}
