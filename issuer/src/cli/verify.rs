//! `passport verify`: one offline decision, or a decision for each line of a file.

mod batch;
mod checker;
mod request;
pub(crate) mod view;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use passport_verifier::{Reason, Request};

use self::checker::Checker;
use self::request::RequestArgs;
pub(crate) use self::request::read_attribute;
use super::error::{CliError, Ended};
use super::trust::TrustFile;
use super::{Session, ids, input};

/// Decide offline whether a passport allows a request
///
/// Signature, issuer, audience, times, revocation and grants are checked against what FILE says is to be trusted;
/// nothing is asked over a network.
#[derive(Debug, Args)]
#[command(
    override_usage = "\
passport verify --trust FILE --audience A --action X [TOKEN]
       passport verify --trust FILE --audience A --request JSON [TOKEN]
       passport verify --trust FILE --audience A --batch FILE",
    after_help = "\
Exit codes: 0 allowed, 3 denied, 4 not a valid passport, 5 a person has to
approve, 1 nothing to decide by, 2 called wrongly"
)]
pub(crate) struct Verify {
    /// The passport; with - or none, it is read from standard input
    #[arg(allow_hyphen_values = true)]
    token: Option<OsString>,
    /// What to trust: a trust bundle, or a JWK set together with --issuer
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The issuer whose keys a JWK set holds
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The service that decides, as passports name it
    #[arg(long)]
    audience: String,
    #[command(flatten)]
    request: RequestArgs,
    /// Decide as of this time: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = input::time, allow_hyphen_values = true)]
    at: Option<i64>,
    /// Decide each line of FILE, or with - of standard input: {"token", "request", "at"?}
    #[arg(long, value_name = "FILE", conflicts_with_all = ["token", "action", "request", "resource", "attributes", "agent", "at"])]
    batch: Option<PathBuf>,
    /// Refuse a request that names no resource
    #[arg(long)]
    require_resource: bool,
    /// Take a passport for valid where its status cannot be had or is too old
    #[arg(long)]
    allow_unavailable_status: bool,
}

impl Verify {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let trust = TrustFile::read(&self.trust, self.issuer.as_deref())?;
        let checker = Checker::new(trust, &self.audience, self.require_resource, self.allow_unavailable_status)?;
        if let Some(path) = &self.batch {
            return batch::run(path, &checker, session);
        }
        let request = Request::parse(self.request.to_json()?.as_bytes());
        let token = input::token(self.token.as_deref(), session.out)?;
        let now = self.at.unwrap_or_else(|| session.clock.now());
        let verifier = checker.verifier(self.at, now);
        if self.at.is_none() && checker.expired(now) {
            session.out.say("warning: the trust bundle has expired, so none of its keys is believed; fetch a new one");
        }
        let decision = verifier.decide(&token, &request, now).identified(|| ids::request_id(session));
        let record = decision.record();
        match session.out.is_json() {
            true => session.out.json(&record)?,
            false => session.out.text(&view::decision(&record))?,
        }
        let reason = decision.reason();
        let misread = reason == Reason::MalformedToken && !session.out.is_json();
        if let Some(hint) = misread.then(|| input::file_hint(self.token.as_ref(), "verify")).flatten() {
            session.out.say(&format!("\nhint: {hint}"));
        }
        Ok(reason.exit_code())
    }
}

/// A JSON text that was given where one is asked for, refused before anything else is done.
pub(crate) fn check_json(flag: &str, text: &str) -> Result<(), CliError> {
    use passport_shared::json::{Controls, Document};
    use passport_shared::limits::REQUEST_BYTES;
    if text.len() > REQUEST_BYTES {
        return Err(CliError::usage(format!("{flag} has more than {REQUEST_BYTES} bytes")));
    }
    match Document::read_value(text.as_bytes(), Controls::InValues) {
        Ok(_) => Ok(()),
        Err(fault) => Err(CliError::usage(format!("{flag} is not sound JSON: {fault}"))
            .hint("a shell takes the quotes of JSON for its own: put all of it between single quotes")),
    }
}
