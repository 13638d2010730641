//! What the issuer publishes: its key set, its status lists, its trust bundle. The gate believes the very same bundle.
//!
//! All documents of one moment make an [`Edition`]. It is made from one snapshot of the store and kept in memory.
//! A new one is made when trust has changed, before the change is answered, and when the old one is a minute old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use arc_swap::ArcSwap;
use passport_keys::{KeyRing, KeyState, KeyVault, sign_token};
use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::key_set::KeyId;
use passport_shared::status_list::{EncodedList, NewStatusListClaims, StatusList};
use passport_shared::trust_bundle::{EndorsementClaims, NewTrustBundleClaims};
use passport_verifier::Trust;
use tokio::sync::{Mutex, MutexGuard};

use super::change::{sha256_hex, to_json};
use super::follow::Herald;
use super::status_index::takes_more;
use super::{Issuer, Parts, ServiceError, Settings, keys};
use crate::metrics;
use crate::store::{RevokedIndexes, StoreError, TrustSnapshot};
use crate::traces;

/// An edition older than this, in seconds, is made anew: far inside the hour that a verifier lets a status list age.
const FRESH: i64 = 60;

/// After a failed attempt to replace an aged edition, in seconds, before the next.
const PAUSE: i64 = 5;

/// How many retired keys endorse the active one, the newest first. Each is a signature for each edition.
const ENDORSED_BY: usize = 8;

/// For how long a list is published after the last passport with a place in it has ended, in seconds: a verifier whose
/// clock is behind by less still sees what was revoked.
const LIST_GRACE: i64 = 86_400;

/// How long a key set may be cached, in seconds: a key is published long before it signs.
const KEY_SET_MAX_AGE: u32 = 300;

/// A document as it is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The document: JSON for the key set, else a compact token.
    pub body: String,
    /// A strong entity tag (RFC 9110), quotes included.
    pub etag: String,
    /// For how many seconds a cache may keep it; 0: ask again each time, with the entity tag.
    pub max_age: u32,
}

impl Published {
    fn new(body: String, max_age: u32) -> Self {
        let hash = sha256_hex(&body);
        let etag = format!("\"{}\"", hash.get(..32).unwrap_or_default());
        Self { body, etag, max_age }
    }
}

/// Everything that is published, as of one moment.
pub(super) struct Edition {
    sequence: i64,
    /// The doubts that there were when the store was read: this edition has settled them.
    doubts: u64,
    made_at: i64,
    pub(super) ring: KeyRing,
    key_set: Published,
    lists: BTreeMap<i64, Published>,
    bundle: Published,
}

impl Edition {
    pub(super) fn sequence(&self) -> i64 {
        self.sequence
    }

    pub(super) fn bundle(&self) -> &Published {
        &self.bundle
    }

    fn is_fresh(&self, now: i64) -> bool {
        // A clock that went back makes it older than it was, not younger.
        (0..FRESH).contains(&now.saturating_sub(self.made_at))
    }
}

/// What makes editions, one at a time.
pub(super) struct Press {
    edition: ArcSwap<Edition>,
    making: Mutex<()>,
    /// The trust sequence that an edition must have before anything is answered from it.
    pub(super) needed: AtomicI64,
    /// How often a change may have come to disk that nobody knows the sequence of.
    doubts: AtomicU64,
    /// Before this time, an aged edition is not tried to be replaced again.
    next_try: AtomicI64,
    /// Tells those who wait for a change.
    pub(super) herald: Herald,
}

impl Press {
    /// The first edition of a process, with the trust that is in it.
    pub(super) async fn start(parts: &Parts, settings: &Settings) -> Result<(Self, Trust), ServiceError> {
        let (edition, trust) = make(parts, settings).await?;
        let press = Self {
            needed: AtomicI64::new(edition.sequence),
            herald: Herald::new(edition.sequence),
            edition: ArcSwap::from_pointee(edition),
            making: Mutex::new(()),
            doubts: AtomicU64::new(0),
            next_try: AtomicI64::new(i64::MIN),
        };
        Ok((press, trust))
    }

    /// The newest edition there is, whether or not it lacks a change.
    pub(super) fn present(&self) -> Arc<Edition> {
        self.edition.load_full()
    }

    fn lacks_a_change(&self, edition: &Edition) -> bool {
        edition.sequence < self.needed.load(Ordering::SeqCst) || edition.doubts < self.doubts.load(Ordering::SeqCst)
    }
}

impl Issuer {
    /// The published documents, up to date: every change that has been made is in them, and they are not old. Afterwards
    /// the gate believes the same.
    ///
    /// An aged edition is made anew by one caller while the others go on with it; where that fails, it is used until
    /// the verifier itself finds it too old. One that lacks a change is never used.
    pub(super) async fn edition(&self) -> Result<Arc<Edition>, ServiceError> {
        let press = &self.inner.press;
        let edition = press.edition.load_full();
        if press.lacks_a_change(&edition) {
            let making = press.making.lock().await;
            let edition = press.edition.load_full();
            return match press.lacks_a_change(&edition) {
                true => self.make_edition(&making).await,
                false => Ok(edition),
            };
        }
        let now = self.now();
        if edition.is_fresh(now) || now < press.next_try.load(Ordering::SeqCst) && now >= edition.made_at {
            return Ok(edition);
        }
        let Ok(making) = press.making.try_lock() else { return Ok(edition) };
        match self.make_edition(&making).await {
            Ok(edition) => Ok(edition),
            Err(error) => {
                tracing::warn!(error = %error, "the published trust documents could not be made anew; the old ones are used");
                press.next_try.store(now.saturating_add(PAUSE), Ordering::SeqCst);
                Ok(edition)
            }
        }
    }

    async fn make_edition(&self, _making: &MutexGuard<'_, ()>) -> Result<Arc<Edition>, ServiceError> {
        let inner = &self.inner;
        // Before the store is read: a doubt that comes meanwhile is not settled by it.
        let doubts = inner.press.doubts.load(Ordering::SeqCst);
        let (edition, trust) = traces::act("publish", make(&inner.parts, &inner.settings)).await?;
        let edition = Arc::new(Edition { doubts, ..edition });
        // The gate first: whoever sees the new edition decides on the new trust.
        inner.gate.replace_trust(trust);
        inner.press.edition.store(Arc::clone(&edition));
        inner.press.herald.announce(edition.sequence);
        ::metrics::counter!(metrics::EDITIONS).increment(1);
        ::metrics::gauge!(metrics::SEQUENCE).set(metrics::gauge(edition.sequence));
        Ok(edition)
    }

    /// Takes note that trust may have changed: nothing is answered from what was known before.
    pub(super) fn doubt(&self) {
        self.inner.press.doubts.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes note of what a change of trust has come to, and brings gate and documents up to date. Gives `outcome` back.
    ///
    /// Where that fails, the change is still made and acknowledged: from then on nothing is answered from the old
    /// documents, and each caller tries again.
    pub(super) async fn after_change<T>(&self, outcome: Result<T, StoreError>, sequence: impl FnOnce(&T) -> i64) -> Result<T, StoreError> {
        let press = &self.inner.press;
        match &outcome {
            Ok(done) => {
                press.needed.fetch_max(sequence(done), Ordering::SeqCst);
            }
            // It may be on disk all the same.
            Err(StoreError::Unavailable(_) | StoreError::Poisoned) => self.doubt(),
            Err(_) => return outcome,
        }
        if let Err(error) = self.edition().await {
            tracing::error!(error = %error, "trust has changed and could not be published; nothing is answered until it is");
        }
        outcome
    }

    /// The JWK set, for `/.well-known/jwks.json` (RFC 7517): next, active and retired keys.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] if a change cannot be published.
    pub async fn key_set(&self) -> Result<Published, ServiceError> {
        Ok(self.edition().await?.key_set.clone())
    }

    /// A status list token (`application/statuslist+jwt`), for `/v1/status/{list}`.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Unavailable`] if a change cannot be published.
    pub async fn status_list(&self, list: i64) -> Result<Published, ServiceError> {
        let edition = self.edition().await?;
        edition.lists.get(&list).cloned().ok_or_else(|| ServiceError::NotFound { what: "status list", id: list.to_string() })
    }

    /// The trust bundle (`application/jwt`), for `/v1/trust-bundle`: keys, revoked keys and all status lists.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] if a change cannot be published.
    pub async fn trust_bundle(&self) -> Result<Published, ServiceError> {
        Ok(self.edition().await?.bundle.clone())
    }
}

/// Whether a list has done its work: no passport is given a place in it any more, and all that have one ended long ago.
/// It is looked at anew for each edition, so a clock that was ahead and is put right brings the list back.
fn is_over(list: &RevokedIndexes, now: i64) -> bool {
    !takes_more(list.used, list.size) && list.last_expiry.saturating_add(LIST_GRACE) <= now
}

/// The URI of a status list.
pub(super) fn list_uri(settings: &Settings, list: i64) -> String {
    format!("{}/v1/status/{list}", settings.issuer)
}

async fn make(parts: &Parts, settings: &Settings) -> Result<(Edition, Trust), ServiceError> {
    let snapshot = parts.store.trust_snapshot().await?;
    let (vault, settings, now) = (Arc::clone(&parts.vault), settings.clone(), parts.clock.now());
    let made = tokio::task::spawn_blocking(move || Printer::new(&*vault, &settings, &snapshot, now)?.print(&snapshot));
    made.await.map_err(|error| ServiceError::internal("make the trust documents", error))?
}

/// Makes the documents of one snapshot. Signing may block.
struct Printer<'a> {
    vault: &'a dyn KeyVault,
    settings: &'a Settings,
    ring: KeyRing,
    signer: KeyId,
    now: i64,
    expires_at: i64,
}

impl<'a> Printer<'a> {
    fn new(vault: &'a dyn KeyVault, settings: &'a Settings, snapshot: &TrustSnapshot, now: i64) -> Result<Self, ServiceError> {
        let ring = keys::ring(&snapshot.keys)?;
        let signer = *ring.signing().ok_or_else(|| ServiceError::internal("publish trust", "there is no active key"))?.id();
        Ok(Self { vault, settings, ring, signer, now, expires_at: now.saturating_add(settings.trust_life) })
    }

    fn print(self, snapshot: &TrustSnapshot) -> Result<(Edition, Trust), ServiceError> {
        let act = "publish trust";
        let jwks = self.ring.key_set(self.now);
        let revoked: Vec<KeyId> = self.ring.revoked().into_iter().map(|key| *key.id()).collect();
        let mut lists = BTreeMap::new();
        for list in snapshot.lists.iter().filter(|list| !is_over(list, self.now)) {
            lists.insert(list.list, self.list(list)?);
        }
        let tokens: Vec<String> = lists.values().map(|list: &Published| list.body.clone()).collect();
        let claims = NewTrustBundleClaims {
            issuer: &self.settings.issuer,
            issued_at: self.now,
            expires_at: self.expires_at,
            sequence: snapshot.sequence,
            jwks: &jwks,
            revoked_keys: &revoked,
            status_lists: &tokens,
            endorsements: &self.endorsements(),
        };
        let bundle = self.sign(TokenType::TrustBundle, &claims)?;
        // The gate's way to trust is everybody's: through the bundle as published.
        let trust = Trust::from_bundle(bundle.as_bytes(), self.now).map_err(|error| ServiceError::internal(act, error))?;
        let key_set = to_json(&jwks)?;
        let edition = Edition {
            sequence: snapshot.sequence,
            doubts: 0,
            made_at: self.now,
            ring: self.ring,
            key_set: Published::new(key_set, KEY_SET_MAX_AGE),
            lists,
            bundle: Published::new(bundle, 0),
        };
        Ok((edition, trust))
    }

    /// The word of the newest retired keys for the one that signs: a verifier that missed one rotation or several
    /// follows it from any of them.
    fn endorsements(&self) -> Vec<String> {
        let mut retired: Vec<_> = self.ring.published(self.now).into_iter().filter(|key| key.state == KeyState::Retired).collect();
        retired.sort_by_key(|key| std::cmp::Reverse(key.retired_at));
        let claims = EndorsementClaims {
            issuer: self.settings.issuer.clone(),
            key_id: self.signer.to_string(),
            issued_at: self.now,
            expires_at: self.expires_at,
        };
        let endorse = |key: &KeyId| {
            let payload = to_json(&claims).ok()?;
            let token = sign_token(self.vault, key, TokenType::KeyEndorsement, self.settings.algorithm, payload.as_bytes());
            // Without its word verifiers that know only this key have to be told by hand; all others are served.
            token.inspect_err(|error| tracing::warn!(key = %key, %error, "a retired key cannot endorse the active one")).ok()
        };
        retired.into_iter().take(ENDORSED_BY).filter_map(|key| endorse(key.id())).collect()
    }

    fn list(&self, list: &RevokedIndexes) -> Result<Published, ServiceError> {
        let act = "publish a status list";
        let size = usize::try_from(list.size).map_err(|error| ServiceError::internal(act, error))?;
        let revoked = list.revoked.iter().filter_map(|index| u64::try_from(*index).ok());
        let claims = NewStatusListClaims {
            uri: &list_uri(self.settings, list.list),
            issued_at: self.now,
            expires_at: self.expires_at,
            ttl: self.settings.status_ttl,
            status_list: EncodedList::new(&StatusList::new(size, revoked)),
        };
        let max_age = u32::try_from(self.settings.status_ttl).unwrap_or(0);
        Ok(Published::new(self.sign(TokenType::StatusList, &claims)?, max_age))
    }

    fn sign(&self, kind: TokenType, claims: &impl serde::Serialize) -> Result<String, ServiceError> {
        let payload = to_json(claims)?;
        let algorithm: Algorithm = self.settings.algorithm;
        sign_token(self.vault, &self.signer, kind, algorithm, payload.as_bytes())
            .map_err(|error| ServiceError::internal("sign with the active key", error))
    }
}

#[cfg(test)]
mod tests;
