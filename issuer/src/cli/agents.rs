//! `passport agents`: who can carry passports.

use clap::{Args, Subcommand, ValueEnum};
use passport_shared::api::Page;
use passport_shared::api::agents::{Agent, AgentChanged, AgentState, DisableAgent, NewAgent};
use passport_shared::text::escape;

use super::client::{Client, Remote, escaped};
use super::error::{DONE, Ended};
use super::output::{facts, table};
use super::words::relative_text;
use super::{Session, page};

/// Create, list and disable agents
#[derive(Debug, Subcommand)]
pub(crate) enum Agents {
    Create(Create),
    List(List),
    Get(Get),
    Disable(Disable),
    Enable(Enable),
}

/// Create an agent
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// A name for people
    name: String,
    /// Its id, the `sub` of its passports; the issuer makes one where it is left out
    #[arg(long)]
    id: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// List agents
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only with this in their id or name
    #[arg(long)]
    text: Option<String>,
    /// Only in this state
    #[arg(long, value_enum)]
    state: Option<State>,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    /// It can be given passports
    Enabled,
    /// It cannot
    Disabled,
}

/// Show one agent
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Its id
    id: String,
    #[command(flatten)]
    remote: Remote,
}

/// Disable an agent, and revoke all its passports
#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// Its id
    id: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// Enable an agent again; what was revoked stays revoked
#[derive(Debug, Args)]
pub(crate) struct Enable {
    /// Its id
    id: String,
    #[command(flatten)]
    remote: Remote,
}

impl Agents {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::Create(create) => create.run(session),
            Self::List(list) => list.run(session),
            Self::Get(get) => {
                let answer = get.remote.client(session)?.get(&path(&get.id), &[])?;
                show(&answer.read_json()?, answer.body(), session)
            }
            Self::Disable(disable) => {
                let body = DisableAgent { reason: disable.reason.clone() };
                change(&disable.remote.client(session)?, &format!("{}/disable", path(&disable.id)), &body, session)
            }
            Self::Enable(enable) => {
                let body = serde_json::Map::new();
                change(&enable.remote.client(session)?, &format!("{}/enable", path(&enable.id)), &body, session)
            }
        }
    }
}

impl Create {
    fn run(&self, session: &Session) -> Ended {
        let body = NewAgent { agent_id: self.id.clone(), name: self.name.clone(), description: self.description.clone() };
        let answer = self.remote.client(session)?.post("/v1/agents", &body)?;
        show(&answer.read_json()?, answer.body(), session)
    }
}

impl List {
    fn run(&self, session: &Session) -> Ended {
        let state = self.state.map(|state| match state {
            State::Enabled => AgentState::Enabled,
            State::Disabled => AgentState::Disabled,
        });
        let [limit, cursor] = self.page.query();
        let answer = self
            .remote
            .client(session)?
            .get("/v1/agents", &[("text", self.text.clone()), ("state", state.map(|state| name(state).to_owned())), limit, cursor])?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let agents: Page<Agent> = answer.read_json()?;
        let now = session.clock.now();
        let rows = agents.items.iter().map(|agent| {
            vec![escape(&agent.agent_id), escape(&agent.name), name(agent.state).to_owned(), relative_text(&agent.created_at, now)]
        });
        page::show(&table(&["AGENT", "NAME", "STATE", "CREATED"], rows), agents.items.len(), agents.next_cursor.as_deref(), session)
    }
}

fn path(id: &str) -> String {
    format!("/v1/agents/{}", escaped(id))
}

fn name(state: AgentState) -> &'static str {
    match state {
        AgentState::Enabled => "enabled",
        AgentState::Disabled => "disabled",
    }
}

fn change(client: &Client, path: &str, body: &impl serde::Serialize, session: &Session) -> Ended {
    let answer = client.post(path, body)?;
    let changed: AgentChanged = answer.read_json()?;
    show(&changed.agent, answer.body(), session)?;
    if changed.revoked_passports > 0 {
        let plural = if changed.revoked_passports == 1 { "" } else { "s" };
        session.out.say(&format!("\nrevoked {} passport{plural}", changed.revoked_passports));
    }
    Ok(DONE)
}

fn show(agent: &Agent, body: &str, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(body.as_bytes())?;
        return Ok(DONE);
    }
    let mut rows = vec![("agent", escape(&agent.agent_id)), ("name", escape(&agent.name)), ("state", name(agent.state).to_owned())];
    rows.extend(agent.description.as_ref().map(|text| ("description", escape(text))));
    rows.push(("created", escape(&agent.created_at)));
    rows.extend(agent.disabled_at.as_ref().map(|at| ("disabled", escape(at))));
    session.out.text(&facts(&rows))?;
    Ok(DONE)
}
