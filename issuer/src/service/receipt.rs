//! Receipts: the log's word that it has taken in a batch (docs/audit.md A20), for its reporter to keep.
//!
//! The log's key signs it and not the active one: it must be good for as long as the log is, whatever was rotated or revoked
//! since, and who proves a loss has that key already.

use passport_shared::api::audit::Receipt;
use passport_shared::jose;
use sha2::{Digest as _, Sha256};

use super::change::to_json;
use super::{Issuer, ServiceError};
use crate::store::{AppendOutcome, Reported};

/// What a receipt says of its batch, taken before the batch is handed on.
pub(super) struct Batched {
    hash: [u8; 32],
    first_seq: i64,
    last_seq: i64,
    count: u64,
}

impl Batched {
    /// Of the events, in their order.
    pub(super) fn of(events: &[Reported]) -> Self {
        let mut hash = Sha256::new();
        for reported in events {
            hash.update(reported.event.body_hash);
        }
        let seq = |reported: Option<&Reported>| reported.and_then(|reported| reported.event.seq).unwrap_or_default();
        Self {
            hash: hash.finalize().into(),
            first_seq: seq(events.first()),
            last_seq: seq(events.last()),
            count: u64::try_from(events.len()).unwrap_or(u64::MAX),
        }
    }
}

impl Issuer {
    /// The receipt of a batch that is on disk. `None` where the log's key cannot sign, which is logged: the batch is taken in
    /// all the same, and nobody should send it again for that.
    pub(super) async fn receipt(&self, reporter: &str, batch: &Batched, outcome: &AppendOutcome) -> Option<String> {
        let claims = Receipt {
            issuer: self.settings().issuer.clone(),
            reporter: reporter.to_owned(),
            issued_at: self.now(),
            batch_hash: jose::encode(batch.hash),
            first_seq: batch.first_seq,
            last_seq: batch.last_seq,
            count: batch.count,
            log_size: outcome.log_size,
        };
        // What failed is in the log by then.
        self.sign_receipt(&claims).await.ok()
    }

    async fn sign_receipt(&self, claims: &Receipt) -> Result<String, ServiceError> {
        let act = "sign a receipt";
        let (payload, algorithm, key) = (to_json(claims)?, self.settings().algorithm, &self.inner.log.key);
        // Twenty thousand a second are signed where they arise; a token is asked from a thread that can wait.
        let signed = if key.signs_at_once() {
            key.sign_receipt(algorithm, payload.as_bytes())
        } else {
            let key = key.clone();
            let signing = tokio::task::spawn_blocking(move || key.sign_receipt(algorithm, payload.as_bytes()));
            signing.await.map_err(|error| ServiceError::internal(act, error))?
        };
        signed.map_err(|error| ServiceError::internal(act, error))
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::api::audit::ReportEvents;
    use passport_verifier::log::LogVerifier;
    use serde_json::value::RawValue;

    use super::*;
    use crate::service::testing::{NOW, World};

    #[tokio::test]
    async fn a_batch_has_a_receipt_by_the_logs_key_that_names_it_and_how_far_the_log_had_come() {
        let world = World::new().await;
        let log = LogVerifier::new(&world.issuer.log_key().to_string()).unwrap();
        let event = |seq: i64| format!(r#"{{"requestId":"r{seq}","seq":{seq},"outcome":"deny","reason":"expired","evaluatedAt":null}}"#);
        let texts: Vec<String> = (4..7).map(event).collect();
        let body = || ReportEvents {
            reporter: "admin".to_owned(),
            events: texts.iter().map(|text| RawValue::from_string(text.clone()).unwrap()).collect(),
        };
        let caller = world.admin("audit.write", "issuer/audit").await;
        for _ in 0..2 {
            let receipt = world.issuer.report_events(&caller, body()).await.unwrap().receipt.expect("a receipt");
            let claims = log.receipt(receipt.as_bytes()).expect("a good one");
            let hashes: Vec<u8> = texts.iter().flat_map(Sha256::digest).collect();
            let wanted = Receipt {
                issuer: "https://issuer.example".to_owned(),
                reporter: "admin".to_owned(),
                issued_at: NOW,
                batch_hash: jose::encode(Sha256::digest(hashes)),
                first_seq: 4,
                last_seq: 6,
                count: 3,
                log_size: world.issuer.store().log_head().await.unwrap().size,
            };
            assert_eq!(claims, wanted, "sent again it is in the log as well");
        }
    }
}
