//! Checking the issuer's audit log offline (docs/audit.md): a checkpoint, what has grown since the last one, and the file that
//! proves one decision. All that is needed is the log's verifier key.

use passport_shared::api::audit::receipt;
pub use passport_shared::api::audit::receipt::{Receipt, TakenIn};
use passport_shared::jose::{Compact, TokenType};
use passport_shared::key_set::{KeyId, PublicKey, PublicKeyBytes};
use passport_shared::limits::TOKEN_BYTES;
pub use passport_shared::log::checkpoint::Checkpoint;
use passport_shared::log::merkle::verify_consistency;
pub use passport_shared::log::merkle::{Hash, ProofError};
use passport_shared::log::note::{KeyError, VerifierKey};
use passport_shared::log::proof_file::{Proof, open_checkpoint};
pub use passport_shared::log::proof_file::{Proved, Unproved};

use crate::strict::SignatureMethod;
use crate::trusted_key::TrustedKey;

/// The key of one log, checked when it was loaded.
///
/// ```
/// use passport_verifier::log::{LogVerifier, Unproved};
///
/// let log = LogVerifier::new("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")?;
/// assert!(matches!(log.prove(b"{}"), Err(Unproved::File(_))));
/// # Ok::<(), passport_verifier::log::LogVerifierError>(())
/// ```
#[derive(Clone, Debug)]
pub struct LogVerifier {
    name: VerifierKey,
    key: TrustedKey,
}

/// Why a log's key is refused.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogVerifierError {
    /// It is no verifier key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It is no point, is not written canonically, or has small order.
    #[error("the verifier key is weak or not an Ed25519 point: anybody could sign for it")]
    Weak,
}

/// Why a token is no receipt of this log.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReceipt {
    /// It is no token, or one of another kind.
    #[error("it is no receipt: {0}")]
    Token(String),
    /// The log's key has not signed it.
    #[error("the log's key has not signed it: it was changed, or is another log's")]
    Signature,
    /// It is signed, and does not say this of the batch, or in a way that cannot be read.
    #[error("it says something else of the batch, or says it as only a newer release can read")]
    Claims,
}

/// Why a checkpoint does not follow the one before.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfollowed {
    /// It is no checkpoint of this log.
    #[error(transparent)]
    Checkpoint(#[from] Unproved),
    /// The log has changed something that it had before. This is proof against its owner: keep both checkpoints.
    #[error("the new checkpoint does not continue the one of {old} entries: {source}")]
    Inconsistent {
        /// Entries at the earlier checkpoint.
        old: u64,
        /// The new checkpoint, which the key has signed.
        checkpoint: Checkpoint,
        /// What is not so.
        source: ProofError,
    },
}

impl LogVerifier {
    /// The verifier of the log with this verifier key, `NAME+ID+BASE64`.
    ///
    /// # Errors
    /// [`LogVerifierError`] for what is no key, or one that anybody could sign for.
    pub fn new(verifier_key: &str) -> Result<Self, LogVerifierError> {
        let name = VerifierKey::parse(verifier_key)?;
        let key = TrustedKey::new(&PublicKey::new(*name.key())).ok_or(LogVerifierError::Weak)?;
        Ok(Self { name, key })
    }

    /// The log's name: the origin of its checkpoints.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.name.name()
    }

    /// The verifier key that this was made of, as text.
    #[must_use]
    pub fn verifier_key(&self) -> String {
        self.name.to_string()
    }

    /// The checkpoint in a signed note.
    ///
    /// # Errors
    /// [`Unproved`] if the log's key has not signed it, or it is not of this log.
    pub fn checkpoint(&self, note: &[u8]) -> Result<Checkpoint, Unproved> {
        open_checkpoint(note, &self.name, self.check())
    }

    /// The checkpoint in `note`, if it continues `before`: everything that was in the log is still there, unchanged.
    /// `proof` is the consistency proof, empty if the log has not grown.
    ///
    /// # Errors
    /// [`Unfollowed`].
    pub fn follow(&self, before: &Checkpoint, note: &[u8], proof: &[Hash]) -> Result<Checkpoint, Unfollowed> {
        let checkpoint = self.checkpoint(note)?;
        let old = before.size();
        match verify_consistency(old, before.root(), checkpoint.size(), checkpoint.root(), proof) {
            Ok(()) => Ok(checkpoint),
            Err(source) => Err(Unfollowed::Inconsistent { old, checkpoint, source }),
        }
    }

    /// What a proof file proves.
    ///
    /// # Errors
    /// [`Unproved`], which says what does not hold.
    pub fn prove(&self, file: &[u8]) -> Result<Proved, Unproved> {
        Proof::parse(file)?.verify(&self.name, self.check())
    }

    /// What a receipt says: the log's key has signed that it has taken in a batch.
    ///
    /// # Errors
    /// [`NoReceipt`].
    pub fn receipt(&self, receipt: &[u8]) -> Result<Receipt, NoReceipt> {
        let parts = std::str::from_utf8(receipt).ok().filter(|receipt| receipt.len() <= TOKEN_BYTES).and_then(receipt::split);
        let (token, batch) = parts.ok_or_else(|| NoReceipt::Token("it is no token with what it says of a batch".to_owned()))?;
        let compact = Compact::split(token.as_bytes(), TOKEN_BYTES).map_err(|error| NoReceipt::Token(error.to_string()))?;
        let kid = compact.key_id(TokenType::Receipt).map_err(|error| NoReceipt::Token(error.to_string()))?;
        let is_ours = kid == KeyId::of(self.name.key()).as_str();
        if !is_ours || !self.key.verifies(compact.signing_input, &compact.signature, SignatureMethod::Library) {
            return Err(NoReceipt::Signature);
        }
        Receipt::read(&compact.payload, &batch).ok_or(NoReceipt::Claims)
    }

    fn check(&self) -> impl Fn(&PublicKeyBytes, &[u8], &[u8; 64]) -> bool {
        |key, text, signature| *key == *self.name.key() && self.key.verifies(text, signature, SignatureMethod::Library)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::convert::Infallible;
    use std::sync::Arc;

    use passport_keys::{FileVault, KeyDir, LogKey, Protection};
    use passport_shared::jose::Algorithm;
    use passport_shared::log::entry::Entry;
    use passport_shared::log::merkle::{Frontier, Node, Plan, leaf_hash};
    use passport_shared::log::note::{Note, NoteError};

    use super::*;

    const ORIGIN: &str = "issuer.example/log";
    const BODY: &str = r#"{"requestId":"req_3","allowed":false}"#;

    /// A log with its key, its tree, and whoever checks it.
    struct Log {
        key: LogKey,
        verifier: LogVerifier,
        tree: Frontier,
        nodes: HashMap<Node, Hash>,
        _directory: tempfile::TempDir,
    }

    impl Log {
        fn new() -> Self {
            let directory = tempfile::tempdir().expect("a directory");
            let files = KeyDir::open(directory.path().join("log-key"), Protection::PlainForDevelopment).expect("opened");
            let key = LogKey::create(Arc::new(FileVault::new(files)), ORIGIN, &mut rand::rng()).expect("made");
            let verifier = LogVerifier::new(&key.verifier_key().to_string()).expect("a sound key");
            Self { key, verifier, tree: Frontier::default(), nodes: HashMap::new(), _directory: directory }
        }

        fn append(&mut self, entry: &str) {
            let nodes = &mut self.nodes;
            let keep = |node, hash: &Hash| assert_eq!(nodes.insert(node, *hash), None);
            self.tree.append_with(leaf_hash(entry.as_bytes()), keep).expect("room");
        }

        fn grown_to(mut self, size: u64) -> Self {
            while self.tree.size() < size {
                let entry = entry(self.tree.size());
                self.append(&entry);
            }
            self
        }

        fn note(&self) -> String {
            self.key.sign(&Checkpoint::new(ORIGIN, self.tree.size(), self.tree.root()).expect("sound")).expect("signed")
        }

        fn hashes(&self, plan: Result<Plan, ProofError>) -> Vec<Hash> {
            plan.expect("a plan").hashes(|node| Ok::<_, Infallible>(self.nodes[&node])).expect("there")
        }

        fn proof(&self, index: u64) -> Proof {
            let hashes = self.hashes(Plan::inclusion(index, self.tree.size()));
            Proof { checkpoint: self.note(), index, entry: entry(index), hashes, body: Some(BODY.to_owned()) }
        }
    }

    fn entry(index: u64) -> String {
        let sequence = i64::try_from(index).expect("small");
        Entry { sequence, event_id: format!("evt_{index}").into(), body_hash: Entry::hash_of(BODY), ..Entry::default() }
            .to_text()
            .expect("short")
    }

    /// The example of the Go project's package `note`, signed by another implementation.
    #[test]
    fn the_signature_of_the_published_note_holds_and_of_a_changed_one_does_not() {
        let log = LogVerifier::new("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").expect("a key");
        let note = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
                    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
        let open = |note: &str| Note::parse(note.as_bytes()).expect("a note").open(&log.name, log.check()).map(str::to_owned);
        assert!(open(note).expect("signed").ends_with("problem is.\n"));
        for changed in [note.replace("answer", "Answer"), note.replace("x08go/ZJ", "x08go/ZK")] {
            assert!(matches!(open(&changed), Err(NoteError::BadSignature(_))), "{changed}");
        }
    }

    #[test]
    fn a_decision_is_proved_on_a_machine_that_has_only_the_key() {
        let log = Log::new().grown_to(11);
        for index in 0..11 {
            let file = log.proof(index).to_json();
            let proved = log.verifier.prove(file.as_bytes()).expect("proved");
            assert_eq!((proved.index, proved.checkpoint.size()), (index, 11));
            assert_eq!(proved.entry.event_id, format!("evt_{index}"));
            assert_eq!(proved.body.as_deref(), Some(BODY));
        }
        let file = log.proof(3).to_json();
        let other = LogVerifier::new(&Log::new().key.verifier_key().to_string()).expect("a key");
        assert!(matches!(other.prove(file.as_bytes()), Err(Unproved::Note(NoteError::NotSigned(_)))));
        assert_eq!(log.verifier.prove(file.replace("req_3", "req_4").as_bytes()), Err(Unproved::OtherBody));
        assert_eq!(log.verifier.prove(file.replace("evt_3", "evt_4").as_bytes()), Err(Unproved::Inclusion(ProofError::OtherRoot)));
    }

    #[test]
    fn a_flipped_bit_of_the_signature_or_the_text_it_is_over_proves_nothing() {
        let log = Log::new().grown_to(5);
        let sound = log.note();
        let end = sound.rfind(' ').expect("a signature");
        for (place, bit) in (0..sound.len()).flat_map(|place| [(place, 0), (place, 3)]) {
            let mut note = sound.clone().into_bytes();
            note[place] ^= 1 << bit;
            assert!(log.verifier.checkpoint(&note).is_err(), "bit {bit} of byte {place}, the signature begins at {end}");
        }
        assert_eq!(log.verifier.checkpoint(sound.as_bytes()).expect("sound").size(), 5);
    }

    #[test]
    fn a_log_is_followed_while_it_grows_and_caught_when_it_is_written_anew() {
        let log = Log::new().grown_to(6);
        let before = log.verifier.checkpoint(log.note().as_bytes()).expect("sound");
        let again = log.verifier.follow(&before, log.note().as_bytes(), &[]).expect("the same");
        assert_eq!(again, before);
        let mut log = log.grown_to(21);
        let proof = log.hashes(Plan::consistency(6, 21));
        let now = log.verifier.follow(&before, log.note().as_bytes(), &proof).expect("it only grew");
        assert_eq!(now.size(), 21);
        // Truncated and regrown with one entry changed; then cut back to where it was shorter.
        (log.tree, log.nodes) = (Frontier::default(), HashMap::new());
        log.append("another");
        let log = log.grown_to(21);
        let proof = log.hashes(Plan::consistency(6, 21));
        let caught = log.verifier.follow(&before, log.note().as_bytes(), &proof);
        assert!(matches!(caught, Err(Unfollowed::Inconsistent { old: 6, source: ProofError::OtherOldRoot, .. })), "{caught:?}");
        let caught = log.verifier.follow(&now, log.note().as_bytes(), &[]);
        assert!(matches!(caught, Err(Unfollowed::Inconsistent { source: ProofError::OtherRoot, .. })), "{caught:?}");
        let short = log.key.sign(&before).expect("signed");
        let caught = log.verifier.follow(&now, short.as_bytes(), &[]);
        assert!(matches!(caught, Err(Unfollowed::Inconsistent { source: ProofError::Shrunk { old: 21, new: 6 }, .. })), "{caught:?}");
    }

    #[test]
    fn a_receipt_is_the_logs_alone_and_no_other_token_is_one() {
        let (log, other) = (Log::new(), Log::new());
        let batch = r#"{"sub":"shop","batchHash":"x","firstSeq":3,"lastSeq":5,"count":3,"logSize":9}"#;
        let token = |log: &Log, payload: &str| log.key.sign_receipt(Algorithm::EdDsa, payload.as_bytes()).expect("signed");
        let payload = receipt::payload("https://i.example", 1, ["{}", batch].into_iter()).expect("written");
        let sound = receipt::joined(&token(&log, &payload), batch);
        let told = log.verifier.receipt(sound.as_bytes()).expect("good").batch;
        assert_eq!((told.reporter.as_str(), told.first_seq, told.last_seq, told.count, told.log_size), ("shop", 3, 5, 3, 9));
        assert_eq!(other.verifier.receipt(sound.as_bytes()), Err(NoReceipt::Signature));
        for place in 0..sound.len() {
            let mut changed = sound.clone().into_bytes();
            changed[place] ^= 1;
            assert!(log.verifier.receipt(&changed).is_err(), "byte {place}");
        }
        let unread = |payload: &str, batch: &str| log.verifier.receipt(receipt::joined(&token(&log, payload), batch).as_bytes());
        assert_eq!(unread(&payload, r#"{"sub":"other"}"#), Err(NoReceipt::Claims));
        assert_eq!(unread(r#"{"iss":1}"#, batch), Err(NoReceipt::Claims));
        assert!(matches!(log.verifier.receipt(log.note().as_bytes()), Err(NoReceipt::Token(_))));
    }

    #[test]
    fn a_key_that_anybody_can_sign_for_is_refused() {
        let mut identity = [0; 32];
        identity[0] = 1;
        for bytes in [identity, [0; 32], [0xff; 32]] {
            let key = VerifierKey::new(ORIGIN, bytes).expect("a name").to_string();
            assert_eq!(LogVerifier::new(&key).map(|_| ()), Err(LogVerifierError::Weak));
        }
        assert_eq!(LogVerifier::new("issuer.example/log").map(|_| ()), Err(LogVerifierError::Key(KeyError::Malformed)));
    }
}
