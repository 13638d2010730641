//! `passport audit key`: what the audit log's checkpoints, proofs and receipts are checked with.

use clap::Args;
use passport_shared::api::discovery::IssuerMetadata;

use crate::cli::Session;
use crate::cli::client::Client;
use crate::cli::error::{CliError, DONE, Ended};
use crate::config::UrlSettings;

/// More than an issuer says of itself.
const METADATA_BYTES: usize = 65_536;

/// Print the audit log's public key, as an issuer tells it
///
/// Keep it, and compare it with what others were told: who has it can check checkpoints and proofs without the issuer.
#[derive(Debug, Args)]
pub(crate) struct Key {
    #[command(flatten)]
    url: UrlSettings,
}

impl Key {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let text = Client::public(&self.url, session)?.fetch("/.well-known/passport-issuer", METADATA_BYTES)?;
        let metadata: IssuerMetadata = serde_json::from_str(&text)
            .map_err(|error| CliError::failed(format!("what the issuer says of itself cannot be read: {error}")))?;
        let log = metadata
            .audit_log
            .ok_or_else(|| CliError::failed("the issuer has no log that proves itself").hint("it needs a newer release"))?;
        match session.out.is_json() {
            true => session.out.json(&log)?,
            false => session.out.text(&log.verifier_key)?,
        }
        Ok(DONE)
    }
}
