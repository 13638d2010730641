//! One issuer key that is trusted, decompressed once when it is loaded.

use std::fmt;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use ed25519_dalek::VerifyingKey;
use passport_shared::jose::passport_header;
use passport_shared::key_set::{KeyId, PublicKey};
use passport_shared::text::same_bytes;

use crate::strict::{Multiples, SignatureMethod, TABLES, by_library, by_list, by_table};

/// A public key that passports may be signed with.
///
/// It is refused when loaded, not at every token, if it is no point, is written non-canonically, or has small
/// order: for such a key a signature of anything could be made by anybody.
#[derive(Clone)]
pub(crate) struct TrustedKey {
    id: KeyId,
    key: VerifyingKey,
    /// The header of the passports that it signs, as an issuer of ours writes it: a token that has it need not have its
    /// header read.
    header: Box<[u8]>,
    revoked: bool,
    /// Shared by the snapshots that follow one another.
    table: Arc<Table>,
}

/// The multiples of a key, once it is seen to be in use.
#[derive(Default)]
struct Table {
    uses: AtomicU32,
    multiples: OnceLock<Multiples>,
}

/// Every so many checks of a key that has no table yet, one is made if there is room. A table takes as long to make as
/// some ten checks save.
const USES: u32 = 32;

impl TrustedKey {
    /// Takes `public` into trust; `None` if it is not fit for that.
    pub(crate) fn new(public: &PublicKey) -> Option<Self> {
        let key = VerifyingKey::from_bytes(&public.bytes).ok()?;
        // Decompressing forgives a coordinate above the field's size; writing the point again does not.
        let canonical = key.to_edwards().compress().to_bytes() == public.bytes;
        (canonical && !key.is_weak()).then(|| Self {
            id: public.id,
            key,
            header: passport_header(&public.id).into_bytes().into(),
            revoked: false,
            table: Arc::default(),
        })
    }

    pub(crate) fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn is_named(&self, id: &KeyId) -> bool {
        same_bytes(self.id.as_bytes(), id.as_bytes())
    }

    pub(crate) fn has_header(&self, header: &[u8]) -> bool {
        *self.header == *header
    }

    /// Whether the snapshot that it is in says so. A revoked key stays, so that it can be told from an unknown one.
    pub(crate) fn is_revoked(&self) -> bool {
        self.revoked
    }

    pub(crate) fn set_revoked(&mut self, revoked: bool) {
        self.revoked = revoked;
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey { id: self.id, bytes: self.key.to_bytes() }
    }

    /// Whether `signature` is this key's over `message`, by the strict rules ([`strict`](crate::strict)): small-order and
    /// non-canonical points and scalars are refused (RFC 8032, section 5.1.7, and "Taming the many EdDSAs").
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64], method: SignatureMethod) -> bool {
        match method {
            SignatureMethod::Tabled => match self.multiples() {
                Some(multiples) => by_table(&self.key, multiples, message, signature),
                None => by_list(&self.key, message, signature),
            },
            SignatureMethod::Listed => by_list(&self.key, message, signature),
            SignatureMethod::Library => by_library(&self.key, message, signature),
        }
    }

    /// The multiples of the key's negative, if they were made. Nobody waits for them: one caller makes them while the
    /// others go on without.
    fn multiples(&self) -> Option<&Multiples> {
        let Table { uses, multiples } = &*self.table;
        if multiples.get().is_none()
            && uses.fetch_add(1, Ordering::Relaxed) % USES == USES - 1
            && let Some(made) = Multiples::within(&TABLES, -self.key.to_edwards())
        {
            // Somebody else's are the same.
            let _ = multiples.set(made);
        }
        multiples.get()
    }
}

impl fmt::Debug for TrustedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrustedKey({})", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_anybody_can_sign_for_are_refused() {
        let identity = {
            let mut bytes = [0; 32];
            bytes[0] = 1;
            bytes
        };
        // y = p - 1 and y = p, the latter a second spelling of y = 0; both of small order.
        let mut minus_one = [0xff; 32];
        minus_one[0] = 0xec;
        minus_one[31] = 0x7f;
        let mut above = minus_one;
        above[0] = 0xed;
        for bytes in [identity, minus_one, above, [0; 32], [0xff; 32]] {
            assert!(TrustedKey::new(&PublicKey::new(bytes)).is_none(), "{bytes:02x?}");
        }
    }

    /// y = p + 3 decompresses to the same point as y = 3, whose order is not small: only its spelling is wrong.
    #[test]
    fn a_key_has_one_spelling() {
        let mut canonical = [0; 32];
        canonical[0] = 3;
        let mut other = [0xff; 32];
        other[0] = 0xf0;
        other[31] = 0x7f;
        let accepted = TrustedKey::new(&PublicKey::new(canonical)).is_some();
        assert_eq!(accepted, VerifyingKey::from_bytes(&canonical).is_ok());
        assert_eq!(VerifyingKey::from_bytes(&other).is_ok(), accepted, "the library forgives the spelling");
        assert!(TrustedKey::new(&PublicKey::new(other)).is_none());
    }
}

#[cfg(test)]
mod differential;
#[cfg(test)]
mod outside_vectors;
