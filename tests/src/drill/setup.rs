//! On what a campaign runs: how many issuers, and on which database.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use super::reporting::Log;
use crate::postgres::PrivateServer;
use crate::process::{Client, Issuer};

/// What an issuer that has company calls itself.
const TOGETHER: &str = "http://issuer.test";

/// A database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Database {
    /// A file for each issuer; there is one.
    Sqlite,
    /// A private server of PostgreSQL, with fsync, that all issuers share.
    Postgres,
}

/// On what a campaign runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// How many issuers, at least one; more than one on PostgreSQL alone.
    pub issuers: usize,
    /// Their database.
    pub database: Database,
    /// How many services verify, where any do.
    pub verifiers: u64,
    /// How many services report in batches, in the drills of the intake.
    pub clients: u64,
    /// Events in a batch of theirs, 1 to 1,000.
    pub batch: u64,
    /// How many services report single events.
    pub singles: u64,
    /// How many events there are before the first kill.
    pub stored: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self { issuers: 1, database: Database::Sqlite, verifiers: 8, clients: 8, batch: 100, singles: 64, stored: 0 }
    }
}

/// Issuers on one database, each with a directory and an address of its own that it comes back to.
pub(super) struct Site {
    server: Option<PrivateServer>,
    database: Option<String>,
    places: Vec<(PathBuf, String)>,
    admin: Mutex<Option<String>>,
    settings: &'static [&'static str],
    environment: Vec<(&'static str, OsString)>,
    _folder: TempDir,
}

impl Site {
    /// A place for them; none runs yet.
    pub(super) fn new(setup: Setup) -> Self {
        let folder = TempDir::new().expect("a folder");
        let server = (setup.database == Database::Postgres).then(|| PrivateServer::start(true));
        let database = server.as_ref().map(PrivateServer::new_database_here);
        let free = || TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string();
        let places = (0..setup.issuers).map(|number| (folder.path().join(format!("data-{number}")), free())).collect();
        Self { server, database, places, admin: Mutex::default(), settings: &[], environment: Vec::new(), _folder: folder }
    }

    /// The same, started with these settings more.
    pub(super) fn with_settings(self, settings: &'static [&'static str]) -> Self {
        Self { settings, ..self }
    }

    /// Starts them in an environment with these variables from now on.
    pub(super) fn put_into_environment(&mut self, environment: Vec<(&'static str, OsString)>) {
        self.environment = environment;
    }

    /// The data directory of the issuer of this number.
    pub(super) fn data(&self, number: usize) -> &Path {
        &self.places[number].0
    }

    /// Starts the issuer of this number, and waits until it is ready.
    pub(super) fn start(&self, number: usize) -> Issuer {
        let (data, address) = &self.places[number];
        let mut settings = self.settings.to_vec();
        settings.extend(self.database.iter().flat_map(|url| ["--issuer", TOGETHER, "--database", url]));
        let issuer = Issuer::start_in(data, address, &settings, &self.environment);
        self.admin.lock().expect("no panic").get_or_insert_with(|| issuer.admin_passport());
        issuer
    }

    /// All of them.
    pub(super) fn start_all(&self) -> Vec<Issuer> {
        (0..self.places.len()).map(|number| self.start(number)).collect()
    }

    /// A client of the issuer of this number with the first admin's passport.
    pub(super) fn admin(&self, number: usize) -> Client {
        Client { url: self.url(number), passport: self.admin.lock().expect("no panic").clone().expect("one was started") }
    }

    /// The admin acts with this passport from now on.
    pub(super) fn becomes(&self, passport: String) {
        *self.admin.lock().expect("no panic") = Some(passport);
    }

    /// Where the issuer of this number is, running or not.
    pub(super) fn url(&self, number: usize) -> String {
        format!("http://{}", self.places[number].1)
    }

    /// What the issuers call themselves.
    pub(super) fn issuer(&self) -> String {
        if self.database.is_some() { TOGETHER.to_owned() } else { self.url(0) }
    }

    /// Where the issuer of this number listens, running or not.
    pub(super) fn address(&self, number: usize) -> &str {
        &self.places[number].1
    }

    /// The URL of the database that all share, where it is PostgreSQL.
    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref()
    }

    /// The log of the issuer of this number, in its database.
    pub(super) fn log(&self, number: usize) -> Log {
        match &self.database {
            None => Log::Sqlite(self.places[number].0.join("passport.db")),
            Some(url) => Log::Postgres(url.clone()),
        }
    }

    /// Kills the database server at once, and starts it again.
    pub(super) fn crash_database(&mut self) {
        self.server.as_mut().expect("PostgreSQL").crash();
    }
}
