//! Who holds a passport, whatever service it is for: for the few acts that every passport allows its holder.

use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::unverified::UnverifiedPassport;
use passport_verifier::Verifier;

use super::credential::Shown;
use super::ids::Id;
use super::{Credential, Denial, Issuer, gate};
use crate::traces;

/// An agent whose passport is good now: signed by this issuer, in its time, not revoked. It says nothing of what it allows.
/// Only [`Issuer::holder`] makes one, so to hold it is the proof.
#[derive(Clone)]
pub struct Holder {
    passport: Passport,
    shown: Shown,
}

impl Holder {
    /// What the passport says.
    #[must_use]
    pub fn passport(&self) -> &Passport {
        &self.passport
    }

    /// What it has shown, to be decided on.
    pub(super) fn shown(&self) -> &Shown {
        &self.shown
    }
}

/// Never the token.
impl std::fmt::Debug for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Holder").field("passport", &self.passport.id).finish_non_exhaustive()
    }
}

impl Issuer {
    /// Checks a passport by the project's own verifier, for the first of the services that it is for itself.
    ///
    /// # Errors
    /// A [`Denial`], to be answered as it is.
    pub async fn holder(&self, credential: impl Into<Credential<'_>> + Send) -> Result<Holder, Denial> {
        let held = async {
            // What is believed is brought up to date first, or nothing is decided.
            self.edition().await.map_err(Denial::Failed)?;
            self.held(self.shown(credential.into()).await?)
        };
        traces::child("gate", held, |held, mark| gate::told(held.as_ref().err(), mark)).await
    }

    /// The same holder as it is now.
    pub(super) async fn holder_again(&self, holder: &Holder) -> Result<Holder, Denial> {
        self.edition().await.map_err(Denial::Failed)?;
        self.held(holder.shown.clone())
    }

    fn held(&self, shown: Shown) -> Result<Holder, Denial> {
        let audience = match &shown {
            // What cannot be read has no audience, and the verifier says what is wrong with it.
            Shown::Token(token) => {
                let read = UnverifiedPassport::read(token.as_bytes()).ok();
                read.and_then(|read| read.claims().audience.first().map(ToString::to_string))
            }
            Shown::Kept(kept) => kept.claims.audience.first().map(ToString::to_string),
        };
        let audience = audience.unwrap_or_else(|| self.settings().issuer.clone());
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), audience).without_cache();
        let now = self.now();
        let own = Request::new("own").on("passport");
        let denied = match shown.verify(&verifier, now) {
            // Bound to a key that nobody has proved: to carry it is not to hold it.
            Ok(verified) if verified.claims().needs_proof => shown.decide(&verifier, &own, now),
            Ok(verified) => return Ok(Holder { passport: verified.claims().clone(), shown }),
            Err(denied) => denied.into(),
        };
        Err(gate::denial(&denied, self.new_id(Id::Request), own.action(), "passport"))
    }
}
