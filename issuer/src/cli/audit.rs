//! `passport audit`: what was decided and changed.

use clap::{Args, Subcommand};
use passport_shared::text::escape;
use serde::Deserialize;

use super::client::Remote;
use super::error::{DONE, Ended};
use super::output::table;
use super::{Session, page};

/// Read the audit log
#[derive(Debug, Subcommand)]
pub(crate) enum Audit {
    List(Box<List>),
}

/// List events, newest first
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// On this passport
    #[arg(long, value_name = "ID")]
    passport: Option<String>,
    /// With this outcome: allow, deny or approval_required
    #[arg(long)]
    outcome: Option<String>,
    /// With this reason, as in constraint_unmet
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Of this action
    #[arg(long)]
    action: Option<String>,
    /// On this resource
    #[arg(long)]
    resource: Option<String>,
    /// Reported by this verifier
    #[arg(long, value_name = "ID")]
    reporter: Option<String>,
    /// At or after this RFC 3339 time
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this RFC 3339 time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

/// What is shown of an event. Members may be missing from one of a later release.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Event {
    received_at: String,
    evaluated_at: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    agent_id: Option<String>,
    action: Option<String>,
    resource: Option<String>,
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
        }
    }
}

impl List {
    fn run(&self, session: &Session) -> Ended {
        let [limit, cursor] = self.page.query();
        let query = [
            ("agentId", self.agent.clone()),
            ("passportId", self.passport.clone()),
            ("outcome", self.outcome.clone()),
            ("reason", self.reason.clone()),
            ("action", self.action.clone()),
            ("resource", self.resource.clone()),
            ("reporter", self.reporter.clone()),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
            limit,
            cursor,
        ];
        let answer = self.remote.client(session)?.get("/v1/audit/events", &query)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let events: Events = answer.read_json()?;
        let shown = |text: &Option<String>| text.as_deref().map_or_else(|| "-".to_owned(), escape);
        let rows = events.items.iter().map(|event| {
            let decided = match event.outcome.as_deref() {
                // The reason says it all where it is not an allow.
                Some("allow") | None => shown(&event.outcome),
                Some(_) => shown(&event.reason),
            };
            vec![
                escape(event.evaluated_at.as_ref().unwrap_or(&event.received_at)),
                decided,
                shown(&event.agent_id),
                // In one column, which breaks between them.
                match &event.resource {
                    Some(resource) => format!("{} on {}", shown(&event.action), escape(resource)),
                    None => shown(&event.action),
                },
            ]
        });
        let table = table(&["TIME", "DECISION", "AGENT", "ACTION"], rows);
        page::show(&table, events.items.len(), events.next_cursor.as_deref(), session)
    }
}
