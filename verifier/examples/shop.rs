//! A shop that sells to agents, as far as their passports go: `shop LISTEN ISSUER-URL PIN REPORTER-FILE SPOOL`.
//!
//! `LISTEN` is its own address, as `127.0.0.1:7800`; `PIN` is the thumbprint of the issuer's key; `REPORTER-FILE` holds a
//! passport that may write the audit log, and `SPOOL` is a directory for what is on its way there. An agent buys with
//! `POST /purchase`, its passport in `Authorization`.
#![expect(clippy::disallowed_methods, reason = "this is a program: its settings are arguments, and it reads a file")]

use std::{error::Error, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, routing::post};
use passport_verifier::{Authorization, Guard, Refresher, Rejection, Reporter, ReporterPassport, ReporterSettings};
use passport_verifier::{RefreshSettings, Request, ResourcePolicy, Trust, Verifier};

/// Amounts are decimals in strings, `"9.99"`: no number format rounds them on the way.
#[derive(serde::Deserialize)]
struct Purchase {
    vendor: String,
    amount: String,
    currency: String,
}

async fn purchase(State(guard): State<Arc<Guard>>, authorization: Authorization, Json(order): Json<Purchase>) -> Result<String, Rejection> {
    let request = Request::new("purchase").on("commerce");
    let request = request.with("vendor", &*order.vendor).with("amount", &*order.amount).with("currency", &*order.currency);
    let granted = guard.authorize(authorization.as_deref(), &request)?;
    Ok(format!("bought at {} for {} {} ({})\n", order.vendor, order.amount, order.currency, granted.request_id().unwrap_or_default()))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Result<[String; 5], _> = std::env::args().skip(1).collect::<Vec<_>>().try_into();
    let [listen, url, pin, file, spool] = arguments.map_err(|_| "usage: shop LISTEN ISSUER-URL PIN REPORTER-FILE SPOOL")?;

    let verifier = Verifier::new(Trust::none(&url), "https://shop.example").with_resource_policy(ResourcePolicy::MustName);
    let refresher = Refresher::start(&verifier, RefreshSettings::new(url.parse()?).with_pin(pin.parse()?))?;
    let passport = ReporterPassport::read(std::fs::read_to_string(file)?.trim_end())?;
    let reporter = Arc::new(Reporter::start(ReporterSettings::new(url.parse()?, passport, spool))?);
    let guard = Guard::new(verifier).with_recorder(Arc::clone(&reporter)).on_unknown_key(move || refresher.ask());

    let app = Router::new().route("/purchase", post(purchase)).with_state(Arc::new(guard));
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(listener, app).with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await?;
    Ok(reporter.shutdown(Duration::from_secs(5))?)
}
