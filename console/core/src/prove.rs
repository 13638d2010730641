//! `prove`: what a proof file of the audit log proves (docs/audit.md, A15), by the log's public key.

use passport_verifier::log::LogVerifier;
use serde::{Deserialize, Serialize};

use crate::Failed;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Prove {
    proof: String,
    /// The log's verifier key, `NAME+ID+BASE64`, as `passport audit key` prints it.
    key: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Proven {
    proved: bool,
    /// Why it proves nothing.
    message: Option<String>,
    #[serde(flatten)]
    facts: Option<Facts>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    /// The log's name.
    origin: String,
    /// The entry's place in the log, from 0, and how many entries the checkpoint is over.
    index: u64,
    size: u64,
    event_id: String,
    kind: String,
    reporter: String,
    request_id: String,
    received_at: i64,
    evaluated_at: Option<i64>,
    agent_id: Option<String>,
    passport_id: Option<String>,
    outcome: Option<String>,
    reason: Option<String>,
    action: Option<String>,
    resource: Option<String>,
    conflict: bool,
    /// The event as it is stored, to the letter; `None` if the file does not have it.
    body: Option<String>,
}

impl Prove {
    pub(crate) fn answer(&self) -> Result<Proven, Failed> {
        let log = LogVerifier::new(self.key.trim()).map_err(|error| Failed::new(format!("the log's key: {error}")))?;
        Ok(match log.prove(self.proof.as_bytes()) {
            Err(why) => Proven { proved: false, message: Some(why.to_string()), facts: None },
            Ok(proved) => {
                let owned = |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned);
                let entry = proved.entry;
                let facts = Facts {
                    origin: proved.checkpoint.origin().to_owned(),
                    index: proved.index,
                    size: proved.checkpoint.size(),
                    event_id: entry.event_id.into_owned(),
                    kind: entry.kind.into_owned(),
                    reporter: entry.reporter.into_owned(),
                    request_id: entry.request_id.into_owned(),
                    received_at: entry.received_at,
                    evaluated_at: entry.evaluated_at,
                    agent_id: owned(entry.agent_id),
                    passport_id: owned(entry.passport_id),
                    outcome: owned(entry.outcome),
                    reason: owned(entry.reason),
                    action: owned(entry.action),
                    resource: owned(entry.resource),
                    conflict: entry.conflict,
                    body: proved.body,
                };
                Proven { proved: true, message: None, facts: Some(facts) }
            }
        })
    }
}
