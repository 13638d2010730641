//! What verifiers have reported of an agent, and what it holds: from an issuer that is called, or from the data of one that is
//! stopped.

use std::path::PathBuf;

use clap::Args;
use passport_shared::api::Page;
use passport_shared::api::passports::Passport as Listed;
use passport_shared::fault::Fault;
use passport_shared::grant::Grant;
use passport_shared::passport::Passport;
use passport_shared::recorded::Recorded;
use passport_shared::text::quote;
use passport_shared::time;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Session;
use super::client::{Client, Remote, escaped};
use super::error::CliError;
use super::issuer_data::{DATABASE, DataDir, failed};
use super::output::Output;
use super::progress::Progress;
use crate::store::{AuditFilter, EventKind, MAX_PAGE, PassportFilter, PassportState, SqliteStore, Store as _, StoreError};

/// Whose requests, and from where.
#[derive(Debug, Args)]
pub(crate) struct HistoryArgs {
    /// The agent whose requests are looked at
    #[arg(long, value_name = "ID")]
    agent: String,
    /// The data directory of an issuer that is stopped, instead of calling one
    // Not the setting of that name: an issuer that is called is the usual way.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

/// Where it is read from.
pub(crate) enum History {
    /// An issuer.
    Remote(Client),
    /// A database, and the directory that is held while it is read.
    Offline(SqliteStore, DataDir),
}

/// What is looked at of an event beside the decision.
#[derive(Deserialize)]
struct Envelope {
    kind: String,
    conflict: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Events {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

impl HistoryArgs {
    pub(crate) fn agent(&self) -> &str {
        &self.agent
    }

    pub(crate) async fn open(&self, session: &Session) -> Result<History, CliError> {
        let Some(data) = &self.data else { return Ok(History::Remote(self.remote.client(session)?)) };
        let database = data.join(DATABASE);
        if !database.exists() {
            return Err(
                CliError::failed(format!("`{}` does not exist", database.display())).hint("name the issuer's directory: --data DIR")
            );
        }
        let held = DataDir::lock(data)?;
        let store = SqliteStore::open(&database).await.map_err(|error| failed("open the database", &error))?;
        Ok(History::Offline(store, held))
    }
}

impl History {
    /// Gives each decision on `agent` since then to `take`, the newest first: those that are not in conflict with another.
    /// No more than a page is in memory.
    pub(crate) async fn each(&self, agent: &str, since: i64, out: Output, mut take: impl FnMut(&Recorded)) -> Result<(), CliError> {
        let progress = Progress::count("decisions read", out);
        let mut take = |recorded: &Recorded| {
            progress.advance();
            take(recorded);
        };
        match self {
            Self::Remote(client) => {
                let (agent, from) = (Some(agent.to_owned()), time::format(since));
                let mut cursor = None;
                loop {
                    let query =
                        [("agentId", agent.clone()), ("from", from.clone()), ("limit", Some(MAX_PAGE.to_string())), ("cursor", cursor)];
                    let page: Events = client.get("/v1/audit/events", &query)?.read_json()?;
                    for item in &page.items {
                        let about = serde_json::from_str::<Envelope>(item.get()).ok();
                        if about.is_some_and(|about| about.kind == EventKind::Decision.as_str() && !about.conflict) {
                            Recorded::read(item.get().as_bytes()).iter().for_each(&mut take);
                        }
                    }
                    cursor = page.next_cursor;
                    if cursor.is_none() {
                        return Ok(());
                    }
                }
            }
            Self::Offline(store, _) => {
                let mut filter = AuditFilter {
                    agent_id: Some(agent.to_owned()),
                    kind: Some(EventKind::Decision),
                    from: Some(since),
                    limit: MAX_PAGE,
                    ..AuditFilter::default()
                };
                loop {
                    let page = store.events(filter.clone()).await.map_err(|error| read_failed(&error))?;
                    for item in page.items.iter().filter(|item| !item.conflict) {
                        Recorded::read(item.event.body.as_bytes()).iter().for_each(&mut take);
                    }
                    if page.next.is_none() {
                        return Ok(());
                    }
                    filter.cursor = page.next;
                }
            }
        }
    }

    /// The passport of this id, or the newest live one of the agent.
    pub(crate) async fn held(&self, agent: &str, id: Option<&str>, now: i64) -> Result<Passport, CliError> {
        let none =
            || CliError::failed(format!("the agent {} has no live passport", quote(agent))).hint("name one that it had: --passport ID");
        match self {
            Self::Remote(client) => {
                let listed: Listed = match id {
                    Some(id) => client.get(&format!("/v1/passports/{}", escaped(id)), &[])?.read_json()?,
                    None => {
                        let query =
                            [("agentId", Some(agent.to_owned())), ("state", Some("live".to_owned())), ("limit", Some("1".to_owned()))];
                        let page: Page<Listed> = client.get("/v1/passports", &query)?.read_json()?;
                        page.items.into_iter().next().ok_or_else(none)?
                    }
                };
                let grants = read_grants(listed.grants.get(), "the passport")?;
                Ok(Passport { id: listed.passport_id.into(), ..Passport::holding(&listed.agent_id, grants) })
            }
            Self::Offline(store, _) => {
                let stored = match id {
                    Some(id) => match store.passport(id).await {
                        Ok(stored) => stored,
                        Err(StoreError::NotFound { .. }) => return Err(CliError::failed(format!("there is no passport {}", quote(id)))),
                        Err(error) => return Err(read_failed(&error)),
                    },
                    None => {
                        let filter = PassportFilter {
                            agent_id: Some(agent.to_owned()),
                            state: Some(PassportState::Live),
                            now,
                            limit: 1,
                            ..PassportFilter::default()
                        };
                        store.passports(filter).await.map_err(|error| read_failed(&error))?.items.into_iter().next().ok_or_else(none)?
                    }
                };
                Passport::read(stored.claims.as_bytes())
                    .map_err(|error| CliError::failed(format!("a stored passport cannot be read: {error}")))
            }
        }
    }

    /// The client, for what only an issuer can answer.
    pub(crate) fn client(&self) -> Option<&Client> {
        match self {
            Self::Remote(client) => Some(client),
            Self::Offline(..) => None,
        }
    }

    /// Ends the reading in order.
    pub(crate) async fn close(self) -> Result<(), CliError> {
        match self {
            Self::Remote(_) => Ok(()),
            Self::Offline(store, _held) => store.close().await.map_err(|error| failed("close the database", &error)),
        }
    }
}

fn read_failed(error: &StoreError) -> CliError {
    failed("read the database", error)
}

/// Grants out of JSON, or what is wrong with them.
pub(crate) fn read_grants(json: &str, what: &str) -> Result<Vec<Grant>, CliError> {
    let wrong = |faults: Vec<Fault>| CliError::usage(format!("{what}: these are not grants")).with_errors(faults);
    Grant::read_all(json, "").map_err(wrong)
}

/// The time so many seconds before now.
pub(crate) fn since(seconds: u64, session: &Session) -> i64 {
    session.clock.now().saturating_sub(i64::try_from(seconds).unwrap_or(i64::MAX)).max(0)
}
