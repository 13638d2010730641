//! `passport audit reporters` and `findings`: who reports, and what is wrong with what came.

use clap::Args;
use passport_shared::api::Page;
use passport_shared::api::audit::{Finding, Reporter, Reporters as Listed};
use passport_shared::text::escape;

use crate::cli::client::Remote;
use crate::cli::error::{DONE, Ended};
use crate::cli::output::table;
use crate::cli::words::{relative_text, span};
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
///
/// Of the last decision of each: how long it waited in its spool, and by which trust it was made. `2 behind` is two changes
/// of keys or revocations older than what is published now. NUMBER is the last one of its chain; MISSING and FORKS are in
/// `audit findings`.
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
        let now = session.clock.now();
        let rows = found.items.iter().map(|reporter| row(reporter, found.trust_sequence, now));
        let table = table(&HEADER, rows);
        page::show(&table, found.items.len(), found.next_cursor.as_deref(), session)
    }
}

const HEADER: [&str; 7] = ["REPORTER", "LAST DECISION", "WAITED", "TRUST", "NUMBER", "MISSING", "FORKS"];

fn row(reporter: &Reporter, published: i64, now: i64) -> Vec<String> {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    vec![
        escape(&reporter.reporter),
        or_none(reporter.last_seen.as_deref().map(|seen| relative_text(seen, now))),
        or_none(reporter.last_delay.map(delay)),
        or_none(reporter.last_trust.map(|used| trust(used, published))),
        or_none(reporter.chains.first().map(|chain| chain.last_seq.to_string())),
        reporter.missing.to_string(),
        reporter.forks.to_string(),
    ]
}

/// How long a decision waited for its delivery.
fn delay(seconds: i64) -> String {
    match seconds {
        // Its clock is ahead of the issuer's: how long it waited is not known.
        ..0 => "clock ahead".to_owned(),
        0 => "under 1 second".to_owned(),
        seconds => span(seconds.unsigned_abs()),
    }
}

/// The trust that a decision was made by, beside what is published now. Every change of trust raises its number by one.
fn trust(used: i64, published: i64) -> String {
    match published.saturating_sub(used) {
        ..=0 => "newest".to_owned(),
        behind => format!("{behind} behind"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::WIDTH;

    #[test]
    fn a_reporter_is_told_in_words_that_fit_80_columns() {
        let reporter = |delay, used| Reporter {
            reporter: "checkout_service".to_owned(),
            last_seen: Some("2026-05-30T12:00:00Z".to_owned()),
            last_sequence: Some(7),
            last_delay: delay,
            last_trust: used,
            chains: Vec::new(),
            open_gaps: 0,
            missing: 10_000,
            forks: 2,
        };
        let now = 1_780_142_400 + 59 * 60;
        let told = |delay, used| row(&reporter(delay, used), 12, now)[1..4].join(", ");
        assert_eq!(told(Some(0), Some(12)), "59 minutes ago, under 1 second, newest");
        assert_eq!(told(Some(3_601), Some(10)), "59 minutes ago, 1 hour, 2 behind");
        assert_eq!(told(Some(-5), None), "59 minutes ago, clock ahead, -");
        assert_eq!(told(None, Some(13)), "59 minutes ago, -, newest", "another issuer has published since");
        let rows = [row(&reporter(Some(59 * 60), Some(-87)), 12, now)];
        let text = table(&HEADER, rows);
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH) && text.lines().count() == 2, "{text}");
    }
}
