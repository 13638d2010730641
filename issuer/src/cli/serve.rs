//! `passport serve`: the issuer, from its settings to its orderly end.

mod data;
mod logs;
mod plan;

use std::net::SocketAddr;
use std::sync::Arc;

use clap::Args;
use passport_keys::{FileVault, KeyDir};
use passport_shared::api::passports::IssuedPassport;
use serde::Serialize;
use tokio::net::TcpListener;

use self::data::DataDir;
use self::plan::Plan;
use super::Session;
use super::error::{CliError, DONE, Ended};
use super::output::{CARE, styled};
use super::write::{Readers, write};
use crate::clock::SystemClock;
use crate::config::ServeSettings;
use crate::entropy::SystemEntropy;
use crate::http::{self, Limits};
use crate::service::{Issuer, Parts, Settings};
use crate::store::{SqliteStore, Store};

/// Run an issuer
///
/// On the first start it makes keys, a database and the admin's passport in the data directory.
/// Keys are sealed with a passphrase, from --passphrase-file or the variable PASSPORT_PASSPHRASE.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// For development: keys may rest unsealed, http is allowed, and it listens on this machine alone
    // A flag and nothing else: to give up protection is chosen at each start.
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    settings: ServeSettings,
}

/// The one line that says where it listens.
#[derive(Serialize)]
struct Ready<'r> {
    url: String,
    listen: SocketAddr,
    issuer: &'r str,
}

impl Serve {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let settings = session.settings.serve(&self.settings);
        let plan = Plan::make(settings, self.dev, std::env::var_os("PASSPORT_PASSPHRASE"))?;
        logs::start(&plan.log, self.dev)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| CliError::failed(format!("cannot start the runtime: {error}")))?;
        runtime.block_on(serve(plan, session))
    }
}

async fn serve(plan: Plan, session: &Session) -> Ended {
    let out = session.out;
    // First of all, so that two issuers never work on the same keys.
    let data = DataDir::lock(&plan.data)?;
    let listener = TcpListener::bind(plan.listen).await.map_err(|error| {
        CliError::io("listen on", plan.listen, &error).hint("choose another address: --listen 127.0.0.1:PORT; port 0 takes a free one")
    })?;
    let address = listener.local_addr().map_err(|error| CliError::io("listen on", plan.listen, &error))?;

    let database = plan.database.clone().unwrap_or_else(|| data.path().join("passport.db"));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&database).await.map_err(|error| failed("open the database", &error))?);
    let bound = store.bound_issuer().await.map_err(|error| failed("read the database", &error))?;
    let issuer_url = plan.issuer_url(bound, address)?;
    let plain_keys = plan.keys_are_plain();
    let keys = KeyDir::open(data.path().join("keys"), plan.protection).map_err(|error| failed("open the keys", &error))?;
    let parts = Parts { store, vault: Arc::new(FileVault::new(keys)), clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy) };
    let (issuer, first) =
        Issuer::start(parts, Settings::new(issuer_url.clone())).await.map_err(|error| failed("start the issuer", &error))?;

    let url = format!("http://{address}");
    if plan.dev {
        let keys = if plain_keys { "keys rest UNSEALED behind file permissions" } else { "keys are sealed" };
        out.say(&format!("{} {keys}, http is allowed, this machine alone", styled(CARE, "development mode:")));
    }
    if let Some(passport) = first {
        welcome(&passport, &data, &url, session)?;
    }
    // With handlers in place before anybody is told, so that a signal that follows at once is heard.
    let stop = signals()?;
    let ready = Ready { url: url.clone(), listen: address, issuer: &issuer_url };
    match out.is_json() {
        true => out.json(&ready)?,
        false => out.text(&format!("listening on {url} as {issuer_url}"))?,
    }
    let served = http::serve(listener, issuer.clone(), Limits::default(), stop).await;
    let closed = issuer.close().await;
    served.map_err(|error| CliError::io("serve on", address, &error))?;
    closed.map_err(|error| failed("close the database", &error))?;
    out.say("stopped");
    Ok(DONE)
}

/// Keeps the admin's passport and says what to do with it.
fn welcome(passport: &IssuedPassport, data: &DataDir, url: &str, session: &Session) -> Result<(), CliError> {
    let path = data.path().join("admin.passport");
    write(&path, passport.passport.as_bytes(), Readers::Owner)
        .map_err(|error| error.hint("the admin's passport is lost; move the data directory away and start again"))?;
    // Another terminal may be somewhere else.
    let path = std::path::absolute(&path).unwrap_or(path);
    session.out.say(&format!(
        "\nthis is a new issuer. Its admin's passport is in\n  {file}\n\
         for its owner alone, valid until {until}.\n\n\
         what to do next, in another terminal:\n  \
         export PASSPORT_URL={url}\n  export PASSPORT_FILE={file}\n  \
         passport agents create \"Ollie\" --id agent_ollie\n  \
         passport issue --agent agent_ollie --audience https://shop.example \\\n    \
         --expires-in 1h --grant '{{\"resource\":\"shop\",\"allowedActions\":[\"buy\"]}}'\n",
        file = path.display(),
        until = passport.expires_at,
    ));
    Ok(())
}

/// Ends when the process is asked to end.
fn signals() -> Result<impl Future<Output = ()>, CliError> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| CliError::failed(format!("cannot listen for signals: {error}")));
    let (mut terminate, mut interrupt) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// An error with all that is behind it.
fn failed(act: &str, error: &dyn std::error::Error) -> CliError {
    let mut text = format!("cannot {act}: {error}");
    let mut source = error.source();
    while let Some(error) = source {
        let more = error.to_string();
        // Some errors show their source themselves.
        if !text.ends_with(&more) {
            text.push_str(&format!(": {more}"));
        }
        source = error.source();
    }
    CliError::failed(text)
}
