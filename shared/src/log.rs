//! A log that proves itself (docs/audit.md): an RFC 6962 Merkle tree over the audit events in the order of acceptance, its
//! tiles, its checkpoints, and the file that proves one decision.
//!
//! Pure: whoever has the bytes can make and check everything here. Signatures are made and checked by functions that the
//! caller brings: this crate holds no keys.

pub mod checkpoint;
pub mod entry;
pub mod merkle;
pub mod note;
pub mod proof_file;
pub mod tile;
pub mod walk;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use merkle::Hash;

/// A hash in the standard Base64 of RFC 4648, section 4, as C2SP writes it: 44 characters.
#[must_use]
pub fn encode_hash(hash: &Hash) -> String {
    STANDARD.encode(hash)
}

/// Reads what [`encode_hash`] writes, and nothing else: one hash has one text.
#[must_use]
pub fn decode_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// A size or an index: decimal digits without a leading zero or a sign.
fn decimal(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}
