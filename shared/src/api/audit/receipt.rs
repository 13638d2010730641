//! Receipts (docs/audit.md A20): the log's word that it has taken in a batch, one signature for several of them.
//!
//! To sign costs more than to take in an event, so what came to disk together is signed together: the token has the hash of what
//! is said of each batch, and each reporter is told what is said of its own. A receipt is both, with a tilde between.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::jose;

/// The most batches of one token: it stays below 2 KiB.
pub const BATCHES: usize = 16;

/// Between the token and what is said of the batch.
const MARK: char = '~';

/// What a receipt says: these events are among the first `log_size` of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The issuer's URL.
    pub issuer: String,
    /// When it was signed, in seconds since 1970.
    pub issued_at: i64,
    /// What is said of the batch.
    pub batch: TakenIn,
}

/// What is said of one batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TakenIn {
    /// `sub`: whose events they are.
    #[serde(rename = "sub")]
    pub reporter: String,
    /// SHA-256, in base64url, over the SHA-256 of each event in their order, one after the other.
    pub batch_hash: String,
    /// `seq` of the first event.
    pub first_seq: i64,
    /// `seq` of the last.
    pub last_seq: i64,
    /// How many they are, those that were there before among them.
    pub count: u64,
    /// How many events the log had when they were on disk.
    pub log_size: i64,
}

/// The claims of the token.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    iat: i64,
    /// SHA-256 of the text about each batch, one after the other, in base64url.
    batches: String,
}

/// The payload of a token for what is said of some batches, as JSON each. A receipt is [`joined`] of the token and one of them.
///
/// # Errors
/// What `serde_json` says, which is nothing.
pub fn payload<'t>(issuer: &str, issued_at: i64, batches: impl Iterator<Item = &'t str>) -> Result<String, serde_json::Error> {
    let hashes: Vec<u8> = batches.flat_map(Sha256::digest).collect();
    serde_json::to_string(&Claims { iss: issuer.to_owned(), iat: issued_at, batches: jose::encode(hashes) })
}

/// The receipt of the batch that `text` is about, which is among those of the token.
#[must_use]
pub fn joined(token: &str, text: &str) -> String {
    format!("{token}{MARK}{}", jose::encode(text))
}

/// A receipt's token, and the text about the batch. `None` for what is none.
#[must_use]
pub fn split(receipt: &str) -> Option<(&str, Vec<u8>)> {
    let (token, text) = receipt.split_once(MARK)?;
    Some((token, jose::decode(text)?))
}

impl Receipt {
    /// Reads the payload of a token whose signature was found good, and the text about a batch. `None` where the token is not
    /// about it, or either cannot be read.
    #[must_use]
    pub fn read(payload: &[u8], text: &[u8]) -> Option<Self> {
        let Claims { iss, iat, batches } = serde_json::from_slice(payload).ok()?;
        let (wanted, hashes) = (Sha256::digest(text), jose::decode(&batches)?);
        let (hashes, rest) = hashes.as_chunks::<32>();
        let among = rest.is_empty() && hashes.iter().any(|hash| hash.as_slice() == wanted.as_slice());
        let batch = serde_json::from_slice(text).ok().filter(|_| among)?;
        Some(Self { issuer: iss, issued_at: iat, batch })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(seq: i64) -> TakenIn {
        TakenIn { reporter: "shop".into(), batch_hash: "x".into(), first_seq: seq, last_seq: seq, count: 1, log_size: 9 }
    }

    #[test]
    fn a_token_is_about_the_batches_that_it_was_made_for_and_no_other() {
        let texts: Vec<String> = (0..3).map(|seq| serde_json::to_string(&taken(seq)).unwrap()).collect();
        let payload = payload("https://i.example", 5, texts.iter().map(String::as_str)).unwrap();
        for (seq, text) in (0..).zip(&texts) {
            let (token, told) = split(&joined("a.b.c", text)).map(|(token, told)| (token.to_owned(), told)).unwrap();
            assert_eq!(token, "a.b.c");
            let read = Receipt::read(payload.as_bytes(), &told);
            assert_eq!(read, Some(Receipt { issuer: "https://i.example".into(), issued_at: 5, batch: taken(seq) }));
        }
        let other = serde_json::to_string(&taken(3)).unwrap();
        assert_eq!(Receipt::read(payload.as_bytes(), other.as_bytes()), None);
        assert_eq!(Receipt::read(payload.as_bytes(), format!("{} ", texts[0]).as_bytes()), None, "to the byte");
        let part = payload.replace(r#""batches":""#, r#""batches":"AAAA"#);
        assert_eq!(Receipt::read(part.as_bytes(), texts[0].as_bytes()), None);
    }

    #[test]
    fn what_is_in_no_two_parts_is_no_receipt() {
        for text in ["", "a.b.c", "a.b.c~=", "a.b.c~é", "a.b.c~A~A"] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn a_token_of_as_many_batches_as_there_may_be_is_short() {
        let text = serde_json::to_string(&taken(1)).unwrap();
        let payload = payload(&format!("https://{}", "i".repeat(192)), 5, std::iter::repeat_n(text.as_str(), BATCHES)).unwrap();
        assert!(jose::encode(&payload).len() < 1_500, "{}", payload.len());
    }
}
