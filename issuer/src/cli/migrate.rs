//! `passport migrate`: from one database to another.

use std::path::PathBuf;

use clap::Args;
use passport_keys::{KeyDir, Protection};
use serde::Serialize;

use super::error::{CliError, DONE, Ended};
use super::issuer_data::{DATA, DataDir, Place, block_on, database, failed};
use super::output::table;
use super::progress::Progress;
use super::{Session, core_dumps};
use crate::config::DatabaseUrl;
use crate::store::{Proof, transfer};

/// Move an issuer from SQLite into an empty PostgreSQL database
///
/// Everything goes in one transaction: agents, passports, keys as they rest, and the audit log. Before it is committed,
/// all of it is read back, and counts and SHA-256 of both sides are compared. The source stays as it is.
/// The issuer has to be stopped meanwhile; verifiers go on deciding without it.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The database to move, as in sqlite:/var/lib/passport/passport.db
    #[arg(long, value_name = "URL")]
    from: DatabaseUrl,
    /// The empty database to move it to, as in postgres://USER@HOST/NAME
    #[arg(long, value_name = "URL")]
    to: DatabaseUrl,
    /// The data directory with the keys [default: the one that the source is in]
    // Not the setting of that name: what is moved is said whole in one place.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Move keys that rest unsealed too
    #[arg(long)]
    dev: bool,
}

#[derive(Serialize)]
struct Moved<'m> {
    to: String,
    tables: &'m [Proof],
}

impl Migrate {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        core_dumps::forbid(session.out);
        let Place::File(source) = database(self.from.reveal())? else {
            return Err(CliError::usage("--from is no database of SQLite").hint("as in --from sqlite:/var/lib/passport/passport.db"));
        };
        let Place::Postgres(target) = database(self.to.reveal())? else {
            return Err(CliError::usage("--to is no database of PostgreSQL").hint("as in --to postgres://passport@db.example/passport"));
        };
        let beside = || source.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or_else(|| DATA.into(), PathBuf::from);
        let data = self.data.clone().unwrap_or_else(beside);
        let keys = data.join("keys");
        // Both are made where they are missing, by what opens them: an empty issuer must not be moved by mistake.
        for part in [&source, &keys] {
            if !part.exists() {
                return Err(CliError::failed(format!("`{}` does not exist", part.display()))
                    .hint("name the database with --from and the directory that its keys are in with --data"));
            }
        }
        let _held = DataDir::lock(&data)?;
        // Keys are moved as they rest, so nothing here opens one.
        let keys = KeyDir::open(keys, Protection::PlainForDevelopment).map_err(|error| failed("open the keys", &error))?;
        block_on(async {
            let progress = Progress::of(0, "rows moved", session.out);
            let moved = transfer(&source, &keys, self.dev, &target, &mut |done, of| progress.reach_of(done, of)).await;
            drop(progress);
            let tables = moved.map_err(|error| failed("move the issuer", &error))?;
            match session.out.is_json() {
                true => session.out.json(&Moved { to: target.place(), tables: &tables })?,
                false => {
                    let rows = tables.iter().map(|proof| vec![proof.table.to_owned(), proof.rows.to_string(), proof.sha256.clone()]);
                    session.out.text(&table(&["table", "rows", "sha-256, the same on both sides"], rows))?;
                    session.out.say(&format!(
                        "moved to {}; start the issuer with --database from now on.\n\
                         The source is as it was: keep it as a backup, and never start an issuer on it again",
                        target.place()
                    ));
                }
            }
            Ok(DONE)
        })
    }
}
