//! The issuer in the story: this very program, serving from a temporary directory in a process of its own.

use std::fmt::Display;
use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cast::ISSUER;
use crate::cli::client::Client;
use crate::cli::error::CliError;

/// How long an issuer may take to be ready.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Stage {
    folder: TempDir,
    address: String,
    url: String,
    issuer: Option<Child>,
}

/// What went wrong, told by its source.
pub(super) fn failed(error: impl Display) -> CliError {
    CliError::failed(error.to_string())
}

impl Stage {
    pub(super) fn new() -> Result<Self, CliError> {
        let folder = tempfile::Builder::new().prefix("passport-demo-").tempdir().map_err(failed)?;
        // The port is free now and stays so, as far as that can be had: the issuer has to come back at the same one.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(failed)?.to_string();
        Ok(Self { folder, url: format!("http://{address}"), address, issuer: None })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("issuer.log")
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Where the service of the story keeps what is on its way to the issuer.
    pub(super) fn spool(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    /// Starts the issuer, and waits until it is ready.
    pub(super) fn start_issuer(&mut self) -> Result<(), CliError> {
        let program = std::env::current_exe().map_err(failed)?;
        let log = File::options().create(true).append(true).open(self.log()).map_err(failed)?;
        let mut command = Command::new(program);
        // Nothing that this person has set up may change the story.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PASSPORT_")) {
            command.env_remove(name);
        }
        command
            .args(["serve", "--dev", "--issuer", ISSUER, "--listen", &self.address, "--data"])
            .arg(self.data())
            .current_dir(self.folder.path());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().map_err(failed)?;
        self.issuer = Some(child);
        let deadline = Instant::now() + PATIENCE;
        let client = Client::at(&self.url, None)?;
        while client.get("/readyz", &[]).is_err() {
            let ended = self.issuer.as_mut().is_none_or(|issuer| !matches!(issuer.try_wait(), Ok(None)));
            if ended || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.log()).unwrap_or_default();
                let last: Vec<&str> = log.lines().rev().take(5).collect();
                return Err(CliError::failed(format!(
                    "the issuer does not start: {}",
                    last.into_iter().rev().collect::<Vec<_>>().join("\n")
                )));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Stops the issuer without a goodbye: what it has said yes to is on disk.
    pub(super) fn stop_issuer(&mut self) -> Result<(), CliError> {
        let Some(mut issuer) = self.issuer.take() else { return Ok(()) };
        issuer.kill().and_then(|()| issuer.wait()).map(|_| ()).map_err(failed)
    }

    /// A caller with the first admin's passport.
    pub(super) fn admin(&self) -> Result<Client, CliError> {
        let passport = std::fs::read_to_string(self.data().join("admin.passport")).map_err(failed)?;
        Client::at(&self.url, Some(passport.trim()))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Whatever went wrong before, no issuer is left behind.
        let _ = self.stop_issuer();
    }
}
