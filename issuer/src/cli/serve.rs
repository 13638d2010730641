//! `passport serve`: the issuer, from its settings to its orderly end.

mod logs;
pub(super) mod plan;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use passport_shared::api::passports::IssuedPassport;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::plan::{Plan, issuer_url};
use super::error::{CliError, DONE, Ended};
use super::issuer_data::{DataDir, DataPlan, IssuerData, block_on, close};
use super::output::{CARE, styled};
use super::write::{Readers, write};
use super::{Session, core_dumps, open_files};
use crate::config::{DataSettings, ServeSettings};
use crate::entropy::SystemEntropy;
use crate::http::{self, Front, Limits, Tls};
use crate::metrics::Exporter;
use crate::service::Settings;
use crate::traces::Traces;

/// For the spans that wait when everything else has ended.
const LAST_SPANS: Duration = Duration::from_secs(5);

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
    data: DataSettings,
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
        core_dumps::forbid(session.out);
        let data = DataPlan::make(session.settings.data(&self.data), self.dev, std::env::var_os("PASSPORT_PASSPHRASE"))?;
        let plan = Plan::make(session.settings.serve(&self.settings), data)?;
        logs::start(&plan.log, self.dev)?;
        block_on(serve(plan, session))
    }
}

async fn serve(plan: Plan, session: &Session) -> Ended {
    let out = session.out;
    let (dev, plain_keys) = (plan.data.dev, plan.data.keys_are_plain());
    // First of all, so that two issuers never work on the same keys.
    let held = DataDir::lock(&plan.data.path)?;
    let listener = TcpListener::bind(plan.listen).await.map_err(|error| {
        CliError::io("listen on", plan.listen, &error).hint("choose another address: --listen 127.0.0.1:PORT; port 0 takes a free one")
    })?;
    let address = listener.local_addr().map_err(|error| CliError::io("listen on", plan.listen, &error))?;

    let numbers = match plan.metrics {
        Some(listen) => Some(numbers(listen, session).await?),
        None => None,
    };
    let url = format!("{}://{address}", plan.scheme());
    let traces = plan.traces.map(|(collector, share)| Traces::start(&collector, share, Arc::new(SystemEntropy)));
    let traces = traces.transpose().map_err(|error| CliError::failed(error.to_string()))?;
    let data = IssuerData::open(plan.data, &held).await?;
    let data = if traces.is_some() { data.traced() } else { data };
    let front = Front { tracer: traces.as_ref().map(Traces::tracer), ..plan.front };
    let issuer_url = issuer_url(plan.issuer, data.bound(), dev, &url)?;
    let settings = Settings {
        key_life: plan.key_life,
        approval_wait: plan.approval_wait,
        hidden: plan.hidden,
        redecide: plan.redecide,
        console: plan.console,
        audit_retention: plan.audit_retention,
        webhooks_to: plan.webhooks_to,
        ..Settings::new(issuer_url.clone())
    };
    let (issuer, first) = data.start(settings).await?;

    if dev {
        let keys = if plain_keys { "keys rest UNSEALED behind file permissions" } else { "keys are sealed" };
        out.say(&format!("{} {keys}, http is allowed, this machine alone", styled(CARE, "development mode:")));
    }
    if let Some(passport) = first {
        welcome(&passport, &held, dev, &url, session)?;
    }
    // With handlers in place before anybody is told, so that a signal that follows at once is heard.
    let stop = signals()?;
    let certificate = front.tls.clone().map(Tls::follow).transpose();
    let certificate = certificate.map_err(|error| CliError::failed(format!("cannot listen for signals: {error}")))?.map(tokio::spawn);
    let ready = Ready { url: url.clone(), listen: address, issuer: &issuer_url };
    match out.is_json() {
        true => out.json(&ready)?,
        false => out.text(&format!("listening on {url} as {issuer_url}"))?,
    }
    let limits = Limits { connections: open_files::room_for(plan.limits.connections), ..plan.limits };
    let tended = tokio::spawn({
        let issuer = issuer.clone();
        async move {
            tokio::join!(
                issuer.keep_keys(),
                issuer.keep_checkpoints(plan.checkpoint_every),
                issuer.keep_retention(),
                issuer.keep_redeciding()
            );
        }
    });
    let sending = tokio::spawn({
        let issuer = issuer.clone();
        async move { issuer.keep_webhooks().await }
    });
    let measured = numbers.is_some().then(|| {
        let issuer = issuer.clone();
        tokio::spawn(async move { issuer.keep_key_numbers().await })
    });
    let served = http::serve_behind(listener, front, issuer.clone(), limits, stop).await;
    // A rotation that has begun is seen through all the same, and so is a step of deciding again.
    tended.abort();
    sending.abort();
    for task in [certificate, numbers, measured].into_iter().flatten() {
        task.abort();
    }
    let closed = close(&issuer).await;
    if let Some(traces) = traces {
        end(traces).await;
    }
    served.map_err(|error| CliError::io("serve on", address, &error))?;
    closed?;
    out.say("stopped");
    Ok(DONE)
}

/// Sends the last spans. A collector that does not take them holds up the end for so long and no longer.
async fn end(traces: Traces) {
    let ended = tokio::task::spawn_blocking(move || traces.end(LAST_SPANS)).await;
    if !ended.is_ok_and(|sent| sent) {
        tracing::warn!("the last traces could not be sent, and are lost");
    }
}

/// Counts from now on, and answers who asks for the numbers at `listen`.
async fn numbers(listen: SocketAddr, session: &Session) -> Result<JoinHandle<()>, CliError> {
    let cannot =
        |error: std::io::Error| CliError::io("listen on", listen, &error).hint("choose another address: --metrics-listen 127.0.0.1:PORT");
    let listener = TcpListener::bind(listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let exporter = Exporter::install().map_err(CliError::failed)?;
    session.out.say(&format!("metrics on http://{address}/metrics"));
    Ok(tokio::spawn(async move {
        tokio::join!(http::serve_numbers(listener, exporter.clone()), exporter.keep());
    }))
}

/// Keeps the admin's passport and says what to do with it.
fn welcome(passport: &IssuedPassport, held: &DataDir, dev: bool, url: &str, session: &Session) -> Result<(), CliError> {
    let path = held.path().join("admin.passport");
    write(&path, passport.passport.as_bytes(), Readers::Owner).map_err(|error| {
        let dev = if dev { " --dev" } else { "" };
        error.hint(format!(
            "the admin's passport is lost; make another one:\n  passport admin-passport{dev} --data {}",
            held.path().display()
        ))
    })?;
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
