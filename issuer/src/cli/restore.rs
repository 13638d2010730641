//! `passport restore`: an issuer's data out of a backup, into a directory of its own.

mod unpack;

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use clap::Args;
use passport_keys::{KeyDir, Passphrase, Protection};
use passport_shared::text::{escape, quote};
use serde::Serialize;

use super::backup::archive::{Manifest, keys};
use super::backup::lacking;
use super::error::{CliError, DONE, Ended};
use super::issuer_data::{DATABASE, KEYS, Places, block_on, failed, passphrase_of};
use super::output::{CARE, facts, styled};
use super::progress::Progress;
use super::words::{shown, when};
use super::{Session, core_dumps};
use crate::config::DataSettings;
use crate::store::sqlite::{Check, Contents, hold_log, look, raise_sequence};

/// How much further the trust sequence of a restored issuer begins. Verifiers refuse a bundle that is older than theirs, and
/// they may have seen changes that the backup has not: more than this many between two backups nobody makes.
const AHEAD: i64 = 1_000_000;

/// Restore an issuer from a backup, into a directory that is empty or not there
///
/// Every file is checked against the backup's own list, the database is checked as a whole, and every key that lives has to
/// have its file. With the passphrase given, every key is opened too. Nothing is there before all of it was found good.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// The file that `passport backup` wrote
    file: PathBuf,
    #[command(flatten)]
    data: DataSettings,
}

/// What was restored.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Restored<'r> {
    data: &'r Path,
    issuer: &'r str,
    taken_at: String,
    sealed: bool,
    opened: bool,
    keys: usize,
    agents: i64,
    passports: i64,
    revoked: i64,
    audit_events: i64,
    trust_sequence: i64,
}

impl Restore {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        core_dumps::forbid(session.out);
        let settings = session.settings.data(&self.data);
        if settings.database.is_some() {
            return Err(CliError::usage("a backup is restored into a data directory, and a database is named too")
                .hint("leave --database out; move the database afterwards, before the first start"));
        }
        let passphrase = passphrase_of(&settings, std::env::var_os("PASSPORT_PASSPHRASE"))?;
        let target = Places::of(&settings)?.path;
        check_empty(&target)?;
        block_on(self.restore(&target, passphrase, session))
    }

    async fn restore(&self, target: &Path, passphrase: Option<Passphrase>, session: &Session) -> Ended {
        let above = match target.parent() {
            Some(above) if !above.as_os_str().is_empty() => above,
            _ => Path::new("."),
        };
        let cannot = |error: &std::io::Error| CliError::io("make", target.display(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(above).map_err(|error| cannot(&error))?;
        // Made beside its place, and put there in one step once it is whole.
        let work = tempfile::Builder::new().prefix(".passport-").tempdir_in(above).map_err(|error| cannot(&error))?;
        let manifest = unpack::unpack(&self.file, work.path(), session.out)?;
        let progress = Progress::steps("checking what was unpacked", session.out);
        let (contents, opened) = self.check(work.path(), &manifest, passphrase).await?;
        let database = work.path().join(DATABASE);
        let sequence = raise_sequence(&database, AHEAD).await.map_err(|error| failed("raise the trust sequence", &error))?;
        let held = format!("it was restored from a backup of {}, and may lack what was signed for since", shown(manifest.created_at));
        hold_log(&database, &held, session.clock.now()).await.map_err(|error| failed("hold the audit log", &error))?;
        File::open(&database).and_then(|file| file.sync_all()).map_err(|error| cannot(&error))?;
        for folder in [work.path().join(KEYS), work.path().to_owned()] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot(&error))?;
        }
        // Takes the place of an empty directory, and of nothing else.
        fs::rename(work.path(), target).map_err(|error| cannot(&error))?;
        File::open(above).and_then(|folder| folder.sync_all()).map_err(|error| cannot(&error))?;
        drop(progress);
        tell(target, &manifest, &contents, opened, sequence, session)
    }

    /// What the files hold, once everything was found good; and whether the keys were opened.
    async fn check(&self, work: &Path, manifest: &Manifest, passphrase: Option<Passphrase>) -> Result<(Contents, bool), CliError> {
        let bad = |why: String| CliError::failed(format!("the backup `{}` {why}", self.file.display())).hint("take another backup");
        if passphrase.is_some() && !manifest.sealed {
            let told = format!("a passphrase is given, and the keys in the backup `{}` rest UNSEALED", self.file.display());
            return Err(CliError::failed(told).hint(
                "they were made with --dev. If that is the backup that you mean, leave the passphrase out: --passphrase-file, \
                 `passphrase-file` in the settings file, PASSPORT_PASSPHRASE",
            ));
        }
        let contents = look(&work.join(DATABASE), Check::Whole).await.map_err(|error| failed("read the backup's database", &error))?;
        if contents.issuer.as_deref() != Some(manifest.issuer.as_str()) {
            let found = contents.issuer.as_deref().map_or_else(|| "none".to_owned(), quote);
            return Err(bad(format!("says that its issuer is {}, and its database belongs to {found}", quote(&manifest.issuer))));
        }
        let files = keys(&work.join(KEYS)).map_err(|error| CliError::io("read the keys in", work.display(), &error))?;
        if let Some(id) = lacking(&contents, &files) {
            return Err(bad(format!("lacks the file of the key {}", escape(&id))));
        }
        let protection = match passphrase {
            Some(passphrase) => Protection::Sealed(passphrase),
            None if manifest.sealed => return Ok((contents, false)),
            None => Protection::PlainForDevelopment,
        };
        let directory = KeyDir::open(work.join(KEYS), protection).map_err(|error| failed("open the keys", &error))?;
        for (id, _) in contents.keys.iter().filter(|(_, key)| key.state != "revoked") {
            let id = id.parse().map_err(|_| bad(format!("has a key {} that is none", quote(id))))?;
            directory.load(&id).map_err(|error| failed("open a key of the backup", &error))?;
        }
        Ok((contents, true))
    }
}

/// Refuses a directory that holds anything.
fn check_empty(target: &Path) -> Result<(), CliError> {
    let refused = |why: &str| {
        CliError::failed(format!("`{}` {why}", target.display()))
            .hint("a restore overwrites nothing: name a directory that is empty or not there, --data DIR")
    };
    match fs::read_dir(target) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => Err(refused("is no directory")),
        Err(error) => Err(CliError::io("look at", target.display(), &error)),
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(refused("is not empty")),
        },
    }
}

fn tell(target: &Path, manifest: &Manifest, contents: &Contents, opened: bool, sequence: i64, session: &Session) -> Ended {
    let out = session.out;
    let state = match (manifest.sealed, opened) {
        (true, true) => "sealed, and each opens with the passphrase given",
        (true, false) => "sealed; give the passphrase to see whether they open",
        (false, _) => "UNSEALED: they were made with --dev",
    };
    if out.is_json() {
        out.json(&Restored {
            data: target,
            issuer: &manifest.issuer,
            taken_at: shown(manifest.created_at),
            sealed: manifest.sealed,
            opened,
            keys: manifest.key_count(),
            agents: contents.agents,
            passports: contents.passports,
            revoked: contents.revoked,
            audit_events: contents.events,
            trust_sequence: sequence,
        })?;
    } else {
        out.text(&facts(&[
            ("data", target.display().to_string()),
            ("issuer", quote(&manifest.issuer)),
            ("taken", when(manifest.created_at, session.clock.now())),
            ("keys", format!("{}, {state}", manifest.key_count())),
            ("agents", contents.agents.to_string()),
            ("passports", format!("{}, {} of them revoked", contents.passports, contents.revoked)),
            ("audit events", contents.events.to_string()),
            ("trust sequence", format!("{sequence}, so that verifiers take it for newer than what they have")),
        ]))?;
    }
    out.say(&format!(
        "{} what was done after {} is not in it: passports, keys and agents that were revoked or disabled since are live \
         again. Revoke them once more; and make the admin a passport: passport admin-passport --data {data}\n\
         the audit log signs no checkpoints before you have looked whether any was signed since: passport audit resume --data {data}",
        styled(CARE, "take care:"),
        shown(manifest.created_at),
        data = target.display()
    ));
    Ok(DONE)
}
