//! `passport approvals`: what agents ask people for.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use passport_shared::api::Page;
use passport_shared::api::approvals::{Approval, ApprovalState, AskApproval, DecideApproval};
use passport_shared::text::escape;
use serde_json::value::RawValue;

use super::client::{Answer, Client, Remote, escaped};
use super::error::{CliError, DENIED, DONE, Ended};
use super::output::{facts, table};
use super::words::{listed, relative_text};
use super::{Session, page};

/// List, approve and deny what agents ask for
#[derive(Debug, Subcommand)]
pub(crate) enum Approvals {
    List(List),
    Show(Show),
    Approve(Decide),
    Deny(Decide),
    Ask(Ask),
}

/// List approvals: without --state, those that wait
#[derive(Debug, Args)]
pub(crate) struct List {
    /// In this state
    #[arg(long, value_enum, default_value = "pending")]
    state: State,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    /// They wait for people
    Pending,
    /// Approved
    Approved,
    /// Denied
    Denied,
    /// Nobody decided in time
    Expired,
    /// All of them
    All,
}

/// Show one approval, with the exact request
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its id
    id: String,
    #[command(flatten)]
    remote: Remote,
}

/// Decide on it: nobody decides on what their own agent asks for
#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// Its id
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Ask for an approval, with the passport that the request will be made with
///
/// The approval alone goes to standard output: give it as `approval` in the request.
#[derive(Debug, Args)]
pub(crate) struct Ask {
    /// The request as JSON, as it will be made
    #[arg(long, value_name = "JSON")]
    request: String,
    /// The service that it will be made to [default: the passport's first]
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// Do not wait until people have decided
    #[arg(long)]
    no_wait: bool,
    #[command(flatten)]
    remote: Remote,
}

impl Approvals {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::List(list) => list.run(session),
            Self::Show(show) => tell(&show.remote.client(session)?.get(&path(&show.id, ""), &[])?, session),
            Self::Approve(decide) => decide.run("/approve", session),
            Self::Deny(decide) => decide.run("/deny", session),
            Self::Ask(ask) => ask.run(session),
        }
    }
}

fn path(id: &str, act: &str) -> String {
    format!("/v1/approvals/{}{act}", escaped(id))
}

impl Decide {
    fn run(&self, act: &str, session: &Session) -> Ended {
        let body = DecideApproval { reason: self.reason.clone() };
        tell(&self.remote.client(session)?.post(&path(&self.id, act), &body)?, session)
    }
}

impl List {
    fn run(&self, session: &Session) -> Ended {
        let state = match self.state {
            State::Pending => Some("pending"),
            State::Approved => Some("approved"),
            State::Denied => Some("denied"),
            State::Expired => Some("expired"),
            State::All => None,
        };
        let [limit, cursor] = self.page.query();
        let answer = self.remote.client(session)?.get("/v1/approvals", &[("state", state.map(str::to_owned)), limit, cursor])?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let approvals: Page<Approval> = answer.read_json()?;
        let now = session.clock.now();
        let rows = approvals.items.iter().map(|approval| {
            vec![
                escape(&approval.approval_id),
                escape(&approval.agent_id),
                asked(approval),
                name(approval.state).to_owned(),
                relative_text(&approval.asked_at, now),
            ]
        });
        let table = table(&["APPROVAL", "AGENT", "WANTS", "STATE", "ASKED"], rows);
        page::show(&table, approvals.items.len(), approvals.next_cursor.as_deref(), session)
    }
}

impl Ask {
    fn run(&self, session: &Session) -> Ended {
        let request = RawValue::from_string(self.request.clone()).map_err(|error| {
            CliError::usage(format!("--request is no JSON: {error}")).hint(r#"it looks like '{"action":"charge","resource":"cards"}'"#)
        })?;
        let client = self.remote.client(session)?;
        let answer = client.post("/v1/approvals", &AskApproval { request, audience: self.audience.clone() })?;
        let mut approval: Approval = answer.read_json()?;
        if self.no_wait {
            return tell(&answer, session);
        }
        session.out.say(&format!("{} waits for people until {}", escape(&approval.approval_id), escape(&approval.expires_at)));
        let answer = loop {
            let answer = wait(&client, &approval.approval_id)?;
            approval = answer.read_json()?;
            if approval.state != ApprovalState::Pending {
                break answer;
            }
            // It may have been answered at once, by an issuer that is about to stop.
            std::thread::sleep(Duration::from_millis(500));
        };
        match (&approval.approval, session.out.is_json()) {
            (Some(_), true) => session.out.line(answer.body().as_bytes())?,
            (Some(token), false) => session.out.line(token.as_bytes())?,
            (None, _) => {
                tell(&answer, session)?;
                return Ok(DENIED);
            }
        }
        Ok(DONE)
    }
}

/// One turn of waiting: shorter than a call may take.
fn wait(client: &Client, id: &str) -> Result<Answer, CliError> {
    client.get(&path(id, ""), &[("wait", Some("20".to_owned()))])
}

fn name(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Pending => "pending",
        ApprovalState::Approved => "approved",
        ApprovalState::Denied => "denied",
        ApprovalState::Expired => "expired",
    }
}

/// "charge on cards".
fn asked(approval: &Approval) -> String {
    let request: serde_json::Value = serde_json::from_str(approval.request.get()).unwrap_or_default();
    let text = |name: &str| request.get(name).and_then(serde_json::Value::as_str).map(escape);
    match (text("action"), text("resource")) {
        (Some(action), Some(resource)) => format!("{action} on {resource}"),
        (action, _) => action.unwrap_or_default(),
    }
}

/// "0 of 1 has approved".
fn count(approved: usize, needed: u8) -> String {
    format!("{approved} of {needed} {} approved", if needed == 1 { "has" } else { "have" })
}

fn tell(answer: &Answer, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    let approval: Approval = answer.read_json()?;
    let mut rows = vec![
        ("approval", escape(&approval.approval_id)),
        ("state", name(approval.state).to_owned()),
        ("agent", escape(&approval.agent_id)),
        ("passport", escape(&approval.passport_id)),
        ("wants", asked(&approval)),
        ("request", escape(approval.request.get())),
        ("at", escape(&approval.audience)),
        ("people", count(approval.approved_by.len(), approval.approvers_needed)),
    ];
    if !approval.approved_by.is_empty() {
        rows.push(("approved by", listed(&approval.approved_by)));
    }
    rows.extend(approval.denied_by.as_ref().map(|by| ("denied by", escape(by))));
    rows.extend(approval.reason.as_ref().map(|reason| ("because", escape(reason))));
    rows.push(("until", escape(&approval.expires_at)));
    session.out.text(&facts(&rows))?;
    Ok(DONE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_have_approved_is_said_as_that() {
        assert_eq!([count(0, 1), count(1, 2)], ["0 of 1 has approved", "1 of 2 have approved"]);
    }
}
