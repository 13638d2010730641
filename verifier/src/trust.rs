//! What a verifier believes: an immutable snapshot, swapped whole.

use std::sync::Arc;

use passport_shared::jose::{Compact, CompactError, TokenType};
use passport_shared::key_set::{KeyId, KeySet, KeySetError, PublicKey};
use passport_shared::limits::{TOKEN_BYTES, TRUST_BUNDLE_BYTES};
use passport_shared::passport::{Passport, StatusRef};
use passport_shared::status_list::{StatusListClaims, StatusListError};
use passport_shared::text::quote;
use passport_shared::trust_bundle::{EndorsementClaims, TrustBundleClaims, TrustBundleError};

use crate::status_lists::{Place, StatusLists};
use crate::strict::SignatureMethod;
use crate::trusted_key::TrustedKey;

#[cfg(feature = "guard")]
mod ages;

/// The issuer, its keys, what it revoked, and since when that is so.
#[derive(Clone, Debug)]
pub struct Trust {
    issuer: String,
    keys: Vec<TrustedKey>,
    revoked_keys: Vec<KeyId>,
    status_lists: StatusLists,
    bundle: Option<BundleFacts>,
}

/// What is known of the bundle that a snapshot came from. A plain JWK set has none of it.
#[derive(Clone, Copy, Debug)]
struct BundleFacts {
    issued_at: i64,
    sequence: i64,
    /// The key that signed it: what it says of its age counts as long as that key is believed.
    signer: KeyId,
}

/// Why trust is refused. The verifier keeps what it has.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// The JWK set is refused.
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    /// A key is no point, is not written canonically, or has small order.
    #[error("key {kid} is weak or not an Ed25519 point; the whole set is refused")]
    WeakKey {
        /// Its name.
        kid: KeyId,
    },
    /// The bundle is not a token of its type.
    #[error("this is not a trust bundle: {0}")]
    NotABundle(#[from] CompactError),
    /// The bundle's claims are refused.
    #[error(transparent)]
    Bundle(#[from] TrustBundleError),
    /// The bundle, or a status list in it, is signed by a key that is not believed.
    #[error("{what} is signed by key {}, which is not trusted here", quote(kid))]
    UntrustedSigner {
        /// The bundle or the list.
        what: &'static str,
        /// The name that it gives its key.
        kid: String,
    },
    /// The first bundle is not signed by the pinned key.
    #[error(
        "the trust bundle is signed by key {}, and the pinned key is {pin}; ask the issuer's administrator for its present thumbprint",
        quote(kid)
    )]
    NotPinned {
        /// The name that it gives its key.
        kid: String,
        /// The key that was given by hand.
        pin: KeyId,
    },
    /// A signature does not hold.
    #[error("the signature of {what} does not hold")]
    BadSignature {
        /// The bundle or the list.
        what: &'static str,
    },
    /// The bundle speaks for another issuer.
    #[error("the trust bundle is of {}, and {} is trusted here", quote(found), quote(expected))]
    WrongIssuer {
        /// Whose it is.
        found: String,
        /// Whose it should be.
        expected: String,
    },
    /// The bundle, or a status list in it, is older than one already seen.
    #[error("{what} is older than the one already loaded (rollback); what is loaded is kept")]
    Rollback {
        /// The bundle or the list.
        what: &'static str,
    },
    /// The bundle, or a status list in it, has expired.
    #[error("{what} expired at {expires_at} (seconds since 1970), and it is {now}; fetch a new one")]
    Expired {
        /// The bundle or the list.
        what: &'static str,
        /// When, in seconds since 1970.
        expires_at: i64,
        /// The time given.
        now: i64,
    },
    /// A status list in the bundle is refused.
    #[error(transparent)]
    StatusList(#[from] StatusListError),
    /// The bundle holds two lists of one name.
    #[error("the trust bundle holds the status list {} twice", quote(uri))]
    DuplicateList {
        /// The list's URI.
        uri: String,
    },
}

const BUNDLE: &str = "the trust bundle";
const LIST: &str = "a status list in the trust bundle";

impl Trust {
    /// Trust in the keys of a JWK set, for `issuer`. It knows of no revocation, and has no age.
    pub fn from_key_set(issuer: impl Into<String>, json: &[u8]) -> Result<Self, TrustError> {
        let keys = trusted(&KeySet::parse(json)?, &[])?;
        Ok(Self { issuer: issuer.into(), keys, revoked_keys: Vec::new(), status_lists: StatusLists::default(), bundle: None })
    }

    /// Trust in nothing yet, for `issuer`: every passport is denied with `keys_unavailable` until there are keys.
    #[must_use]
    pub fn none(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), keys: Vec::new(), revoked_keys: Vec::new(), status_lists: StatusLists::default(), bundle: None }
    }

    /// Trust in a bundle that a person vouches for, as with a file of keys: it has to be signed by a key of its own.
    pub fn from_bundle(token: &[u8], now: i64) -> Result<Self, TrustError> {
        Envelope::open(token)?.believe_by_own_key(now)
    }

    /// Trust in a first bundle, signed by the key whose thumbprint was given by hand.
    pub fn from_pinned_bundle(token: &[u8], pin: &KeyId, now: i64) -> Result<Self, TrustError> {
        let envelope = Envelope::open(token)?;
        if envelope.kid != pin.as_str() {
            return Err(TrustError::NotPinned { kid: envelope.kid, pin: *pin });
        }
        envelope.believe_by_own_key(now)
    }

    /// What comes after this snapshot: a bundle of the same issuer, not older, signed by a key that is trusted already
    /// or that such a key has endorsed, so that nobody but the issuer can move trust on.
    ///
    /// What was revoked stays so: a revoked key is never trusted again, whoever vouches for it, and a status list that
    /// the new bundle no longer has is kept. Nor does a bundle count on the word of a key that it revokes itself: not as
    /// the one that signed it, not as the one that endorses who did.
    ///
    /// Where the new bundle revokes the key that signed what is loaded, it need not be newer than that says it is: a
    /// thief of the key could have written any number, to lock the next key out.
    pub fn successor(&self, token: &[u8], now: i64) -> Result<Self, TrustError> {
        let envelope = Envelope::open(token)?;
        if self.is_revoked(&envelope.kid) {
            return Err(TrustError::UntrustedSigner { what: BUNDLE, kid: envelope.kid });
        }
        let (claims, signer) = match self.key(&envelope.kid) {
            // Nothing is read of a bundle before its signature was good, where that can be had.
            Some(key) => {
                envelope.check(key)?;
                let claims = envelope.claims(now)?;
                let signer = envelope.own_key(&claims)?.id;
                (claims, signer)
            }
            None => {
                let claims = envelope.claims(now)?;
                if !claims.endorsements.iter().any(|token| self.endorses(token.as_bytes(), &envelope.kid, &claims.revoked_keys, now)) {
                    return Err(TrustError::UntrustedSigner { what: BUNDLE, kid: envelope.kid });
                }
                let signer = envelope.check_by_own_key(&claims)?;
                (claims, signer)
            }
        };
        if claims.issuer != self.issuer {
            return Err(TrustError::WrongIssuer { found: claims.issuer, expected: self.issuer.clone() });
        }
        let newer = |facts: BundleFacts| {
            claims.revoked_keys.contains(&facts.signer) || (claims.sequence, claims.issued_at) >= (facts.sequence, facts.issued_at)
        };
        let signer_falls = self.bundle.is_some_and(|facts| claims.revoked_keys.contains(&facts.signer));
        if !self.bundle.is_none_or(newer) {
            return Err(TrustError::Rollback { what: BUNDLE });
        }
        // Before the lists are read, so that none counts on the word of a key that is revoked here.
        let forgotten = self.revoked_keys.iter().filter(|known| !claims.revoked_keys.contains(known));
        let revoked_keys = claims.revoked_keys.iter().chain(forgotten).copied().collect();
        let mut next = Self::believe(TrustBundleClaims { revoked_keys, ..claims }, signer, &self.keys, now)?;
        for known in self.status_lists.iter() {
            match next.status_lists.get(&known.uri) {
                Some(list) if known.issued_at > list.issued_at && !signer_falls => return Err(TrustError::Rollback { what: LIST }),
                Some(_) => {}
                None => next.status_lists.insert(Arc::clone(known)),
            }
        }
        Ok(next)
    }

    /// Whether `token` is the word of a key that is trusted here, and that the bundle does not revoke, for the key named `kid`.
    fn endorses(&self, token: &[u8], kid: &str, revoked: &[KeyId], now: i64) -> bool {
        let Ok(compact) = Compact::split(token, TOKEN_BYTES) else { return false };
        let signer = compact.key_id(TokenType::KeyEndorsement).ok();
        let signed = signer
            .and_then(|signer| self.key(&signer))
            .filter(|key| !revoked.contains(&key.id()))
            .is_some_and(|key| key.verifies(compact.signing_input, &compact.signature, SignatureMethod::Library));
        signed
            && EndorsementClaims::read(&compact.payload)
                .is_some_and(|claims| claims.key_id == kid && claims.issuer == self.issuer && claims.expires_at > now)
    }

    /// Takes over the claims of a bundle whose signature was good. The lists inside are signed each by itself. Keys that
    /// are `known` need not be prepared again.
    fn believe(claims: TrustBundleClaims, signer: KeyId, known: &[TrustedKey], now: i64) -> Result<Self, TrustError> {
        let mut keys = trusted(&claims.keys, known)?;
        keys.iter_mut().for_each(|key| key.set_revoked(claims.revoked_keys.contains(&key.id())));
        let mut trust = Self {
            issuer: claims.issuer,
            keys,
            revoked_keys: claims.revoked_keys,
            status_lists: StatusLists::default(),
            bundle: Some(BundleFacts { issued_at: claims.issued_at, sequence: claims.sequence, signer }),
        };
        for token in &claims.status_lists {
            let list = read_list(token.as_bytes(), &trust)?;
            if let Some(expires_at) = list.expires_at.filter(|expires_at| *expires_at <= now) {
                return Err(TrustError::Expired { what: LIST, expires_at, now });
            }
            if trust.status_lists.get(&list.uri).is_some() {
                return Err(TrustError::DuplicateList { uri: list.uri.to_string() });
            }
            trust.status_lists.insert(Arc::new(list));
        }
        Ok(trust)
    }

    /// The issuer's URL.
    #[inline]
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The number of the bundle, which rises with every change; `None` for a plain JWK set.
    #[inline]
    #[must_use]
    pub fn sequence(&self) -> Option<i64> {
        self.bundle.map(|facts| facts.sequence)
    }

    /// When the issuer said so, in seconds since 1970; `None` for a plain JWK set, which has no age.
    #[inline]
    #[must_use]
    pub fn issued_at(&self) -> Option<i64> {
        self.bundle.map(|facts| facts.issued_at)
    }

    /// The names of the keys that are trusted.
    pub fn key_ids(&self) -> impl Iterator<Item = KeyId> + '_ {
        self.keys.iter().map(TrustedKey::id)
    }

    /// The status at `index` of the list with this URI, as this snapshot has it: 0 is valid, everything else is not. `None`
    /// where there is no such list or no such place. Whether the list is fresh enough to go by, [`Verifier`](crate::Verifier)
    /// looks at.
    #[must_use]
    pub fn status_at(&self, uri: &str, index: u64) -> Option<u8> {
        self.status_lists.get(uri)?.list.get(index)
    }

    /// The keys that are trusted, as a set to publish or keep.
    #[must_use]
    pub fn key_set(&self) -> KeySet {
        KeySet { keys: self.keys.iter().map(TrustedKey::public).collect() }
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The key named `kid`, by exact match, unless it was revoked.
    pub(crate) fn key(&self, kid: &str) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.id().as_str() == kid && !key.is_revoked())
    }

    /// The same by its name as a value.
    pub(crate) fn key_named(&self, id: &KeyId) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.is_named(id) && !key.is_revoked())
    }

    /// The key whose passports have exactly this header, as it stands in a token, unless it was revoked.
    pub(crate) fn key_of_header(&self, header: &[u8]) -> Option<&TrustedKey> {
        self.keys.iter().find(|key| key.has_header(header) && !key.is_revoked())
    }

    pub(crate) fn is_revoked(&self, kid: &str) -> bool {
        self.revoked_keys.iter().any(|revoked| revoked.as_str() == kid)
    }

    /// Lets `claims` name its status list by this snapshot's own copy of the URI: passports that are remembered then
    /// share one text, and a look-up of each reads what the one before has read.
    pub(crate) fn share_texts(&self, claims: &mut Passport) {
        if let Some(status) = &mut claims.status
            && let Some(list) = self.status_lists.get(&status.uri)
        {
            status.uri = list.uri.clone();
        }
    }

    /// What is known of a passport's status, whose list stood at `place`.
    #[inline]
    pub(crate) fn status(&self, status: &StatusRef, place: &Place, max_age: crate::MaxAge, now: i64) -> Status {
        let Some(list) = self.status_lists.get_at(place, &status.uri) else {
            return Status::Unavailable("its status list is not loaded");
        };
        match list.list.get(status.index) {
            None => Status::Unavailable("its status list has no such index"),
            // What was revoked stays so, however old the list.
            Some(1..) => Status::Revoked,
            Some(0) if !max_age.allows(now.saturating_sub(list.issued_at)) => Status::Unavailable("its status list is too old"),
            Some(0) if list.expires_at.is_some_and(|expires_at| expires_at <= now) => Status::Unavailable("its status list has expired"),
            Some(0) => Status::Valid,
        }
    }
}

/// The answer of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Valid,
    Revoked,
    Unavailable(&'static str),
}

fn trusted(set: &KeySet, known: &[TrustedKey]) -> Result<Vec<TrustedKey>, TrustError> {
    let prepared = |key: &PublicKey| known.iter().find(|known| known.public() == *key).cloned();
    set.keys.iter().map(|key| prepared(key).or_else(|| TrustedKey::new(key)).ok_or(TrustError::WeakKey { kid: key.id })).collect()
}

/// A bundle that has been taken apart, nothing in it believed.
struct Envelope<'t> {
    compact: Compact<'t>,
    kid: String,
}

impl<'t> Envelope<'t> {
    fn open(token: &'t [u8]) -> Result<Self, TrustError> {
        let compact = Compact::split(token, TRUST_BUNDLE_BYTES)?;
        let kid = compact.key_id(TokenType::TrustBundle)?;
        Ok(Self { compact, kid })
    }

    fn claims(&self, now: i64) -> Result<TrustBundleClaims, TrustError> {
        let claims = TrustBundleClaims::read(&self.compact.payload)?;
        match claims.expires_at <= now {
            true => Err(TrustError::Expired { what: BUNDLE, expires_at: claims.expires_at, now }),
            false => Ok(claims),
        }
    }

    /// The trust that it makes where there is none before it.
    fn believe_by_own_key(&self, now: i64) -> Result<Trust, TrustError> {
        let claims = self.claims(now)?;
        let signer = self.check_by_own_key(&claims)?;
        Trust::believe(claims, signer, &[], now)
    }

    fn check(&self, key: &TrustedKey) -> Result<(), TrustError> {
        match key.verifies(self.compact.signing_input, &self.compact.signature, SignatureMethod::Library) {
            true => Ok(()),
            false => Err(TrustError::BadSignature { what: BUNDLE }),
        }
    }

    /// Checks the signature by the key of this name that the bundle itself brings, and gives its name.
    fn check_by_own_key(&self, claims: &TrustBundleClaims) -> Result<KeyId, TrustError> {
        let public = self.own_key(claims)?;
        self.check(&TrustedKey::new(public).ok_or(TrustError::WeakKey { kid: public.id })?)?;
        Ok(public.id)
    }

    /// The key that the bundle says it is signed by, which it must bring itself and not call revoked: no bundle counts on
    /// the word of a key that it revokes.
    fn own_key<'c>(&self, claims: &'c TrustBundleClaims) -> Result<&'c PublicKey, TrustError> {
        let revoked = claims.revoked_keys.iter().any(|revoked| revoked.as_str() == self.kid);
        let public = claims.keys.keys.iter().find(|key| key.id.as_str() == self.kid && !revoked);
        public.ok_or_else(|| TrustError::UntrustedSigner { what: BUNDLE, kid: self.kid.clone() })
    }
}

fn read_list(token: &[u8], trust: &Trust) -> Result<StatusListClaims, TrustError> {
    let compact = Compact::split(token, TRUST_BUNDLE_BYTES)?;
    let kid = compact.key_id(TokenType::StatusList)?;
    let Some(key) = trust.key(&kid) else {
        return Err(TrustError::UntrustedSigner { what: LIST, kid });
    };
    if !key.verifies(compact.signing_input, &compact.signature, SignatureMethod::Library) {
        return Err(TrustError::BadSignature { what: LIST });
    }
    Ok(StatusListClaims::read(&compact.payload)?)
}

#[cfg(test)]
mod tests;
