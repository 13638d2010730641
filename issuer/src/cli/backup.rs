//! `passport backup`: everything that an issuer needs to start again, in one file, taken while it serves.

pub(crate) mod archive;

use std::fs::File;
use std::path::{Path, PathBuf};

use clap::Args;
use passport_shared::text::quote;
use serde::Serialize;

use self::archive::{KeyFile, Manifest};
use super::Session;
use super::error::{CliError, DONE, Ended, plain};
use super::issuer_data::{DATABASE, KEYS, Places, block_on, failed, no_issuer};
use super::output::{CARE, Output, facts, styled};
use super::progress::Progress;
use super::words::shown;
use crate::config::DataSettings;
use crate::store::sqlite::{Check, Contents, copy, look};

/// How often the database is copied anew because a key was revoked between it and its key files.
const ATTEMPTS: usize = 5;

/// Back up an issuer into one file, while it serves
///
/// The file holds the database, as of one moment, and the key files as they rest: sealed keys stay sealed, and the
/// passphrase is not in it. Keep the passphrase elsewhere. Passports are in no backup, the admin's own included:
/// `passport admin-passport` makes another one.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to write; one that is there already is not overwritten
    file: PathBuf,
    #[command(flatten)]
    data: DataSettings,
}

/// What was backed up.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BackedUp<'b> {
    file: &'b Path,
    issuer: &'b str,
    sealed: bool,
    keys: usize,
    agents: i64,
    passports: i64,
    audit_events: i64,
    bytes: u64,
}

impl Backup {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let places = Places::of(&session.settings.data(&self.data))?;
        block_on(async {
            let folder = match self.file.parent() {
                Some(above) if !above.as_os_str().is_empty() => above,
                _ => Path::new("."),
            };
            let cannot = |error: &std::io::Error| CliError::io("write", self.file.display(), error);
            if self.file.try_exists().map_err(|error| cannot(&error))? {
                return Err(CliError::failed(format!("`{}` is there already", self.file.display()))
                    .hint("a backup overwrites no other; name another file"));
            }
            // Beside the file, so that there is room for the one where there is for the other; its owner's alone.
            let work = tempfile::Builder::new().prefix(".passport-").tempdir_in(folder).map_err(|error| cannot(&error))?;
            let (database, contents, keys) = moment(&places, work.path(), session.out).await?;
            let issuer = contents.issuer.clone().ok_or_else(|| no_issuer(&places.path, "its database belongs to none"))?;
            let manifest = Manifest::of(&issuer, session.clock.now(), &database, &keys).map_err(|error| cannot(&error))?;

            let file = tempfile::Builder::new().prefix(".passport-").tempfile_in(folder).map_err(|error| cannot(&error))?;
            let progress = Progress::bytes(manifest.database_bytes(), "written", session.out);
            archive::write(file.as_file(), &manifest, &database, &keys, &progress).map_err(|error| cannot(&error))?;
            let put = || {
                file.as_file().sync_all()?;
                let bytes = file.as_file().metadata()?.len();
                file.persist_noclobber(&self.file).map_err(|error| error.error)?;
                // The file's name is on disk only with its directory.
                File::open(folder)?.sync_all().map(|()| bytes)
            };
            let bytes = put().map_err(|error| cannot(&error))?;
            drop(progress);
            self.tell(&contents, &manifest, bytes, session)
        })
    }

    fn tell(&self, contents: &Contents, manifest: &Manifest, bytes: u64, session: &Session) -> Ended {
        let out = session.out;
        let keys = manifest.key_count();
        if out.is_json() {
            out.json(&BackedUp {
                file: &self.file,
                issuer: &manifest.issuer,
                sealed: manifest.sealed,
                keys,
                agents: contents.agents,
                passports: contents.passports,
                audit_events: contents.events,
                bytes,
            })?;
        } else {
            out.text(&facts(&[
                ("backup", format!("{} ({bytes} bytes)", self.file.display())),
                ("issuer", quote(&manifest.issuer)),
                ("taken", shown(manifest.created_at)),
                ("keys", format!("{keys}, {}", if manifest.sealed { "sealed" } else { "UNSEALED" })),
                ("agents", contents.agents.to_string()),
                ("passports", contents.passports.to_string()),
                ("audit events", contents.events.to_string()),
            ]))?;
        }
        match manifest.sealed {
            true => out.say("the passphrase is not in it, and nothing in it opens without: keep that elsewhere"),
            false => out.say(&format!(
                "{} keys are UNSEALED in it, as they rest with --dev: who can read this file can sign as the issuer",
                styled(CARE, "take care:")
            )),
        }
        Ok(DONE)
    }
}

/// The database as of one moment, in `work`, and the files of all keys that live in it.
async fn moment(places: &Places, work: &Path, out: Output) -> Result<(PathBuf, Contents, Vec<KeyFile>), CliError> {
    if !places.database.exists() {
        return Err(no_issuer(&places.path, &format!("`{}` does not exist", places.database.display())));
    }
    let mut missing = String::new();
    for attempt in 0..ATTEMPTS {
        let database = work.join(format!("{attempt}.db"));
        let progress = Progress::bytes(0, "copied", out);
        let copied = copy(&places.database, &database, &mut |done, of| progress.reach_of(done, of)).await;
        drop(progress);
        copied.map_err(|error| failed("copy the database", &error))?;
        let progress = Progress::steps("checking the copy of the database", out);
        // A copy that was never read is a hope and no backup.
        let contents = look(&database, Check::Whole).await.map_err(|error| failed("read the copy of the database", &error))?;
        drop(progress);
        // After the database: a key has its file before it has a record. One that was revoked since has its file no more.
        let keys = archive::keys(&places.keys).map_err(|error| CliError::io("read the keys in", places.keys.display(), &error))?;
        match lacking(&contents, &keys) {
            None => return Ok((database, contents, keys)),
            Some(id) => missing = id,
        }
        std::fs::remove_file(&database).map_err(|error| CliError::failed(format!("cannot remove a copy: {}", plain(&error))))?;
    }
    Err(CliError::failed(format!("the key {missing} has no file in `{}`", places.keys.display()))
        .hint("without it an issuer does not start: put it back from an older backup, or revoke the key"))
}

/// A key that lives and has no file.
pub(crate) fn lacking(contents: &Contents, keys: &[KeyFile]) -> Option<String> {
    let living = contents.keys.iter().filter(|(_, key)| key.state != "revoked").map(|(id, _)| id);
    living.into_iter().find(|id| !keys.iter().any(|key| key.name == format!("{KEYS}/{id}.pem"))).cloned()
}

/// The name of the database in an archive.
pub(crate) const DATABASE_NAME: &str = DATABASE;
