//! `passport issue`: a passport for an agent. The token alone goes to standard output.

mod preview;

use std::path::{Path, PathBuf};

use clap::Args;
use passport_shared::api::discovery::IssuerMetadata;
use passport_shared::api::passports::{IssuePassport, IssuedPassport};
use passport_shared::grant::Grant;
use passport_shared::limits::{REQUEST_BYTES, TIME_MAX};
use passport_shared::text::quote;
use passport_shared::time;
use serde_json::value::RawValue;

use super::client::{Client, Remote};
use super::error::{CliError, Ended};
use super::hand_over::hand_over;
use super::templates::Params;
use super::{Session, input};
use crate::service::{PRESETS, preset};

/// Issue a passport to an agent
///
/// The passport alone is written to standard output, once: the issuer does not keep it.
#[derive(Debug, Args)]
#[command(override_usage = "\
passport issue --agent ID --audience A --grant JSON --expires-in 1h
       passport issue --agent ID --audience A --grants FILE --expires-in 1h
       passport issue --agent ID --template NAME --param NAME=VALUE
       passport issue --agent ID --role NAME --expires-in 1h")]
pub(crate) struct Issue {
    /// The agent that will carry it
    #[arg(long, value_name = "ID")]
    agent: String,
    /// A service that it is for; repeatable
    #[arg(long, required_unless_present_any = ["role", "template"])]
    audience: Vec<String>,
    /// What it allows: a grant as JSON; repeatable
    #[arg(long, value_name = "JSON")]
    grant: Vec<String>,
    /// A file with a JSON list of grants; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "grant")]
    grants: Option<PathBuf>,
    /// The grants of a role at the issuer itself: admin, issuer, auditor, approver or reporter
    #[arg(long, value_name = "NAME", conflicts_with_all = ["grant", "grants"], required_unless_present_any = ["grant", "grants", "template"])]
    role: Option<String>,
    /// The template that says what it allows, and where it says so, for what and how long
    #[arg(long, value_name = "NAME", conflicts_with_all = ["grant", "grants", "role"])]
    template: Option<String>,
    #[command(flatten)]
    params: Params,
    /// How long it lives: 90s, 30m, 1h, 7d
    #[arg(long, value_name = "DURATION", value_parser = input::duration, required_unless_present = "template")]
    expires_in: Option<u64>,
    /// When it starts, as an RFC 3339 time
    #[arg(long, value_name = "TIME")]
    not_before: Option<String>,
    /// Until when it may be exchanged for a fresh one, as an RFC 3339 time (see `passport renew`)
    #[arg(long, value_name = "TIME")]
    renew_until: Option<String>,
    /// For how long it may be exchanged for a fresh one: 7d, 30d
    #[arg(long, value_name = "DURATION", value_parser = input::duration, conflicts_with = "renew_until")]
    renew_for: Option<u64>,
    /// Who answers for the agent, a person or a team
    #[arg(long, value_name = "WHO")]
    on_behalf_of: Option<String>,
    /// Only show what would be issued, or what is wrong with it
    #[arg(long, conflicts_with = "output")]
    dry_run: bool,
    /// Write the passport to a file that its owner alone can read
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

impl Issue {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let grants = if self.template.is_none() { Some(self.read_grants()?) } else { None };
        let parameters = self.params.read()?;
        if parameters.is_some() && self.template.is_none() {
            return Err(CliError::usage("--param is for a template, and none is named").hint("name it: --template NAME"));
        }
        let client = self.remote.client(session)?;
        let body = IssuePassport {
            agent_id: self.agent.clone(),
            audience: self.read_audience(&client)?,
            grants,
            template: self.template.clone(),
            parameters,
            expires_in: self.expires_in,
            expires_at: None,
            not_before: self.not_before.clone(),
            on_behalf_of: self.on_behalf_of.clone(),
            cnf: None,
            renew_until: self.renew_until.clone().or_else(|| self.renew_for.map(|seconds| after(seconds, session))),
        };
        if self.dry_run {
            return preview::tell(&client.post("/v1/passports/preview", &body)?, session);
        }
        let answer = client.post("/v1/passports", &body)?;
        let issued: IssuedPassport = answer.read_json()?;
        // Above all: until when it cannot be taken back everywhere.
        let about = "revoking it reaches verifiers with their next refresh; one without a network\nkeeps accepting it until then";
        hand_over(&issued, answer.body(), self.output.as_deref(), about, session)
    }

    fn read_grants(&self) -> Result<Box<RawValue>, CliError> {
        match &self.role {
            Some(role) => sound(role_grants(role)?, &format!("--role {role}")),
            None => read_grants(&self.grant, self.grants.as_deref()),
        }
    }

    /// The audience that was named, or none, where a template may name it; for a role, which is for the issuer's own API, the issuer itself.
    fn read_audience(&self, client: &Client) -> Result<Vec<String>, CliError> {
        if !self.audience.is_empty() || self.template.is_some() {
            return Ok(self.audience.clone());
        }
        let metadata: IssuerMetadata = client.get("/.well-known/passport-issuer", &[])?.read_json()?;
        Ok(vec![metadata.issuer])
    }
}

/// The grants that were given one by one or in a file, sound and to the letter.
pub(super) fn read_grants(grants: &[String], file: Option<&Path>) -> Result<Box<RawValue>, CliError> {
    let Some(path) = file else {
        for grant in grants {
            super::verify::check_json(&format!("--grant {}", quote(grant)), grant)?;
        }
        return sound(format!("[{}]", grants.join(",")), "--grant");
    };
    let bytes = input::file(path, REQUEST_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|_| CliError::usage(format!("`{}` is not text", path.display())))?;
    sound(text, &format!("`{}`", path.display()))
}

/// Told here with every fault and its place, before anybody is called.
fn sound(text: String, what: &str) -> Result<Box<RawValue>, CliError> {
    Grant::read_all(&text, "").map_err(|faults| {
        CliError::usage(format!("{what}: these are not grants"))
            .with_errors(faults)
            .hint(r#"a grant looks like {"resource":"shop","allowedActions":["buy"]}"#)
    })?;
    RawValue::from_string(text).map_err(|error| CliError::usage(format!("{what} is not sound JSON: {error}")))
}

/// The time so many seconds from now. One that cannot be written is refused by the issuer, as the last that can.
fn after(seconds: u64, session: &Session) -> String {
    let at = session.clock.now().saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX));
    time::format(at.min(TIME_MAX)).unwrap_or_default()
}

fn role_grants(role: &str) -> Result<String, CliError> {
    let Some(grants) = preset(role) else {
        let roles = PRESETS.map(|(name, what, _)| format!("  {name}: {what}")).join("\n");
        return Err(CliError::usage(format!("there is no role {}", quote(role))).hint(format!("the roles are\n{roles}")));
    };
    serde_json::to_string(&grants).map_err(|error| CliError::failed(format!("the grants cannot be written as JSON: {error}")))
}
