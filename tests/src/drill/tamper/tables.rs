//! Every table and column that a log consists of, and what is done to each: a bit of a value, a row removed or put in, two rows that
//! change what they say, the value of another row.

use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::acts::{Act, run};
use super::places::places;
use crate::generate::Gen;

/// One table of a log.
pub(super) struct Table {
    pub(super) name: &'static str,
    /// What tells one row from another.
    pub(super) keys: &'static [&'static str],
    /// The columns that are tampered with, keys among them.
    pub(super) columns: &'static [&'static str],
    /// Those that are not, for no check of a log can find it: docs/audit.md A18 says why of each.
    pub(super) untold: &'static [&'static str],
}

const fn table(name: &'static str, keys: &'static [&'static str], columns: &'static [&'static str]) -> Table {
    Table { name, keys, columns, untold: &[] }
}

/// All of them.
pub(super) const TABLES: [Table; 15] = [
    table(
        "audit_events",
        &["sequence"],
        &[
            "sequence",
            "event_id",
            "kind",
            "reporter",
            "seq",
            "request_id",
            "body",
            "body_hash",
            "received_at",
            "evaluated_at",
            "agent_id",
            "passport_id",
            "outcome",
            "reason",
            "action",
            "resource",
            "conflict",
            "reported_hash",
        ],
    ),
    table("audit_head", &["id"], &["id", "size", "edge"]),
    table("audit_tiles", &["level", "tile"], &["level", "tile", "hashes"]),
    table("audit_terms", &["term", "value", "block"], &["term", "value", "block", "spans"]),
    table("audit_blocks", &["block"], &["block", "min_time", "max_time"]),
    table("audit_counts", &["hour", "agent_id", "outcome", "reason"], &["hour", "agent_id", "outcome", "reason", "count"]),
    table("audit_reporters", &["reporter"], &["reporter", "last_sequence", "last_at"]),
    table("audit_chains", &["reporter", "first_seq"], &["reporter", "first_seq", "last_seq", "last_hash", "last_at"]),
    table("audit_findings", &["finding"], &["finding", "kind", "reporter", "from_seq", "to_seq", "sequence", "found_at", "resolved_at"]),
    Table { untold: &["created_at", "held_why"], ..table("audit_log", &["id"], &["id", "verifier_key", "held_at", "resumed_after"]) },
    Table { untold: &["signed_at"], ..table("audit_checkpoints", &["size"], &["size", "note"]) },
    table("audit_retention", &["id"], &["id", "dropped_to", "untold"]),
    Table { untold: &["sequence", "lease_holder", "lease_until"], ..table("audit_redecided", &["id"], &["id"]) },
    table(
        "audit_differences",
        &["sequence"],
        &["sequence", "reporter", "request_id", "passport_id", "kind", "reported", "expected", "found_at"],
    ),
    Table { untold: &["salt", "hash"], ..table("audit_hiding", &["id"], &["id"]) },
];

/// Holds that no table and no column of a log is left out here.
pub(super) async fn whole(conn: &mut SqliteConnection) {
    let select = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name LIKE 'audit~_%' ESCAPE '~'";
    let found: Vec<(String, String)> = sqlx::query_as(select).fetch_all(conn).await.expect("read");
    assert!(found.len() > 60, "{found:?}");
    for (table, column) in found {
        let is_told = |known: &Table| known.columns.iter().chain(known.untold).any(|name| *name == column);
        assert!(TABLES.iter().any(|known| known.name == table && is_told(known)), "`{table}`.`{column}` is not tampered with");
    }
}

/// A row, as SQL writes its values.
pub(super) struct Cells {
    pub(super) columns: Vec<(String, String)>,
}

impl Cells {
    /// What stands in a column.
    pub(super) fn get(&self, column: &str) -> &str {
        self.columns.iter().find(|(name, _)| name == column).map_or("NULL", |(_, value)| value)
    }

    fn set(&mut self, column: &str, value: String) {
        if let Some((_, cell)) = self.columns.iter_mut().find(|(name, _)| name == column) {
            *cell = value;
        }
    }

    fn is(&self, keys: &[&str]) -> String {
        keys.iter().map(|key| format!("{key} IS {}", self.get(key))).collect::<Vec<_>>().join(" AND ")
    }
}

impl Clone for Cells {
    fn clone(&self) -> Self {
        Self { columns: self.columns.clone() }
    }
}

/// One of the tables in its turn, and one thing that is done to it; `None` where there would be no difference.
pub(super) async fn tampered(conn: &mut SqliteConnection, turn: usize, dice: &mut Gen) -> Option<Act> {
    let table = &TABLES[turn % TABLES.len()];
    let rows = rows(conn, table).await;
    assert!(!rows.is_empty(), "there is nothing in `{}`", table.name);
    let (one, other) = (dice.pick(&rows).clone(), dice.pick(&rows).clone());
    let column = *dice.pick(table.columns);
    let (what, before, after) = match dice.below(10) {
        0..4 => {
            let mut changed = one.clone();
            changed.set(column, flipped(conn, column, one.get(column), dice).await);
            (format!("a bit of `{column}`"), vec![one], vec![changed])
        }
        4..6 => ("a row removed".to_owned(), vec![one], Vec::new()),
        6 => {
            let (mut added, key) = (one, *dice.pick(table.keys));
            let value = flipped(conn, key, added.get(key), dice).await;
            added.set(key, value);
            ("a row put in".to_owned(), Vec::new(), vec![added])
        }
        7..9 => {
            let mut changed = one.clone();
            changed.set(column, other.get(column).to_owned());
            (format!("`{column}` of another row"), vec![one], vec![changed])
        }
        _ => {
            let (mut first, mut second) = (one.clone(), other.clone());
            for column in table.columns.iter().filter(|column| !table.keys.contains(column)) {
                first.set(column, other.get(column).to_owned());
                second.set(column, one.get(column).to_owned());
            }
            ("what two rows say swapped".to_owned(), vec![one, other], vec![first, second])
        }
    };
    let same =
        |one: &[Cells], other: &[Cells]| one.len() == other.len() && one.iter().zip(other).all(|(one, other)| one.columns == other.columns);
    if same(&before, &after) || rows.iter().any(|row| after.len() == 1 && row.columns == after[0].columns) {
        return None;
    }
    // Those that have to give way.
    let keys = |row: &Cells| row.is(table.keys);
    let gives_way = |row: &&Cells| after.iter().any(|new| keys(new) == keys(row)) && !before.iter().any(|old| keys(old) == keys(row));
    let replaced: Vec<Cells> = rows.iter().filter(gives_way).cloned().collect();
    // Who keeps the newest has all that it said.
    if table.name == "audit_checkpoints" && after.is_empty() && !rows.iter().any(|row| size(row) > size(&before[0])) {
        return None;
    }
    let act = places(conn, table, &before, &after, &replaced).await?;
    for row in &before {
        run(conn, &format!("DELETE FROM {} WHERE {}", table.name, row.is(table.keys))).await;
    }
    for row in &after {
        let (names, values): (Vec<_>, Vec<_>) = row.columns.iter().cloned().unzip();
        run(conn, &format!("INSERT OR REPLACE INTO {} ({}) VALUES ({})", table.name, names.join(", "), values.join(", "))).await;
    }
    let row = before.first().or(after.first()).map(|row| row.is(table.keys)).unwrap_or_default();
    Some(Act { kind: table.name, what: format!("`{}`: {what}: {row}", table.name), ..act })
}

fn size(row: &Cells) -> i64 {
    row.get("size").parse().unwrap_or_default()
}

async fn rows(conn: &mut SqliteConnection, table: &Table) -> Vec<Cells> {
    let columns: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!("SELECT name FROM pragma_table_info('{}')", table.name)))
        .fetch_all(&mut *conn)
        .await
        .expect("read");
    // As SQL writes them, NULL for what is none; of text its bytes, since a bit may go over the edge of what is text.
    let quoted: Vec<String> = columns
        .iter()
        .map(|column| {
            format!("CASE typeof({column}) WHEN 'text' THEN 'CAST(x''' || hex({column}) || ''' AS TEXT)' ELSE quote({column}) END")
        })
        .collect();
    // Of events a few will do.
    let few = if table.name == "audit_events" { " ORDER BY random() LIMIT 50" } else { "" };
    let select = format!("SELECT {} FROM {}{few}", quoted.join(", "), table.name);
    let found = sqlx::query(AssertSqlSafe(select)).fetch_all(conn).await.expect("read");
    let cells = |row: &sqlx::sqlite::SqliteRow| Cells {
        columns: columns.iter().enumerate().map(|(number, column)| (column.clone(), row.get::<String, _>(number))).collect(),
    };
    found.iter().map(cells).collect()
}

/// The value with one bit changed; where there is none, one.
async fn flipped(conn: &mut SqliteConnection, column: &str, value: &str, dice: &mut Gen) -> String {
    if let Ok(number) = value.parse::<i64>() {
        // The sign among them.
        return (number ^ (1 << dice.below(64))).to_string();
    }
    let is_blob = value.starts_with("X'");
    let bytes: Option<Vec<u8>> =
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT CAST({value} AS BLOB)"))).fetch_one(conn).await.expect("read");
    let Some(mut bytes) = bytes.filter(|bytes| !bytes.is_empty()) else {
        return if column == "reported_hash" { "X'07'" } else { "7" }.to_owned();
    };
    let place = dice.below(bytes.len());
    bytes[place] ^= 1 << dice.below(8);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    if is_blob { format!("X'{hex}'") } else { format!("CAST(x'{hex}' AS TEXT)") }
}
