//! Lists that come page by page.

use clap::Args;
use passport_shared::text::escape;

use super::Session;
use super::error::{DONE, Ended};

/// Which page of a list.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// At most this many, up to 1000
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// From where a page before ended
    #[arg(long)]
    cursor: Option<String>,
}

impl PageArgs {
    /// As the query says it.
    pub(crate) fn query(&self) -> [(&'static str, Option<String>); 2] {
        [("limit", self.limit.map(|limit| limit.to_string())), ("cursor", self.cursor.clone())]
    }
}

/// Shows a page for a person, and how to read on.
pub(crate) fn show(table: &str, items: usize, next_cursor: Option<&str>, session: &Session) -> Ended {
    match items {
        0 if next_cursor.is_some() => session.out.say("nothing among those that were looked at"),
        0 => session.out.say("nothing to list"),
        _ => session.out.text(table)?,
    }
    if let Some(cursor) = next_cursor {
        session.out.say(&format!("\nthere is more: --cursor {}", escape(cursor)));
    }
    Ok(DONE)
}
