//! The statement that writes rows of the audit log.

use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments as _, AssertSqlSafe, Sqlite};

use super::audit::rows::{Row, columns};
use super::values::{fill_up, room_for, rows_of};
use crate::store::NewEvent;

/// Columns of a row where nothing is hidden, and where something is.
const PLAIN: usize = 17;
const WHOLE: usize = PLAIN + 1;

/// Rows that a statement has room for.
const ROOMS: [usize; 8] = [1, 2, 4, 8, 16, 32, 64, 128];

/// Rows that are written at once: what is more is made ready meanwhile.
pub(super) const PART: usize = 128;

/// The statement, with its rows.
pub(super) type Inserting = Query<'static, Sqlite, SqliteArguments>;

/// The statement that writes these rows.
pub(super) fn statement(part: &[Row<'_>]) -> Result<Inserting, sqlx::Error> {
    // Where nothing is hidden, nothing is written of it.
    let hides = part.iter().any(|row| row.event.reported_hash.is_some());
    let (names, columns) = if hides { (concat!(columns!(), ", reported_hash"), WHOLE) } else { (columns!(), PLAIN) };
    let room = room_for(part.len(), &ROOMS);
    let mut arguments = SqliteArguments::default();
    arguments.reserve(room * columns, 0);
    let mut shared = Shared::default();
    for row in part {
        push(&mut arguments, &mut shared, row, hides).map_err(sqlx::Error::Encode)?;
    }
    fill_up(&mut arguments, (room - part.len()) * columns)?;
    let text = format!("INSERT INTO audit_events ({names}) {}", rows_of(columns, room));
    Ok(sqlx::query_with(AssertSqlSafe(text), arguments))
}

/// The columns whose values many rows in succession have: kept, so that the driver is given the same text and no copy of it.
#[derive(Default)]
struct Shared([Option<Arc<str>>; 8]);

impl Shared {
    fn get(&mut self, column: usize, value: Option<&str>) -> Option<Arc<str>> {
        let (kept, value) = (self.0.get_mut(column)?, value?);
        match kept {
            Some(kept) if **kept == *value => {}
            _ => *kept = Some(Arc::from(value)),
        }
        kept.clone()
    }
}

fn push(arguments: &mut SqliteArguments, shared: &mut Shared, row: &Row<'_>, hides: bool) -> Result<(), sqlx::error::BoxDynError> {
    let event: &NewEvent = row.event;
    let own = |text: &str| Arc::<str>::from(text);
    arguments.add(row.sequence)?;
    arguments.add(own(&event.event_id))?;
    arguments.add(shared.get(0, Some(row.kind.as_str())))?;
    arguments.add(shared.get(1, Some(row.reporter)))?;
    arguments.add(event.seq)?;
    arguments.add(own(&event.request_id))?;
    arguments.add(own(&event.body))?;
    arguments.add(event.body_hash.to_vec())?;
    arguments.add(event.received_at)?;
    arguments.add(event.evaluated_at)?;
    arguments.add(shared.get(2, event.agent_id.as_deref()))?;
    arguments.add(shared.get(3, event.passport_id.as_deref()))?;
    arguments.add(shared.get(4, event.outcome.as_deref()))?;
    arguments.add(shared.get(5, event.reason.as_deref()))?;
    arguments.add(shared.get(6, event.action.as_deref()))?;
    arguments.add(shared.get(7, event.resource.as_deref()))?;
    arguments.add(i64::from(row.conflict))?;
    if hides {
        arguments.add(event.reported_hash.map(Vec::from))?;
    }
    Ok(())
}
