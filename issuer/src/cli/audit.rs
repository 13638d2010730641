//! `passport audit`: what was decided and changed.

mod counts;
mod differences;
mod export;
mod filters;
mod key;
mod prove;
mod reporters;
mod resume;
mod tail;
mod verify;

use clap::{Args, Subcommand};
use passport_shared::text::escape;
use serde::Deserialize;

use self::filters::Filters;
use super::client::Remote;
use super::error::{DONE, Ended};
use super::output::{cut, table, width};
use super::{Session, page};

/// Read the audit log, and see to it
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(Box<List>),
    Prove(Box<prove::Prove>),
    Verify(Box<verify::Verify>),
    Key(key::Key),
    Resume(resume::Resume),
    Tail(Box<tail::Tail>),
    Export(Box<export::Export>),
    Counts(counts::Counts),
    Findings(reporters::Findings),
    Reporters(reporters::Reporters),
    Differences(differences::Differences),
}

/// List events, newest first
///
/// The reporter is `issuer` for the issuer's own record of a change; anything else, as in @ID, is what the verifier ID
/// claims, whatever it says of itself. An outcome with ! is in conflict: another event had its request's id first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only under this request id
    #[arg(long, value_name = "ID")]
    request: Option<String>,
    /// The oldest first
    #[arg(long)]
    oldest: bool,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

/// What is shown of an event. Members may be missing from one of a later release.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    kind: String,
    reporter: String,
    conflict: bool,
    received_at: String,
    evaluated_at: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    agent_id: Option<String>,
    action: Option<String>,
    resource: Option<String>,
    gap: Option<Gap>,
}

/// What a verifier says it has lost.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Gap {
    count: u64,
    why: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    items: Vec<Event>,
    next_cursor: Option<String>,
}

impl Audit {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::List(list) => list.run(session),
            Self::Prove(prove) => prove.run(session),
            Self::Verify(verify) => verify.run(session),
            Self::Key(key) => key.run(session),
            Self::Resume(resume) => resume.run(session),
            Self::Tail(tail) => tail.run(session),
            Self::Export(export) => export.run(session),
            Self::Counts(counts) => counts.run(session),
            Self::Findings(findings) => findings.run(session),
            Self::Reporters(reporters) => reporters.run(session),
            Self::Differences(differences) => differences.run(session),
        }
    }
}

impl List {
    fn run(&self, session: &Session) -> Ended {
        let mut query = self.filters.query()?;
        query.push(("requestId", self.request.clone()));
        query.push(("order", self.oldest.then(|| "oldest".to_owned())));
        query.extend(self.page.query());
        let answer = self.remote.client(session)?.get("/v1/audit/events", &query)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let events: Events = answer.read_json()?;
        let table = table(&HEADER, rows(&events.items));
        page::show(&table, events.items.len(), events.next_cursor.as_deref(), session)
    }
}

const HEADER: [&str; 5] = ["TIME", "OUTCOME", "REPORTER", "AGENT", "ACTION"];
/// Characters of an id that are shown, so that the longest reason has its place; `--json` has all of it.
const ID: usize = 11;
/// The columns before the last, where each event is told by itself.
const TAILED: [usize; 4] = [20, 7, ID, ID];

/// The events, each in one line.
fn rows(events: &[Event]) -> Vec<Vec<String>> {
    let shown = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), escape);
    let mut rows: Vec<Vec<String>> = events
        .iter()
        .map(|event| {
            let mut outcome = match event.outcome.as_deref() {
                None if event.gap.is_some() => "gap".to_owned(),
                // Its reason says it in full.
                Some("approval_required") => "ask".to_owned(),
                _ => cut(&shown(&event.outcome), "allow".len()),
            };
            if event.conflict {
                outcome.push_str(" !");
            }
            let time = escape(event.evaluated_at.as_ref().unwrap_or(&event.received_at));
            vec![time, outcome, event.reporter(), cut(&shown(&event.agent_id), ID)]
        })
        .collect();
    // What the other columns leave.
    let widest = |column: usize, header: &str| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header.len()]).max().unwrap_or_default() + 2
    };
    let taken: usize = HEADER.iter().take(HEADER.len() - 1).enumerate().map(|(column, header)| widest(column, header)).sum();
    for (row, event) in rows.iter_mut().zip(events) {
        row.push(event.what(width().saturating_sub(taken)));
    }
    rows
}

impl Event {
    /// In one line, with columns of fixed widths: nothing is known of those that come after it.
    fn line(&self) -> String {
        let mut cells = rows(std::slice::from_ref(self)).pop().unwrap_or_default();
        let taken = TAILED.iter().map(|width| width + 2).sum::<usize>();
        if let Some(last) = cells.last_mut() {
            *last = self.what(width().saturating_sub(taken));
        }
        let padded = |(cell, width): (&String, &usize)| format!("{cell:<width$}  ");
        let line: String = cells.iter().zip(&TAILED).map(padded).collect();
        format!("{line}{}", cells.last().map_or("", String::as_str))
    }

    /// Who says so: the issuer itself, or else a reporter, behind a mark. No id that somebody chose passes for the issuer.
    fn reporter(&self) -> String {
        match self.kind.as_str() {
            "admin" => "issuer".to_owned(),
            _ => cut(&format!("@{}", escape(&self.reporter)), ID),
        }
    }

    /// What was asked, on what, and why it was not allowed, in `width` characters. The reason is what is cut last.
    fn what(&self, width: usize) -> String {
        if let (None, Some(gap)) = (&self.outcome, &self.gap) {
            return cut(&format!("{} lost ({})", gap.count, escape(&gap.why)), width);
        }
        let mut asked = self.action.as_deref().map_or_else(|| "-".to_owned(), escape);
        if let Some(resource) = &self.resource {
            asked.push_str(&format!(" on {}", escape(resource)));
        }
        let why = match (self.outcome.as_deref(), &self.reason) {
            (Some("allow") | None, _) | (_, None) => String::new(),
            (Some(_), Some(reason)) => format!(" ({})", escape(reason)),
        };
        let kept = cut(&asked, width.saturating_sub(why.chars().count()));
        cut(&format!("{kept}{why}"), width)
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::decision::Reason;

    use super::*;

    fn event(outcome: &str, reason: &str, agent: &str, action: &str, resource: &str) -> Event {
        let some = |text: &str| Some(text.to_owned());
        Event {
            kind: "decision".to_owned(),
            reporter: "desk".to_owned(),
            conflict: false,
            received_at: "2026-11-23T23:58:24Z".to_owned(),
            evaluated_at: None,
            outcome: some(outcome),
            reason: some(reason),
            agent_id: some(agent),
            action: some(action),
            resource: some(resource),
            gap: None,
        }
    }

    fn listed(events: &[Event]) -> Vec<String> {
        let text = table(&HEADER, rows(events));
        assert_eq!(text.lines().count(), events.len() + 1, "a line an event: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= width()), "{text}");
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_event_is_one_line_and_an_ordinary_one_is_whole() {
        let lines = listed(&[
            event("allow", "granted", "admin", "keys.revoke", "issuer/keys"),
            event("deny", "constraint_unmet", "agent_ollie", "purchase", "commerce"),
            event("approval_required", "approval_required", "agent_ollie", "send", "mail"),
        ]);
        assert_eq!(lines[0], "TIME                  OUTCOME  REPORTER  AGENT        ACTION");
        assert_eq!(lines[1], "2026-11-23T23:58:24Z  allow    @desk     admin        keys.revoke on issuer/keys");
        assert_eq!(lines[2], "2026-11-23T23:58:24Z  deny     @desk     agent_ollie  purcha… (constraint_unmet)");
        assert_eq!(lines[3], "2026-11-23T23:58:24Z  ask      @desk     agent_ollie  send … (approval_required)");
    }

    #[test]
    fn an_event_that_is_told_by_itself_has_its_columns_where_the_others_have_theirs() {
        let long = "x".repeat(100);
        let lines =
            [event("allow", "granted", "a", "b", "c"), event("deny", "constraint_unmet", &long, &long, &long)].map(|event| event.line());
        assert_eq!(lines[0], "2026-11-23T23:58:24Z  allow    @desk        a            b on c");
        assert_eq!(lines[1], "2026-11-23T23:58:24Z  deny     @desk        xxxxxxxxxx…  xxx… (constraint_unmet)");
        assert!(lines.iter().all(|line| line.chars().count() <= width()));
    }

    #[test]
    fn a_gap_says_how_many_decisions_are_lost_and_why() {
        let gap = |why: &str| Some(Gap { count: 1_200, why: why.to_owned() });
        let bare = Event { outcome: None, reason: None, agent_id: None, action: None, resource: None, ..event("", "", "", "", "") };
        let claimed = Event { gap: gap("x"), ..event("allow", "granted", "a", "b", "c") };
        let lines = listed(&[Event { gap: gap("queue_full"), ..bare }, claimed]);
        assert_eq!(lines[1], "2026-11-23T23:58:24Z  gap      @desk     -      1200 lost (queue_full)");
        assert!(lines[2].contains("allow") && lines[2].ends_with("b on c"), "a decision is shown as one");
    }

    #[test]
    fn what_a_reporter_claims_does_not_pass_for_what_the_issuer_did() {
        let claim = |reporter: &str| {
            let event = event("allow", "granted", "admin", "keys.revoke", "issuer/keys");
            Event { reporter: reporter.to_owned(), ..event }
        };
        let act = Event { kind: "admin".to_owned(), ..claim("admin") };
        let own = Event { kind: "admin".to_owned(), agent_id: None, ..claim("https://issuer.example") };
        let later = Event { kind: "later_kind".to_owned(), ..claim("admin") };
        let lines = listed(&[act, own, claim("desk"), claim("issuer"), claim("admin"), later]);
        let reporters: Vec<&str> = lines.iter().skip(1).map(|line| line.split_whitespace().nth(2).expect("one")).collect();
        assert_eq!(reporters, ["issuer", "issuer", "@desk", "@issuer", "@admin", "@admin"]);
    }

    #[test]
    fn a_conflict_is_marked_in_a_place_of_its_own() {
        let claimed = Event { conflict: true, ..event("approval_required", "x", "a", "b", "c") };
        let lines =
            listed(&[Event { conflict: true, ..event("allow", "granted", "a", "b", "c") }, claimed, event("deny", "x", "a", "!", "c")]);
        let marks: Vec<&str> = lines.iter().skip(1).map(|line| line.get(22..29).expect("a column").trim_end()).collect();
        assert_eq!(marks, ["allow !", "ask !", "deny"]);
    }

    #[test]
    fn what_is_too_long_is_cut_and_never_the_reason_of_a_denial() {
        let long = "x".repeat(100);
        let claimed = |reason: &str| Event { reporter: long.clone(), conflict: true, ..event("deny", reason, &long, &long, &long) };
        for reason in Reason::ALL.iter().filter(|reason| **reason != Reason::Granted) {
            let lines = listed(&[claimed(reason.code())]);
            assert!(lines[1].ends_with(&format!(" ({})", reason.code())), "{}", lines[1]);
        }
        let lines = listed(&[event("later_outcome", "y", "", &long, "\u{202e}")]);
        assert!(lines[1].contains(" late…  ") && lines[1].ends_with("… (y)"), "{}", lines[1]);
    }
}
