//! `passport audit reporters` and `findings`: who reports, and what is wrong with what came.

use clap::Args;
use passport_shared::api::Page;
use passport_shared::api::audit::{Finding, Reporters as Listed};
use passport_shared::text::escape;

use crate::cli::client::Remote;
use crate::cli::error::{DONE, Ended};
use crate::cli::output::table;
use crate::cli::{Session, page};

/// List what was found wrong with what verifiers sent, newest first
///
/// A gap is numbers that did not come; a fork is numbers that came twice, or an event that does not follow the one before.
#[derive(Debug, Args)]
pub(crate) struct Findings {
    /// Only of this verifier
    #[arg(long, value_name = "ID")]
    reporter: Option<String>,
    /// Only those that are not resolved
    #[arg(long)]
    open: bool,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

impl Findings {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let [limit, cursor] = self.page.query();
        let query = [("reporter", self.reporter.clone()), ("open", self.open.then(|| "true".to_owned())), limit, cursor];
        let answer = self.remote.client(session)?.get("/v1/audit/findings", &query)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let found: Page<Finding> = answer.read_json()?;
        let rows = found.items.iter().map(|finding| {
            let state = finding.resolved_at.as_deref().map_or_else(|| "open".to_owned(), |at| format!("came {}", escape(at)));
            let numbers = format!("{} to {}", finding.from_seq, finding.to_seq);
            let state = if finding.kind == "gap" { state } else { "-".to_owned() };
            vec![escape(&finding.found_at), escape(&finding.kind), escape(&finding.reporter), numbers, state]
        });
        let table = table(&["FOUND", "KIND", "REPORTER", "NUMBERS", "STATE"], rows);
        page::show(&table, found.items.len(), found.next_cursor.as_deref(), session)
    }
}

/// List the verifiers that report: how far each has come, and what it lacks
#[derive(Debug, Args)]
pub(crate) struct Reporters {
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

impl Reporters {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let answer = self.remote.client(session)?.get("/v1/audit/reporters", &self.page.query())?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let found: Listed = answer.read_json()?;
        let rows = found.items.iter().map(|reporter| {
            let seen = reporter.last_seen.as_deref().map_or_else(|| "-".to_owned(), escape);
            let last = reporter.chains.first().map_or_else(|| "-".to_owned(), |chain| chain.last_seq.to_string());
            vec![escape(&reporter.reporter), seen, last, reporter.missing.to_string(), reporter.forks.to_string()]
        });
        let table = table(&["REPORTER", "LAST SEEN", "LAST NUMBER", "MISSING", "FORKS"], rows);
        page::show(&table, found.items.len(), found.next_cursor.as_deref(), session)
    }
}
