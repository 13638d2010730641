//! Receipts: the log's word that it has taken in a batch (docs/audit.md A20), for its reporter to keep.
//!
//! The log's key signs it and not the active one: it must be good for as long as the log is, whatever was rotated or revoked
//! since, and who proves a loss has that key already.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use passport_shared::api::audit::receipt::{self, TakenIn};
use passport_shared::jose;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

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

/// What is to be signed next.
#[derive(Default)]
pub(super) struct Desk {
    waiting: Mutex<VecDeque<Wanted>>,
}

/// What is said of one batch, and who waits for the receipt.
struct Wanted {
    text: String,
    receipt: oneshot::Sender<Option<String>>,
}

impl Desk {
    fn put(&self, wanted: Wanted) {
        self.waiting().push_back(wanted);
    }

    /// As many as one token has, those that came first.
    fn take(&self) -> Vec<Wanted> {
        let mut waiting = self.waiting();
        let count = waiting.len().min(receipt::BATCHES);
        waiting.drain(..count).collect()
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Wanted>> {
        // Nothing is done under the lock that could leave it half done.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Issuer {
    /// The receipt of a batch that is on disk. `None` where the log's key cannot sign, which is logged: the batch is taken in
    /// all the same, and nobody should send it again for that.
    ///
    /// One signature does for those that ask at the same time, as they do whose batches came to disk together: whoever is first
    /// signs for all that wait.
    pub(super) async fn receipt(&self, reporter: &str, batch: &Batched, outcome: &AppendOutcome) -> Option<String> {
        let said = TakenIn {
            reporter: reporter.to_owned(),
            batch_hash: jose::encode(batch.hash),
            first_seq: batch.first_seq,
            last_seq: batch.last_seq,
            count: batch.count,
            log_size: outcome.log_size,
        };
        let (sender, mut receipt) = oneshot::channel();
        let desk = &self.inner.receipts;
        desk.put(Wanted { text: to_json(&said).ok()?, receipt: sender });
        // The others are woken together with this one: they come first.
        tokio::task::yield_now().await;
        loop {
            match receipt.try_recv() {
                Ok(signed) => return signed,
                Err(TryRecvError::Closed) => return None,
                Err(TryRecvError::Empty) => {}
            }
            let wanted = desk.take();
            if wanted.is_empty() {
                // Somebody else is at it.
                return receipt.await.ok().flatten();
            }
            // What failed is in the log by then.
            let token = self.sign_receipts(&wanted).await.ok();
            for Wanted { text, receipt } in wanted {
                // Who has gone does not hear of it.
                let _ = receipt.send(token.as_deref().map(|token| receipt::joined(token, &text)));
            }
        }
    }

    async fn sign_receipts(&self, wanted: &[Wanted]) -> Result<String, ServiceError> {
        let act = "sign a receipt";
        let texts = wanted.iter().map(|wanted| wanted.text.as_str());
        let payload = receipt::payload(&self.settings().issuer, self.now(), texts).map_err(|error| ServiceError::internal(act, error))?;
        let (algorithm, key) = (self.settings().algorithm, &self.inner.log.key);
        // What takes microseconds is signed where it arises; a token is asked from a thread that can wait.
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
    use passport_shared::api::audit::receipt::Receipt;
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
            let batch = TakenIn {
                reporter: "admin".to_owned(),
                batch_hash: jose::encode(Sha256::digest(hashes)),
                first_seq: 4,
                last_seq: 6,
                count: 3,
                log_size: world.issuer.store().log_head().await.unwrap().size,
            };
            let wanted = Receipt { issuer: "https://issuer.example".to_owned(), issued_at: NOW, batch };
            assert_eq!(claims, wanted, "sent again it is in the log as well");
        }
    }

    #[tokio::test]
    async fn who_asks_at_the_same_time_is_told_by_one_signature_each_of_its_own() {
        let world = World::new().await;
        let log = LogVerifier::new(&world.issuer.log_key().to_string()).unwrap();
        let batched = |number: u8| Batched { hash: [number; 32], first_seq: number.into(), last_seq: number.into(), count: 1 };
        let batches: Vec<_> = (0..20).map(batched).collect();
        let outcome = AppendOutcome { log_size: 100, ..AppendOutcome::default() };
        let asked = batches.iter().map(|batch| world.issuer.receipt("shop", batch, &outcome));
        let receipts = futures_util::future::join_all(asked).await;
        let mut tokens = std::collections::HashSet::new();
        for (batch, receipt) in batches.iter().zip(receipts) {
            let receipt = receipt.expect("a receipt");
            let said = log.receipt(receipt.as_bytes()).expect("a good one").batch;
            assert_eq!((said.batch_hash, said.first_seq, said.log_size), (jose::encode(batch.hash), batch.first_seq, 100));
            tokens.insert(receipt.split('~').next().unwrap().to_owned());
        }
        assert_eq!(tokens.len(), 2, "16 of them by the first, and the rest");
    }
}
