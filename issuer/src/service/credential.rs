//! What a caller shows: a passport, or the secret of a session of the console. The gate makes the same decision on both.

use passport_shared::jose;
use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_verifier::{Decision, Denied, VerifiedPassport, Verifier};
use sha2::{Digest as _, Sha256};

use super::change::sha256_hex;
use super::{Denial, Issuer, ServiceError};
use crate::entropy::Entropy;
use crate::store::{ConsoleKey, StoreError};

/// What a request is to be allowed by.
#[derive(Clone, Copy, Debug)]
pub enum Credential<'a> {
    /// Nothing was shown.
    Nothing,
    /// A passport, as it came: whoever bears it.
    Bearer(&'a str),
    /// A session of the console.
    Session(&'a SessionKey),
}

impl<'a> From<Option<&'a str>> for Credential<'a> {
    fn from(token: Option<&'a str>) -> Self {
        token.map_or(Self::Nothing, Self::Bearer)
    }
}

impl<'a> From<Option<&'a String>> for Credential<'a> {
    fn from(token: Option<&'a String>) -> Self {
        token.map(String::as_str).into()
    }
}

/// The secret of a session, or of a link that opens one: 256 bits of chance, as text. Nobody keeps it but who was given it.
#[derive(Clone)]
pub struct SessionKey(String);

impl SessionKey {
    /// What somebody has brought. Whether it stands for anything is for the store to say.
    #[must_use]
    pub fn brought(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// A fresh one.
    pub(super) fn draw(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self(jose::encode(bytes))
    }

    /// The secret, for a cookie or a link.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the store knows it by.
    pub(super) fn hash(&self) -> String {
        sha256_hex(&self.0)
    }

    /// What a request that changes something has to say beside the cookie: only who was told it can, and a page of another
    /// origin was not. It is made of the secret, so that nothing more is kept; of what the store has, it cannot be made.
    #[must_use]
    pub fn csrf(&self) -> String {
        jose::encode(Sha256::new().chain_update("passport console csrf\0").chain_update(&self.0).finalize())
    }

    /// Whether this is what [`SessionKey::csrf`] gives. Hashes are compared, so that the time it takes tells nothing.
    #[must_use]
    pub fn is_csrf(&self, text: &[u8]) -> bool {
        Sha256::digest(text) == Sha256::digest(self.csrf())
    }
}

/// Never the secret.
impl std::fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionKey(..)")
    }
}

/// A credential with what was found for it: what there is to decide on.
#[derive(Clone)]
pub(super) enum Shown {
    /// A token, whose signature is for the verifier to check.
    Token(String),
    /// What the issuer has signed and kept, for a session: it has proved before that it bears it.
    Kept(Box<Kept>),
}

/// A passport as the issuer keeps it.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) key_id: KeyId,
    pub(super) claims: Passport,
}

impl Shown {
    pub(super) fn decide<'r>(&self, verifier: &Verifier, request: &'r Request, now: i64) -> Decision<'r> {
        match self {
            Self::Token(token) => verifier.decide(token, request, now),
            Self::Kept(kept) => verifier.decide_kept(kept.key_id, kept.claims.clone(), request, now),
        }
    }

    pub(super) fn verify(&self, verifier: &Verifier, now: i64) -> Result<VerifiedPassport, Denied<'static>> {
        match self {
            Self::Token(token) => verifier.verify(token, now),
            Self::Kept(kept) => verifier.verify_kept(kept.key_id, kept.claims.clone(), now),
        }
    }
}

impl Issuer {
    /// Finds what a credential stands for. What that is worth now is for the verifier to say.
    pub(super) async fn shown(&self, credential: Credential<'_>) -> Result<Shown, Denial> {
        match credential {
            Credential::Nothing => Err(Denial::NoToken),
            Credential::Bearer(token) => Ok(Shown::Token(token.to_owned())),
            Credential::Session(key) => Ok(Shown::Kept(Box::new(self.session(key).await?.1))),
        }
    }

    /// The session of this secret, where its time is not over, and the passport that it stands for.
    pub(super) async fn session(&self, key: &SessionKey) -> Result<(ConsoleKey, Kept), Denial> {
        // A console that is switched off has no sessions.
        if self.settings().console.is_none() {
            return Err(Denial::NoSession { was: true });
        }
        let session = self.store().console_session(&key.hash()).await.map_err(failed)?;
        let session = session.ok_or(Denial::NoSession { was: false })?;
        if session.expires_at <= self.now() {
            return Err(Denial::NoSession { was: true });
        }
        let kept = self.kept(&session.passport_id).await?.ok_or(Denial::NoSession { was: true })?;
        Ok((session, kept))
    }

    /// The passport of this id as it was signed.
    pub(super) async fn kept(&self, passport_id: &str) -> Result<Option<Kept>, Denial> {
        let unreadable = |why: String| Denial::Failed(ServiceError::internal("read the claims of a passport", why));
        match self.store().passport(passport_id).await {
            Ok(stored) => {
                let claims = Passport::read(stored.claims.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
                let key_id = stored.key_id.parse().map_err(|_| unreadable("its key's id is none".to_owned()))?;
                Ok(Some(Kept { key_id, claims }))
            }
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(failed(error)),
        }
    }
}

pub(super) fn failed(error: StoreError) -> Denial {
    Denial::Failed(error.into())
}
