//! `passport keys revoke`: the one command for a key that may be stolen.
//!
//! With `--reissue` each passport that goes with the key has one in its place, in a file of its own that its owner alone
//! can read. The directory is tried before anything is revoked. The caller's own passport is the first, so that the
//! command goes on with the new one where the old went with the key.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use passport_shared::api::keys::{AffectedPassport, RevokeKey, RevokedKey};
use passport_shared::text::escape;
use serde_json::{Value, json};

use super::show_keys;
use crate::cli::Session;
use crate::cli::client::{Client, Remote, escaped};
use crate::cli::error::{CliError, DONE, Ended, FAILED};
use crate::cli::output::table;
use crate::cli::words::relative_text;
use crate::cli::write::{Readers, write};

/// Revoke a key, and with it every passport that it has signed
///
/// The next key signs at once. What went with the key is listed; with --reissue each has a passport in its place, for
/// the same agent and services, with the same grants, until the same time.
#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// Its thumbprint
    #[arg(allow_hyphen_values = true)]
    key: String,
    /// Why, for the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Issue anew what the key has signed, each to a file DIR/ID, by the id of the passport that it replaces
    #[arg(long, value_name = "DIR")]
    reissue: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

impl Revoke {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let mut client = self.remote.client(session)?;
        if let Some(directory) = &self.reissue {
            prepare(directory)?;
        }
        let mut done = Done::default();
        let mut after = None;
        let (items, rotates_at) = loop {
            let answer = match self.call(&client, after.clone()) {
                Ok(answer) => answer,
                // Revoked, and some issued anew: what is done is told before what is not.
                Err(error) if after.is_some() => {
                    done.tell(self, session)?;
                    return Err(error.hint("the key is revoked, and the passports above are issued anew; call again for the rest"));
                }
                Err(error) => return Err(error),
            };
            if let Some(own) = answer.affected.iter().find(|entry| entry.own).and_then(|entry| entry.reissued.as_ref()) {
                client.set_passport(&own.passport);
            }
            for entry in answer.affected {
                done.take(entry, self.reissue.as_deref());
            }
            after = answer.affected_next;
            // Who has nothing issued anew may have lost the passport that the next page would take.
            if after.is_none() || self.reissue.is_none() {
                break (answer.items, answer.rotates_at);
            }
        };
        done.more = after.is_some();
        if session.out.is_json() {
            session.out.json(
                &json!({ "items": items, "nextCursor": null, "rotatesAt": rotates_at, "affected": done.json, "affectedNext": after }),
            )?;
        } else {
            show_keys(&items, session)?;
        }
        done.tell(self, session)?;
        Ok(if done.failed == 0 { DONE } else { FAILED })
    }

    fn call(&self, client: &Client, after: Option<String>) -> Result<RevokedKey, CliError> {
        let body = RevokeKey { reason: self.reason.clone(), reissue: self.reissue.is_some(), after };
        client.post(&format!("/v1/keys/{}/revoke", escaped(&self.key)), &body)?.read_json()
    }
}

/// What has become of the passports that went with the key.
#[derive(Default)]
struct Done {
    entries: Vec<(AffectedPassport, String)>,
    json: Vec<Value>,
    failed: usize,
    more: bool,
}

impl Done {
    /// Keeps what was issued anew, and what is to be told of it: never the token.
    fn take(&mut self, mut entry: AffectedPassport, directory: Option<&Path>) {
        let token = entry.reissued.as_mut().map(|issued| std::mem::take(&mut issued.passport));
        let kept = token.zip(directory).map(|(token, directory)| keep(&token, &entry.passport_id, directory));
        let mut told = serde_json::to_value(&entry).unwrap_or_default();
        if let Some(issued) = told.get_mut("reissued").and_then(Value::as_object_mut) {
            issued.remove("passport");
            if let Some(Ok(path)) = &kept {
                issued.insert("file".to_owned(), json!(path.display().to_string()));
            }
        }
        self.json.push(told);
        let outcome = match (&kept, &entry.refused) {
            // A whole path would not fit beside an id.
            (Some(Ok(_)), _) => "issued anew".to_owned(),
            (Some(Err(error)), _) => format!("issued anew and lost ({error}); issue it again"),
            (None, Some(refused)) => format!("not issued anew: {}", escape(&refused.detail)),
            (None, None) => "denied from now on".to_owned(),
        };
        // Of what was renewed, the newest alone is wanted.
        let wanted = |refused: &&passport_shared::api::keys::NotReissued| refused.code != "renewed_since";
        if matches!(kept, Some(Err(_))) || entry.refused.as_ref().filter(wanted).is_some() {
            self.failed = self.failed.saturating_add(1);
        }
        self.entries.push((entry, outcome));
    }

    fn tell(&self, revoke: &Revoke, session: &Session) -> Result<(), CliError> {
        let now = session.clock.now();
        if !self.entries.is_empty() && !session.out.is_json() {
            let rows = self.entries.iter().map(|(entry, outcome)| {
                vec![escape(&entry.passport_id), escape(&entry.agent_id), relative_text(&entry.expires_at, now), outcome.clone()]
            });
            session.out.text(&format!("\n{}", table(&["WENT WITH IT", "AGENT", "ENDS", "NOW"], rows)))?;
        }
        let mut told = format!(
            "\n{} passport{} went with the key; verifiers deny {} from their next refresh on",
            self.entries.len(),
            if self.entries.len() == 1 { "" } else { "s" },
            if self.entries.len() == 1 { "it" } else { "them" },
        );
        if self.more {
            told.push_str(&format!("\nthere are more:\n  passport passports list --key {}", escape(&revoke.key)));
        }
        if let Some(directory) = &revoke.reissue {
            told.push_str(&format!("\nthose in their place are in files of these names in `{}`, for you alone", directory.display()));
        }
        if let Some((entry, _)) = self.entries.iter().find(|(entry, _)| entry.own) {
            match (&revoke.reissue, &entry.reissued) {
                (Some(directory), Some(_)) => {
                    let path = directory.join(&entry.passport_id);
                    told.push_str(&format!(
                        "\nyour own passport went with it; use the new one:\n  export PASSPORT_FILE={}",
                        path.display()
                    ));
                }
                _ => told.push_str("\nyour own passport went with it: who runs the issuer makes another with `passport admin-passport`"),
            }
        }
        if self.failed > 0 {
            told.push_str(&format!("\n{} of them have nothing in their place yet: see above", self.failed));
        }
        if revoke.reissue.is_some() {
            told.push_str("\nlook at who issued them (`issuedBy` with --json, or the audit log) before you hand them out: who had the key could have had some issued");
        }
        session.out.say(&told);
        Ok(())
    }
}

/// Makes the directory, for its owner alone, and finds out whether files can be put there, before anything is revoked.
fn prepare(directory: &Path) -> Result<(), CliError> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| CliError::io("make the directory", directory.display(), &error))?;
    tempfile::Builder::new()
        .prefix(".passport-")
        .tempfile_in(directory)
        .map(drop)
        .map_err(|error| CliError::io("write to the directory", directory.display(), &error).hint("nothing was revoked"))
}

/// Puts a token into a file named by the passport that it replaces.
fn keep(token: &str, replaced: &str, directory: &Path) -> Result<PathBuf, String> {
    let plain = !replaced.is_empty() && replaced.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if !plain {
        return Err("its id is no name of a file".to_owned());
    }
    let path = directory.join(replaced);
    write(&path, token.as_bytes(), Readers::Owner).map_err(|error| error.to_text().unwrap_or_default())?;
    Ok(path)
}
