//! Looking for a part of a text.

use sqlx::QueryBuilder;

use super::driver::{Db, PLACE_OF};

/// Narrows a query to rows one of whose `columns` has `text` in it, ASCII letters in either case: `lower` folds no others in
/// SQLite, and none in PostgreSQL where a column is compared by bytes, as all are.
pub(super) fn push(query: &mut QueryBuilder<Db>, columns: &[&str], text: &str) {
    let text = text.to_ascii_lowercase();
    for (number, column) in columns.iter().enumerate() {
        query.push(if number == 0 { " AND (" } else { " OR " });
        query.push(format!("{PLACE_OF}(lower({column}), ")).push_bind(text.clone()).push(") > 0");
    }
    query.push(")");
}
