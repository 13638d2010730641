//! Signed notes, as C2SP signed-note says: a text, a blank line, and a line for each signature. Signatures are Ed25519; whoever
//! else has signed, such as a witness, is passed over.

mod key;

pub use key::{KeyError, VerifierKey};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::jose::SIGNATURE_BYTES;
use crate::key_set::PublicKeyBytes;
use crate::limits::{LOG_NOTE_BYTES, LOG_NOTE_SIGNATURES};
use crate::text::quote;

/// Bytes of a key's id.
const ID_BYTES: usize = 4;
/// What a signature line begins with: an em dash and a space.
const DASH: &str = "— ";

/// A note taken apart, nothing in it proved: [`open`](Self::open) proves it.
#[derive(Debug, PartialEq, Eq)]
pub struct Note<'t> {
    text: &'t str,
    signatures: Vec<Signature<'t>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Signature<'t> {
    name: &'t str,
    /// The key's id and the signature.
    bytes: Vec<u8>,
}

/// Why bytes are no note, or not one by the key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Longer than the bound.
    #[error("the note has {bytes} bytes, more than the {LOG_NOTE_BYTES} that are accepted")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Not a text, a blank line and signature lines.
    #[error("it is no signed note: {0}")]
    Malformed(&'static str),
    /// The key has not signed it.
    #[error("the note is not signed by the key {}: is it another log's, or the key an old one?", quote(.0))]
    NotSigned(String),
    /// The key is said to have signed it, and has not.
    #[error("the signature by the key {} does not hold: the note was changed, or signed by somebody else", quote(.0))]
    BadSignature(String),
}

impl<'t> Note<'t> {
    /// Takes a note apart.
    ///
    /// # Errors
    /// [`NoteError::TooLong`] for more than 262,144 bytes, and [`NoteError::Malformed`] for what is no note, or has more than
    /// 64 signatures.
    pub fn parse(bytes: &'t [u8]) -> Result<Self, NoteError> {
        use NoteError::Malformed;
        if bytes.len() > LOG_NOTE_BYTES {
            return Err(NoteError::TooLong { bytes: bytes.len() });
        }
        let whole = std::str::from_utf8(bytes).map_err(|_| Malformed("it is not UTF-8"))?;
        if whole.bytes().any(|byte| byte < b' ' && byte != b'\n') {
            return Err(Malformed("it has a control character"));
        }
        // The last blank line: the text may have some of its own.
        let (before, lines) = whole.rsplit_once("\n\n").ok_or(Malformed("it has no blank line before its signatures"))?;
        let text = whole.get(..=before.len()).ok_or(Malformed("it has no text"))?;
        let lines = lines.strip_suffix('\n').ok_or(Malformed("it does not end with a line feed"))?;
        if lines.split('\n').nth(LOG_NOTE_SIGNATURES).is_some() {
            return Err(Malformed("it has more than 64 signatures"));
        }
        let signatures = lines.split('\n').map(Signature::parse).collect::<Option<_>>();
        Ok(Self { text, signatures: signatures.ok_or(Malformed("a signature line is not `— NAME BASE64`"))? })
    }

    /// The text, if `key` has signed it: `check` is told the public key, the text and the signature, and answers whether it
    /// holds, strictly: no point of small order and one spelling. If there are several signatures by the key, all must hold.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`] and [`NoteError::BadSignature`].
    pub fn open(
        &self,
        key: &VerifierKey,
        check: impl Fn(&PublicKeyBytes, &[u8], &[u8; SIGNATURE_BYTES]) -> bool,
    ) -> Result<&'t str, NoteError> {
        let mut is_signed = false;
        for signature in &self.signatures {
            let Some((id, signature)) = signature.of(key.name()) else { continue };
            if id != key.id() {
                continue;
            }
            let holds = signature.try_into().is_ok_and(|signature| check(key.key(), self.text.as_bytes(), signature));
            if !holds {
                return Err(NoteError::BadSignature(key.name().to_owned()));
            }
            is_signed = true;
        }
        if is_signed { Ok(self.text) } else { Err(NoteError::NotSigned(key.name().to_owned())) }
    }

    /// The text, which nobody has vouched for.
    #[must_use]
    pub fn unverified_text(&self) -> &'t str {
        self.text
    }
}

impl<'t> Signature<'t> {
    fn parse(line: &'t str) -> Option<Self> {
        let (name, text) = line.strip_prefix(DASH)?.split_once(' ')?;
        let bytes = STANDARD.decode(text).ok()?;
        (key::is_name(name) && bytes.len() > ID_BYTES).then_some(Self { name, bytes })
    }

    /// The key's id and the signature proper, if it is by a key of this name.
    fn of(&self, name: &str) -> Option<(&[u8; ID_BYTES], &[u8])> {
        if self.name == name { self.bytes.split_first_chunk() } else { None }
    }
}

/// The note that `text` and a signature over it make.
#[must_use]
pub fn assemble(text: &str, key: &VerifierKey, signature: &[u8; SIGNATURE_BYTES]) -> String {
    let signature = STANDARD.encode([key.id().as_slice(), signature].concat());
    format!("{text}\n{DASH}{} {signature}\n", key.name())
}

#[cfg(test)]
mod tests;
