//! `passport audit prove`: one file that proves one decision.

use std::path::PathBuf;

use clap::Args;
use passport_shared::api::discovery::IssuerMetadata;
use passport_shared::text::{escape, quote};
use passport_verifier::log::{LogVerifier, Proved};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::cli::Session;
use crate::cli::client::{Client, Remote};
use crate::cli::error::{CliError, DONE, Ended};
use crate::cli::words::counted;
use crate::cli::write::{Readers, write};

/// Fetch the proof that a decision is in the audit log, as one file
///
/// Whoever has the log's key checks it on a machine that has nothing else: passport audit verify --proof FILE --key KEY.
/// The file has the decision itself in it. It is checked before it is written.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// The id of the request that was decided
    request: String,
    /// Of the event that this verifier reported
    #[arg(long, value_name = "ID")]
    reporter: Option<String>,
    /// Of the event with this id, where several have the request's
    #[arg(long, value_name = "ID")]
    event: Option<String>,
    /// The log's public key, as `passport audit key` prints it [default: as the issuer tells it]
    #[arg(long)]
    key: Option<String>,
    /// Write the proof to a file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
struct Proofs {
    items: Vec<Box<RawValue>>,
}

impl Prove {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let client = self.remote.client(session)?;
        let key = self.verifier(&client)?;
        let query = [("requestId", Some(self.request.clone())), ("reporter", self.reporter.clone())];
        let proofs: Proofs = client.get("/v1/audit/proof", &query)?.read_json()?;
        let mut found = Vec::new();
        for file in &proofs.items {
            let proved = key
                .prove(file.get().as_bytes())
                .map_err(|error| CliError::failed(format!("the issuer gave a proof that does not hold: {error}")))?;
            if proved.entry.request_id != self.request.as_str() {
                return Err(CliError::failed(format!("the issuer gave the proof of another request: {}", quote(&proved.entry.request_id))));
            }
            if self.event.as_ref().is_none_or(|event| *event == proved.entry.event_id) {
                found.push((file.get(), proved));
            }
        }
        let (file, proved) = match found.as_slice() {
            [one] => one,
            [] => return Err(CliError::failed(format!("no event of the request {} has that id", quote(&self.request)))),
            several => return Err(ambiguous(several)),
        };
        match &self.output {
            None => session.out.line(file.as_bytes())?,
            Some(path) => {
                write(path, file.trim_end().as_bytes(), Readers::Everyone)?;
                session.out.say(&format!(
                    "event {} of {}, proved by the checkpoint of {}; whoever has the key checks it:\n  \
                     passport audit verify --proof {} --key {}",
                    proved.entry.sequence,
                    escape(key.origin()),
                    counted(proved.checkpoint.size(), "event"),
                    path.display(),
                    key.verifier_key()
                ));
            }
        }
        Ok(DONE)
    }

    fn verifier(&self, client: &Client) -> Result<LogVerifier, CliError> {
        let told = match &self.key {
            Some(key) => key.clone(),
            None => {
                let metadata: IssuerMetadata = client.get("/.well-known/passport-issuer", &[])?.read_json()?;
                let log = metadata.audit_log.ok_or_else(|| CliError::failed("the issuer has no log that proves itself"))?;
                log.verifier_key
            }
        };
        LogVerifier::new(&told).map_err(|error| CliError::failed(format!("the log's key cannot be used: {error}")))
    }
}

fn ambiguous(several: &[(&str, Proved)]) -> CliError {
    let events = several.iter().map(|(_, proved)| {
        let conflict = if proved.entry.conflict { ", in conflict" } else { "" };
        format!("--event {}   reported by {}{conflict}", escape(&proved.entry.event_id), quote(&proved.entry.reporter))
    });
    CliError::failed(format!("{} events have this request's id", several.len()))
        .hint(format!("name the one that you mean:\n{}", events.collect::<Vec<_>>().join("\n")))
}
