//! A shop that sells to agents, as far as their passports go: `shop LISTEN ISSUER-URL PIN REPORTER-FILE SPOOL`.
//!
//! `LISTEN` is its own address, as `127.0.0.1:7800`; `PIN` is the thumbprint of the issuer's key; `REPORTER-FILE` holds a
//! passport that may write the audit log, and `SPOOL` is a directory for what is on its way there. An agent looks with
//! `GET /shelf/{item}` and buys with `POST /purchase`, its passport in `Authorization`.
#![expect(clippy::disallowed_methods, reason = "this is a program: its settings are arguments, and it reads a file")]

use std::{error::Error, sync::Arc, time::Duration};

use axum::{Json, Router, routing::get, routing::post};
use passport_verifier::axum::{Allowed, Passport};
use passport_verifier::{Guard, Refresher, Rejection, Reporter, ReporterPassport, ReporterSettings, tower::Act};
use passport_verifier::{RefreshSettings, Request, ResourcePolicy, Trust, Verifier};

/// The layer of the route has decided: this is called for an agent that may browse what it asks for, and for nobody else.
async fn browse(allowed: Allowed) -> String {
    format!("{} looks at {}\n", allowed.agent_id(), allowed.request().resource().unwrap_or_default())
}

/// Amounts are decimals in strings, `"9.99"`: no number format rounds them on the way.
#[derive(serde::Deserialize)]
struct Purchase {
    vendor: String,
    amount: String,
    currency: String,
}

/// Whose passport it is, is certain; what it allows depends on the order, so it is asked here. `?` is the answer of a no.
async fn purchase(passport: Passport, Json(order): Json<Purchase>) -> Result<String, Rejection> {
    let request = Request::new("purchase").on("commerce").with("vendor", &*order.vendor);
    let request = request.with("amount", &*order.amount).with("currency", &*order.currency);
    let granted = passport.authorize(&request).await?;
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
    let guard = Arc::new(Guard::new(verifier).with_trust_keeper(refresher).with_recorder(Arc::clone(&reporter)));

    let browsing = guard.layer(Act::to("browse").on("shelf/{item}").at("/shelf/{item}"));
    let app = Router::new().route("/shelf/{item}", get(browse).layer(browsing)).route("/purchase", post(purchase)).with_state(guard);
    let listener = tokio::net::TcpListener::bind(listen).await?;
    axum::serve(listener, app).with_graceful_shutdown(async { tokio::signal::ctrl_c().await.unwrap_or_default() }).await?;
    Ok(reporter.shutdown(Duration::from_secs(5))?)
}
