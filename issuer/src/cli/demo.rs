//! `passport demo`: an agent's day from start to finish, on throw-away data, with a real issuer in a process of its
//! own and a service that decides while that process is gone.

mod cast;
mod service;
mod stage;
mod tell;

use std::thread;
use std::time::Duration;

use clap::Args;
use passport_shared::api::agents::NewAgent;
use passport_shared::api::approvals::{Approval, DecideApproval};
use passport_shared::api::keys::Keys;
use passport_shared::api::passports::{IssuePassport, IssuedPassport, RevokePassport};
use passport_shared::unverified::UnverifiedPassport;
use serde_json::Value;
use serde_json::value::RawValue;

use self::cast::{Act, OLLIE, SERVICE};
use self::service::Service;
use self::stage::Stage;
use self::tell::Teller;
use super::client::Client;
use super::error::{CliError, DONE, Ended, FAILED};
use super::{Session, words};

/// Tell an agent's day: issue, decide with the issuer stopped, approve, revoke, audit
///
/// Everything happens on this machine, in a temporary directory that is removed at the end. Exits with 1 if any
/// decision is not the expected one.
#[derive(Debug, Args)]
pub(crate) struct Demo {}

impl Demo {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let mut teller = Teller::new(session.out);
        let mut stage = Stage::new()?;
        play(&mut stage, &mut teller, session)?;
        teller.end()?;
        Ok(if teller.all_as_expected() { DONE } else { FAILED })
    }
}

fn play(stage: &mut Stage, teller: &mut Teller, session: &Session) -> Result<(), CliError> {
    teller.title("An agent's day, told with a real issuer on throw-away data")?;

    teller.chapter("The issuer mints a passport for the agent Ollie")?;
    stage.start_issuer()?;
    let admin = stage.admin()?;
    for (agent_id, name) in [(OLLIE, "Ollie"), (SERVICE, "The travel desk")] {
        let agent = NewAgent { agent_id: Some(agent_id.to_owned()), name: name.to_owned(), description: None };
        admin.post("/v1/agents", &agent)?;
    }
    let issue = |agent_id: &str, audience: &str, grants: &str, seconds: u64| -> Result<IssuedPassport, CliError> {
        let grants = RawValue::from_string(grants.to_owned()).map_err(|error| CliError::failed(error.to_string()))?;
        let body = IssuePassport {
            agent_id: agent_id.to_owned(),
            audience: vec![audience.to_owned()],
            grants: Some(grants),
            template: None,
            parameters: None,
            expires_in: Some(seconds),
            expires_at: None,
            not_before: None,
            on_behalf_of: None,
            cnf: None,
            renew_until: None,
        };
        admin.post("/v1/passports", &body)?.read_json()
    };
    let brief = issue(OLLIE, cast::AUDIENCE, cast::GRANTS, 1)?;
    let passport = issue(OLLIE, cast::AUDIENCE, cast::GRANTS, 3_600)?;
    let reporter = issue(SERVICE, cast::ISSUER, cast::REPORTER_GRANTS, 3_600)?;
    teller.fact("issuer", cast::ISSUER)?;
    teller.fact("passport", &format!("{}, for an hour", passport.passport_id))?;
    teller.fact("signed by", &format!("key {}", passport.key_id))?;

    teller.chapter("Ollie reads it, without any key (nothing is verified by that)")?;
    let carried = UnverifiedPassport::read(passport.passport.as_bytes()).map_err(|error| CliError::failed(error.to_string()))?;
    let now = session.clock.now();
    teller.text(&carried.claims().to_prompt(now))?;
    for act in cast::previews() {
        let verdict = carried.preview(&act.request, now);
        teller.preview(&act, &verdict)?;
    }

    let service = Service::open(stage.url(), &passport.key_id, &reporter.passport, cast::AUDIENCE, &stage.spool())?;
    service.refresh()?;
    teller.chapter("The issuer is stopped; the travel desk decides by itself")?;
    stage.stop_issuer()?;
    while session.clock.now() < words_to_time(&brief.expires_at)? {
        thread::sleep(Duration::from_millis(20));
    }
    teller.heads()?;
    for (act, expected) in cast::day() {
        let elsewhere;
        let (token, service) = match act.what {
            Act::Plain => (passport.passport.clone(), &service),
            Act::Tampered => (cast::tamper(&passport.passport), &service),
            Act::Expired => (brief.passport.clone(), &service),
            Act::Elsewhere => {
                elsewhere = service.elsewhere("https://casino.example");
                (passport.passport.clone(), &elsewhere)
            }
        };
        teller.decision(&act, expected, &service.decide(&token, &act.request))?;
    }

    teller.chapter("The issuer starts again, and the desk delivers its reports")?;
    stage.start_issuer()?;
    teller.fact("delivered", &format!("{} decisions, none lost", service.deliver()?))?;

    teller.chapter("A person approves the charge, for this one request and once")?;
    let agent = Client::at(stage.url(), Some(&passport.passport))?;
    let asked: Approval = agent.post("/v1/approvals", &cast::ask()?)?.read_json()?;
    let reason = DecideApproval { reason: Some("the card is for this".to_owned()) };
    let decided: Approval = admin.post(&format!("/v1/approvals/{}/approve", asked.approval_id), &reason)?.read_json()?;
    teller.fact("asked", &asked.approval_id)?;
    teller.fact("approved by", &decided.approved_by.join(", "))?;
    let approved: Approval = agent.get(&format!("/v1/approvals/{}", asked.approval_id), &[])?.read_json()?;
    teller.heads()?;
    for (charge, expected) in cast::approved(&approved.approval.unwrap_or_default()) {
        teller.decision(&charge, expected, &service.decide(&passport.passport, &charge.request))?;
    }

    teller.chapter("The passport is revoked: the same flight again")?;
    let path = format!("/v1/passports/{}/revoke", passport.passport_id);
    admin.post(&path, &RevokePassport { reason: Some("the trip is off".to_owned()) })?;
    service.refresh()?;
    let flight = cast::flight();
    teller.heads()?;
    teller.decision(&flight, "revoked", &service.decide(&passport.passport, &flight.request))?;

    teller.chapter("The key is rotated: the desk knew the next one already")?;
    let before = active(&admin.get("/v1/keys", &[])?.read_json()?);
    let after = active(&admin.post("/v1/keys/rotate", &Value::Object(serde_json::Map::new()))?.read_json()?);
    teller.fact("signed until now", &format!("key {before}"))?;
    teller.fact("signs from now on", &format!("key {after}"))?;
    let fresh = issue(OLLIE, cast::AUDIENCE, cast::GRANTS, 3_600)?;
    teller.heads()?;
    teller.decision(&flight, "granted", &service.decide(&fresh.passport, &flight.request))?;

    teller.chapter("The audit log tells it all, in the order of acceptance")?;
    service.deliver()?;
    let page: Value = admin.get("/v1/audit/events", &[("limit", Some("1000".to_owned()))])?.read_json()?;
    teller.log(page.get("items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default())
}

fn active(keys: &Keys) -> String {
    keys.items.iter().find(|key| key.state == "active").map(|key| key.key_id.clone()).unwrap_or_default()
}

fn words_to_time(text: &str) -> Result<i64, CliError> {
    passport_shared::time::parse_any(text)
        .ok_or_else(|| CliError::failed(format!("the issuer gave a time that is none: {}", words::sentence(text))))
}
