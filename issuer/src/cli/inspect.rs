//! `passport inspect`: what a passport says, for whoever holds it.

mod report;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use passport_shared::decision::{Reason, Verdict};
use passport_shared::unverified::UnverifiedPassport;
use passport_verifier::{MaxAge, Request, Trust, Verifier};

use self::report::{Checked, Preview, Report};
use super::error::{CliError, DONE, Ended};
use super::trust::TrustFile;
use super::{Session, input};

/// Read what a passport says, and try requests on it
///
/// Without --trust nothing is proved: the signature is not looked at, and whoever wrote the passport may have written anything.
#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The passport; with - or none, it is read from standard input
    #[arg(allow_hyphen_values = true)]
    token: Option<OsString>,
    /// Write it as something else
    #[arg(long = "as", value_name = "FORM", value_enum)]
    form: Option<Form>,
    /// Preview what a service would answer to this request
    #[arg(long = "try", value_name = "JSON", conflicts_with = "form")]
    request: Option<String>,
    /// Check it against a trust bundle, or a JWK set together with --issuer
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// The issuer whose keys a JWK set holds
    #[arg(long, value_name = "URL", requires = "trust")]
    issuer: Option<String>,
    /// Read it as of this time: RFC 3339, or seconds since 1970
    #[arg(long, value_name = "TIME", value_parser = input::time, allow_hyphen_values = true)]
    at: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Plain sentences, for an agent's instructions
    Prompt,
}

impl Inspect {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let token = input::token(self.token.as_deref(), session.out)?;
        let passport = UnverifiedPassport::read(&token).map_err(|error| {
            let error = CliError::not_a_passport(error.to_string());
            match input::file_hint(self.token.as_ref(), "inspect") {
                Some(hint) => error.hint(hint),
                None => error,
            }
        })?;
        let now = self.at.unwrap_or_else(|| session.clock.now());
        let checked = match &self.trust {
            Some(path) => Some(self.check(TrustFile::read(path, self.issuer.as_deref())?, &token, &passport, now)),
            None => None,
        };
        let failed = checked.as_ref().filter(|checked| checked.reason != Reason::Granted).map(|checked| checked.reason);
        // A preview on a passport that is known to be none would say what nobody would answer.
        let verdict = match (&self.request, failed) {
            (Some(text), None) => Some(passport.preview(&Request::parse(text.as_bytes()), now)),
            _ => None,
        };
        let report = Report { passport: &passport, checked: checked.as_ref(), preview: verdict.as_ref().map(Preview::of), now };
        match (session.out.is_json(), self.form) {
            (true, Some(Form::Prompt)) => session.out.json(&report.prompt())?,
            (true, None) => session.out.json(&report.to_json())?,
            (false, Some(Form::Prompt)) => {
                if checked.is_none() {
                    session.out.say("UNVERIFIED: the signature was not checked; these are the passport's own words");
                }
                session.out.text(&passport.claims().to_prompt(now))?;
            }
            (false, None) => session.out.text(&report.to_text())?,
        }
        Ok(match (failed, &verdict) {
            (Some(reason), _) => reason.exit_code(),
            (None, Some(verdict)) => Verdict::reason(verdict).exit_code(),
            (None, None) => DONE,
        })
    }

    /// Steps 1 to 8 of a decision, for the first service that the passport names: which one asks is not known here.
    fn check(&self, file: TrustFile, token: &[u8], passport: &UnverifiedPassport, now: i64) -> Checked {
        let expired = self.at.is_none() && file.expires_at().is_some_and(|expires_at| expires_at <= now);
        let has_age = file.bundle.is_some();
        let trust: Trust = file.trust;
        let audience = passport.claims().audience.first().cloned().unwrap_or_default();
        let mut verifier = Verifier::new(trust, audience);
        if self.at.is_some() {
            verifier = verifier.with_max_key_age(MaxAge::Unlimited);
        }
        if expired {
            return Checked {
                reason: Reason::KeysUnavailable,
                message: "the trust bundle has expired; fetch a new one".to_owned(),
                signature_holds: false,
                revocation: false,
            };
        }
        match verifier.verify(token, now) {
            Ok(_) => Checked {
                reason: Reason::Granted,
                message: String::new(),
                signature_holds: true,
                revocation: has_age && passport.claims().status.is_some(),
            },
            Err(denied) => Checked {
                reason: denied.reason(),
                message: denied.message().to_owned(),
                signature_holds: denied.record().key_id.is_some(),
                revocation: false,
            },
        }
    }
}
