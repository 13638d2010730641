//! What the issuer has in its log, read past it out of its database, event by event and to the letter.

use std::collections::HashMap;
use std::path::PathBuf;

use futures_util::TryStreamExt as _;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions as _, Connection as _};

use super::Link;

/// In the order of acceptance. The one place where a drill knows of the table.
const REPORTED: &str = "SELECT reporter, conflict, body FROM audit_events WHERE kind = 'decision' ORDER BY sequence";

/// Rows that are read ahead of who looks at them.
const AHEAD: usize = 512;
/// How many faults are told; one that is there a million times needs no more.
const MOST: usize = 20;

/// Where the log is.
#[derive(Clone, Debug)]
pub(in super::super) enum Log {
    Sqlite(PathBuf),
    Postgres(String),
}

/// What the log has to hold of one reporter.
#[derive(Clone, Debug)]
pub(in super::super) struct Expected {
    /// The number of its first event.
    pub(super) start: u64,
    /// At least up to here,
    pub(super) acknowledged: Link,
    /// or else up to here: what was sent is whole or not there.
    pub(super) sent: Link,
}

/// What is there.
#[derive(Debug, Default)]
pub(in super::super) struct Found {
    pub(in super::super) events: u64,
    /// Everything that does not fit.
    pub(in super::super) faults: Vec<String>,
}

impl Log {
    /// Reads all of it, and holds it against what has to be there: each acknowledged event exactly once, in its
    /// reporter's order, to the byte. Each event names the hash of the one before, so the last hash stands for all.
    pub(in super::super) fn hold(&self, expected: HashMap<String, Expected>) -> Found {
        let mut reading = Reading::new(expected);
        block_on(async {
            match self {
                Self::Sqlite(path) => {
                    let mut connection = sqlite(path).await;
                    let mut rows = sqlx::query_as::<_, (String, i64, String)>(REPORTED).fetch(&mut connection);
                    while let Some((reporter, conflict, body)) = rows.try_next().await.expect("a row") {
                        reading.event(&reporter, conflict, &body);
                    }
                }
                Self::Postgres(url) => {
                    let mut connection = PgConnection::connect(url).await.expect("a connection");
                    let mut rows = sqlx::query_as::<_, (String, i64, String)>(REPORTED).fetch(&mut connection);
                    while let Some((reporter, conflict, body)) = rows.try_next().await.expect("a row") {
                        reading.event(&reporter, conflict, &body);
                    }
                }
            }
        });
        reading.end()
    }

    /// Bytes that the database takes on the disk.
    pub(in super::super) fn size(&self) -> u64 {
        match self {
            Self::Sqlite(path) => ["", "-wal"]
                .iter()
                .map(|ending| {
                    let mut name = path.clone().into_os_string();
                    name.push(ending);
                    std::fs::metadata(name).map_or(0, |file| file.len())
                })
                .sum(),
            Self::Postgres(url) => block_on(async {
                let mut connection = PgConnection::connect(url).await.expect("a connection");
                let size: i64 =
                    sqlx::query_scalar("SELECT pg_database_size(current_database())").fetch_one(&mut connection).await.expect("a size");
                size.unsigned_abs()
            }),
        }
    }
}

async fn sqlite(path: &PathBuf) -> SqliteConnection {
    SqliteConnectOptions::new().filename(path).read_only(true).row_buffer_size(AHEAD).connect().await.expect("the database opens")
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

struct Reading {
    reporters: HashMap<String, (Expected, Link)>,
    begins: Vec<u8>,
    found: Found,
}

impl Reading {
    fn new(expected: HashMap<String, Expected>) -> Self {
        let start = |expected: Expected| {
            let before = Link { seq: expected.start - 1, hash: None };
            (expected, before)
        };
        let reporters = expected.into_iter().map(|(name, expected)| (name, start(expected))).collect();
        Self { reporters, begins: Vec::new(), found: Found::default() }
    }

    fn event(&mut self, reporter: &str, conflict: i64, body: &str) {
        self.found.events += 1;
        let Some((_, link)) = self.reporters.get_mut(reporter) else {
            return self.fault(format!("an event of {reporter}, who has sent none: {body}"));
        };
        self.begins.clear();
        link.next(&mut self.begins);
        if body.as_bytes().starts_with(&self.begins) && conflict == 0 {
            return link.follow(body.as_bytes());
        }
        let fault = format!("{reporter}: after {} comes, with conflict {conflict}: {body}", link.seq);
        self.fault(fault);
    }

    fn end(mut self) -> Found {
        let mut faults: Vec<String> = Vec::new();
        for (name, (expected, link)) in &self.reporters {
            let (acknowledged, sent) = (&expected.acknowledged, &expected.sent);
            if link != acknowledged && link != sent {
                let [there, yes, all] = [link, acknowledged, sent].map(|link| link.seq + 1 - expected.start);
                faults.push(format!("{name}: {there} events are there, {yes} were acknowledged, {all} were sent"));
            }
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
        self.found
    }

    fn fault(&mut self, fault: String) {
        if self.found.faults.len() < MOST {
            self.found.faults.push(fault);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drill::reporting::{Chain, Pool};
    use crate::generate::Gen;

    /// Five events, of which three are acknowledged and the other two were sent together; and what is wrong with a log
    /// of these.
    fn faults(of: impl FnOnce(Vec<String>) -> Vec<(&'static str, i64, String)>) -> Vec<String> {
        let mut chain = Chain::start(Pool::new(Gen::new(1)), Gen::new(2));
        let start = chain.first();
        let mut links = Vec::new();
        let bodies = (0..5)
            .map(|_| {
                let row = chain.row();
                links.push(chain.link().clone());
                row.body
            })
            .collect();
        let expected = Expected { start, acknowledged: links[2].clone(), sent: links[4].clone() };
        let mut reading = Reading::new(HashMap::from([("one".to_owned(), expected)]));
        of(bodies).iter().for_each(|(reporter, conflict, body)| reading.event(reporter, *conflict, body));
        reading.end().faults
    }

    fn first(count: usize, mut bodies: Vec<String>) -> Vec<(&'static str, i64, String)> {
        bodies.truncate(count);
        bodies.into_iter().map(|body| ("one", 0, body)).collect()
    }

    #[test]
    fn a_log_with_what_was_acknowledged_and_all_or_nothing_of_the_rest_is_sound() {
        assert!(faults(|bodies| first(3, bodies)).is_empty());
        assert!(faults(|bodies| first(5, bodies)).is_empty());
    }

    #[test]
    fn what_is_missing_half_there_twice_swapped_changed_or_of_others_is_found() {
        let of = |change: fn(&mut Vec<(&'static str, i64, String)>)| {
            faults(|bodies| {
                let mut rows = first(5, bodies);
                change(&mut rows);
                rows
            })
        };
        assert!(faults(|bodies| first(2, bodies))[0].contains("2 events are there, 3 were acknowledged, 5 were sent"));
        assert!(!faults(|bodies| first(4, bodies)).is_empty());
        assert!(!of(|rows| drop(rows.remove(1))).is_empty());
        assert!(!of(|rows| rows.insert(2, rows[1].clone())).is_empty());
        assert!(!of(|rows| rows.swap(0, 1)).is_empty());
        assert!(!of(|rows| rows[4].2.push(' ')).is_empty(), "the last one too");
        assert!(!of(|rows| rows[1].1 = 1).is_empty());
        assert!(!of(|rows| rows[3].0 = "two").is_empty());
    }
}
