//! `passport keys`: the issuer's signing keys.

mod revoke;

use clap::{Args, Subcommand};
use passport_shared::api::keys::{Key, Keys as KeyList};
use passport_shared::text::escape;

use self::revoke::Revoke;
use super::Session;
use super::client::{Answer, Remote};
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

impl Keys {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::List(list) => show(&list.remote.client(session)?.get("/v1/keys", &[])?, session),
            Self::Rotate(rotate) => {
                let answer = rotate.remote.client(session)?.post("/v1/keys/rotate", &serde_json::Map::new())?;
                show(&answer, session)
            }
            Self::Revoke(revoke) => revoke.run(session),
        }
    }
}

fn show(answer: &Answer, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    let keys: KeyList = answer.read_json()?;
    show_keys(&keys.items, session)?;
    let next = match &keys.rotates_at {
        Some(at) => format!("\nthe next key takes over {}", relative_text(at, session.clock.now())),
        None => "\nkeys are rotated by hand alone".to_owned(),
    };
    session.out.say(&next);
    Ok(DONE)
}

/// Each key, since when it is what it is, and how many of the passports that it has signed are live. All times are in `--json`:
/// a thumbprint leaves no room for more in 80 columns.
fn show_keys(keys: &[Key], session: &Session) -> Ended {
    let now = session.clock.now();
    let rows = keys.iter().map(|key| {
        let since = [&key.revoked_at, &key.retired_at, &key.activated_at].into_iter().find_map(Option::as_ref).unwrap_or(&key.created_at);
        // Nobody is told to trust it any more.
        let state = if key.state == "retired" && !key.published { "over" } else { key.state.as_str() };
        vec![escape(&key.key_id), escape(state), relative_text(since, now), format!("{}/{}", key.live, key.signed)]
    });
    session.out.text(&table(&["KEY", "STATE", "SINCE", "LIVE/ALL"], rows))?;
    Ok(DONE)
}
