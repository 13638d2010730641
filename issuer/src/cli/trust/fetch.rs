//! `passport trust fetch`: the issuer's trust bundle, checked before it is kept.

use std::path::{Path, PathBuf};

use clap::Args;
use passport_shared::key_set::KeyId;
use passport_shared::limits::TRUST_BUNDLE_BYTES;
use passport_shared::text::quote;
use passport_verifier::{Trust, TrustError};
use serde::Serialize;

use super::{Bundle, Summary, TrustFile};
use crate::cli::Session;
use crate::cli::client::Client;
use crate::cli::error::{CliError, DONE, Ended};
use crate::cli::output::{CARE, styled};
use crate::cli::write::{Readers, write};
use crate::config::UrlSettings;

/// Fetch the issuer's trust bundle, for machines without a network
///
/// Where FILE is there already, the new bundle has to follow it: the same issuer, signed by a key that FILE trusts, and not
/// older. The first bundle has to be signed by the pinned key, where one is named; the pin is for the first fetch, and
/// has no part in a later one.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    #[command(flatten)]
    url: UrlSettings,
    /// For the first fetch: the thumbprint of the key that its bundle has to be signed by
    #[arg(long, value_name = "THUMBPRINT")]
    pin: Option<KeyId>,
    /// Where to put it; without it, the bundle goes to standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How a bundle came to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Belief {
    /// It follows the one in the file.
    Successor,
    /// It is signed by the key that was named.
    Pinned,
    /// It is the first, and nobody vouches for it but the connection.
    FirstUse,
}

#[derive(Serialize)]
struct Fetched<'f> {
    #[serde(flatten)]
    summary: Summary,
    belief: Belief,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'f Path>,
    /// Only where no file has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<&'f str>,
}

impl Fetch {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let client = Client::public(&self.url, session)?;
        let body = client.fetch("/v1/trust-bundle", TRUST_BUNDLE_BYTES)?;
        let token = body.trim_end_matches('\n');
        let now = session.clock.now();
        let (trust, belief) = self.believe(token, now)?;
        let bundle = Bundle::read(token.as_bytes()).map_err(|error| CliError::failed(error.to_string()))?;
        let signed_by = bundle.signed_by.clone();
        let file = TrustFile { trust, bundle: Some(bundle) };
        if file.trust.issuer() != client.url() {
            session.out.say(&format!(
                "note: this is the trust bundle of {}, fetched from {}",
                quote(file.trust.issuer()),
                quote(client.url())
            ));
        }
        match (belief, &self.output) {
            (Belief::FirstUse, _) => session.out.say(&first_use(&signed_by)),
            (Belief::Successor, Some(path)) if self.pin.is_some() => session
                .out
                .say(&format!("note: --pin was not needed, and not looked at: the new bundle was checked against `{}`", path.display())),
            _ => {}
        }
        if let Some(path) = &self.output {
            write(path, token.as_bytes(), Readers::Everyone)?;
        }
        let summary = Summary::of(&file);
        match (session.out.is_json(), &self.output) {
            (true, path) => {
                let bundle = path.is_none().then_some(token);
                session.out.json(&Fetched { summary, belief, file: path.as_deref(), bundle })?;
            }
            (false, None) => session.out.line(token.as_bytes())?,
            (false, Some(path)) => {
                session.out.text(&summary.to_text(now))?;
                session.out.say(&format!("\nwritten to `{}`", path.display()));
            }
        }
        Ok(DONE)
    }

    fn believe(&self, token: &str, now: i64) -> Result<(Trust, Belief), CliError> {
        let refused = |error: TrustError| CliError::failed(format!("the bundle that the issuer gave is refused: {error}"));
        if let Some(path) = self.output.as_deref().filter(|path| path.exists()) {
            let before = TrustFile::read(path, None).map_err(|error| {
                error.hint(format!("to start anew, move `{}` away and name the issuer's key with --pin", path.display()))
            })?;
            let trust = before.trust.successor(token.as_bytes(), now).map_err(|error| {
                refused(error).hint(format!(
                    "`{}` is kept as it is. If it is the issuer that started anew, move the file away and name its key with --pin",
                    path.display()
                ))
            })?;
            return Ok((trust, Belief::Successor));
        }
        match &self.pin {
            Some(pin) => Ok((Trust::from_pinned_bundle(token.as_bytes(), pin, now).map_err(refused)?, Belief::Pinned)),
            None => Ok((Trust::from_bundle(token.as_bytes(), now).map_err(refused)?, Belief::FirstUse)),
        }
    }
}

fn first_use(signed_by: &str) -> String {
    format!(
        "{} no key was pinned, so the key that signed it was trusted on first use:\n  {signed_by}\n\n\
         hint: compare it with what the issuer's administrator sees in\n\
         `passport keys list`, and pin it next time: --pin THUMBPRINT",
        styled(CARE, "warning:")
    )
}
