//! Where an export comes from: an issuer that is asked, or the data of one that is stopped.

use std::path::Path;
use std::time::Duration;

use passport_shared::api::audit::AuditQuery;
use passport_shared::log::checkpoint::Checkpoint;
use passport_shared::log::note::Note;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::runtime::Runtime;

use super::placed;
use crate::cli::client::Client;
use crate::cli::error::CliError;
use crate::cli::issuer_data::{DATABASE, DataDir, failed, no_issuer};
use crate::service::stored_events;
use crate::store::{SqliteStore, Store as _};

const LIST: &str = "/v1/audit/events";

/// Events of one page.
const PAGE: u32 = 1_000;

/// A page of events, the oldest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page {
    pub(super) items: Vec<Box<RawValue>>,
    pub(super) next_cursor: Option<String>,
}

/// The log, when the export began.
pub(super) struct Log {
    /// How many events it had: none after it is exported.
    pub(super) size: i64,
    /// The root over them, where it is known.
    pub(super) root: Option<[u8; 32]>,
    /// The signed note that says so, where the issuer has one.
    pub(super) checkpoint: Option<String>,
    /// Whose log it is.
    pub(super) issuer: Option<String>,
}

/// Where events come from.
pub(super) enum Source {
    /// An issuer.
    Remote(Client),
    /// A store.
    Offline { runtime: Runtime, store: SqliteStore, _held: DataDir },
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
}

impl Source {
    pub(super) fn remote(client: Client) -> Self {
        Self::Remote(client)
    }

    /// The data in this directory. It has to be there: what is opened would be made.
    pub(super) fn offline(data: &Path) -> Result<Self, CliError> {
        let database = data.join(DATABASE);
        if !database.try_exists().map_err(|error| CliError::io("look at", database.display(), &error))? {
            return Err(no_issuer(data, &format!("`{}` does not exist", database.display())));
        }
        let held = DataDir::lock(data)?;
        let runtime = Runtime::new().map_err(|error| CliError::failed(format!("cannot start the runtime: {error}")))?;
        let store = runtime.block_on(SqliteStore::open(&database)).map_err(|error| failed("open the database", &error))?;
        Ok(Self::Offline { runtime, store, _held: held })
    }

    pub(super) fn log(&self) -> Result<Log, CliError> {
        match self {
            Self::Remote(client) => of_issuer(client),
            Self::Offline { runtime, store, .. } => runtime.block_on(async {
                let unread = |error| failed("read the database", &error);
                let head = store.log_head().await.map_err(unread)?;
                let issuer = store.bound_issuer().await.map_err(unread)?;
                Ok(Log { size: head.size, root: Some(head.root), checkpoint: None, issuer })
            }),
        }
    }

    /// The events after a place.
    pub(super) fn page(&self, query: &[(&'static str, Option<String>)], cursor: &str) -> Result<Page, CliError> {
        let mut query = query.to_vec();
        query.extend([("order", Some("oldest".to_owned())), ("limit", Some(PAGE.to_string())), ("cursor", Some(cursor.to_owned()))]);
        match self {
            Self::Remote(client) => client.get(LIST, &query)?.read_json(),
            Self::Offline { runtime, store, .. } => {
                let page = runtime.block_on(stored_events(store, asked(&query)?));
                let page = page.map_err(|error| CliError::failed(error.to_string()))?;
                Ok(Page { items: page.items, next_cursor: page.next_cursor })
            }
        }
    }
}

/// The query as it would be read out of an address.
fn asked(query: &[(&'static str, Option<String>)]) -> Result<AuditQuery, CliError> {
    let given = query.iter().filter_map(|(name, value)| Some((*name, value.as_deref()?)));
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish();
    serde_urlencoded::from_str(&text).map_err(|error| CliError::usage(error.to_string()))
}

/// How often a checkpoint over all that there was is asked for, and how long is waited in between: an issuer signs one a second
/// at most.
const ASKED: u32 = 4;
const PAUSE: Duration = Duration::from_millis(500);

/// The log of an issuer by a checkpoint that is over all there is now, or by the newest that it signs; where it has none to
/// show, by the newest event.
fn of_issuer(client: &Client) -> Result<Log, CliError> {
    let issuer = client.get("/.well-known/passport-issuer", &[])?.read_json::<Metadata>()?.issuer;
    let newest: Page = client.get(LIST, &[("limit", Some("1".to_owned()))])?.read_json()?;
    let all = newest.items.first().map_or(Ok(0), |event| placed(event))?;
    for asked in 1..=ASKED {
        // An issuer of an earlier release has no such route.
        let Ok(answer) = client.get("/v1/audit/checkpoint", &[]) else { break };
        let Some((size, root)) = said(answer.body()) else { break };
        if size >= all || asked == ASKED {
            return Ok(Log { size, root: Some(root), checkpoint: Some(answer.into_body()), issuer: Some(issuer) });
        }
        std::thread::sleep(PAUSE);
    }
    Ok(Log { size: all, root: None, checkpoint: None, issuer: Some(issuer) })
}

/// What a note says of the log. Whether its signature is good is for who reads the manifest, with the key that they trust.
fn said(note: &str) -> Option<(i64, [u8; 32])> {
    let note = Note::parse(note.as_bytes()).ok()?;
    let checkpoint = Checkpoint::parse(note.unverified_text()).ok()?;
    Some((i64::try_from(checkpoint.size()).ok()?, *checkpoint.root()))
}
