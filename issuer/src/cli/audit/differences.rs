//! `passport audit differences`: where a verifier says something else than the issuer comes to.

use clap::Args;
use passport_shared::text::escape;
use serde::Deserialize;

use crate::cli::client::Remote;
use crate::cli::error::{DONE, Ended};
use crate::cli::output::{cut, table};
use crate::cli::{Session, page};

/// List reported decisions that the issuer comes to another answer for, newest first
///
/// The issuer decides again what verifiers report, by the claims that it kept. Each line is an alarm: a verifier that is not
/// what it says it is, that was changed, or whose clock is wrong.
#[derive(Debug, Args)]
pub(crate) struct Differences {
    /// Only reported by this verifier
    #[arg(long, value_name = "ID")]
    reporter: Option<String>,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Difference {
    sequence: i64,
    reporter: String,
    request_id: String,
    kind: String,
    reported: Answer,
    expected: Answer,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Answer {
    outcome: String,
    reason: String,
    grant: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    items: Vec<Difference>,
    next_cursor: Option<String>,
}

impl Answer {
    /// The reason, which says the outcome too, and the grant where one decided.
    fn shown(&self) -> String {
        let reason = if self.reason.is_empty() { &self.outcome } else { &self.reason };
        match self.grant {
            Some(grant) => format!("{} by {grant}", escape(reason)),
            None => escape(reason),
        }
    }
}

impl Differences {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let [limit, cursor] = self.page.query();
        let query = [("reporter", self.reporter.clone()), limit, cursor];
        let answer = self.remote.client(session)?.get("/v1/audit/differences", &query)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let found: Page = answer.read_json()?;
        let rows = found.items.iter().map(|item| {
            let (reporter, request) = (cut(&format!("@{}", escape(&item.reporter)), 14), cut(&escape(&item.request_id), 40));
            vec![item.sequence.to_string(), reporter, item.kind.clone(), item.reported.shown(), item.expected.shown(), request]
        });
        let table = table(&["EVENT", "REPORTER", "KIND", "REPORTED", "EXPECTED", "REQUEST"], rows);
        page::show(&table, found.items.len(), found.next_cursor.as_deref(), session)
    }
}
