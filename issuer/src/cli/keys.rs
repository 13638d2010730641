//! `passport keys`: the issuer's signing keys.

use clap::{Args, Subcommand};
use passport_shared::api::keys::{Keys as KeyList, RevokeKey};
use passport_shared::text::escape;

use super::Session;
use super::client::{Answer, Remote, escaped};
use super::error::{DONE, Ended};
use super::output::table;
use super::words::relative_text;

/// List, rotate and revoke the issuer's keys
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    List(List),
    Rotate(Rotate),
    Revoke(Revoke),
}

/// List keys
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    remote: Remote,
}

/// Let the next key sign, and make a new next one
#[derive(Debug, Args)]
pub(crate) struct Rotate {
    #[command(flatten)]
    remote: Remote,
}

/// Revoke a key, and with it every passport that it has signed
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its thumbprint
    #[arg(allow_hyphen_values = true)]
    key: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    remote: Remote,
}

impl Keys {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::List(list) => show(&list.remote.client(session)?.get("/v1/keys", &[])?, session),
            Self::Rotate(rotate) => {
                let answer = rotate.remote.client(session)?.post("/v1/keys/rotate", &serde_json::Map::new())?;
                show(&answer, session)
            }
            Self::Revoke(revoke) => {
                let body = RevokeKey { reason: revoke.reason.clone() };
                let answer = revoke.remote.client(session)?.post(&format!("/v1/keys/{}/revoke", escaped(&revoke.key)), &body)?;
                show(&answer, session)?;
                session.out.say(
                    "\nif the key signed your own passport, it is revoked with it; verifiers deny what it signed\nfrom their next refresh on",
                );
                Ok(DONE)
            }
        }
    }
}

fn show(answer: &Answer, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    let keys: KeyList = answer.read_json()?;
    let now = session.clock.now();
    let rows = keys.items.iter().map(|key| {
        // Since when it is what it is.
        let since = [&key.revoked_at, &key.retired_at, &key.activated_at].into_iter().find_map(Option::as_ref).unwrap_or(&key.created_at);
        let published = if key.published { "published" } else { "-" };
        vec![escape(&key.key_id), escape(&key.state), relative_text(since, now), published.to_owned()]
    });
    session.out.text(&table(&["KEY", "STATE", "SINCE", "TRUST"], rows))?;
    Ok(DONE)
}
