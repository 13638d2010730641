//! Renewal: a holder exchanges its passport for a fresh one with the same grants or fewer, where its maker allowed that.
//!
//! Nothing is taken from the token that is shown but its name: who has stolen a signing key can sign a passport of any
//! content under the name of a real one. So the claims are those in the store, and a token that is not what the store
//! says was signed is refused, and told as what it is: somebody else signs with the issuer's key.

use passport_shared::api::passports::{IssuedPassport, RenewPassport};
use passport_shared::fault::{Faults, Place};
use passport_shared::grant::Grant;
use passport_shared::jose::Compact;
use passport_shared::limits::TOKEN_BYTES;
use passport_shared::passport::Passport;
use passport_shared::text::escape;
use passport_shared::unverified::UnverifiedPassport;

use super::super::credential::Shown;
use super::super::{Holder, Issuer, ServiceError, Settings, check, subset};
use super::order::Order;
use super::reissue::Claims;
use crate::store::{self, StoreError};

impl Issuer {
    /// Exchanges the holder's passport for a fresh one. The old one stays good until it ends; all that come of one passport
    /// are a lineage, and are revoked as one.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] with the code `not_renewable` or `renewal_over`, or `not_held` where a grant is more than
    /// the old ones; [`ServiceError::Invalid`]; [`ServiceError::TooManyRenewed`]; [`ServiceError::Unauthorized`] where it was
    /// revoked meanwhile, or the issuer never issued it as it is.
    pub async fn renew_passport(&self, holder: &Holder, body: &RenewPassport) -> Result<IssuedPassport, ServiceError> {
        let shown = holder.passport();
        let old = match self.store().passport(&shown.id).await {
            Ok(old) if is_as_signed(holder.shown(), &old) => old,
            Ok(_) | Err(StoreError::NotFound { .. }) => {
                let key_id = key_id(holder.shown());
                tracing::error!(
                    key_id,
                    jti = escape(&shown.id),
                    "a passport was shown that is signed by this key and that this issuer never issued: the key may be stolen"
                );
                return Err(StoreError::MakerRevoked { passport_id: shown.id.to_string() }.into());
            }
            Err(error) => return Err(error.into()),
        };
        let now = self.now();
        let order = Order::renewal(&old, body, self.settings(), now)?;
        let by = ("passports.renew", "renewed with the passport that is exchanged, as its maker allowed");
        let author = self.inner.parts.holder_author(&self.settings().issuer, shown, by, now)?;
        let issuer = self.clone();
        self.see_through(async move { issuer.mint(&order, &author).await }).await
    }
}

/// Whether the passport is the one that was signed: by the same key, over the same bytes.
fn is_as_signed(shown: &Shown, stored: &store::Passport) -> bool {
    let payload = match shown {
        Shown::Token(token) => Compact::split(token.as_bytes(), TOKEN_BYTES).is_ok_and(|split| split.payload == stored.claims.as_bytes()),
        // It was read from there.
        Shown::Kept(_) => true,
    };
    payload && key_id(shown) == stored.key_id
}

/// The key that signed it.
fn key_id(shown: &Shown) -> String {
    match shown {
        Shown::Token(token) => UnverifiedPassport::read(token.as_bytes()).map(|read| read.key_id().to_owned()).unwrap_or_default(),
        Shown::Kept(kept) => kept.key_id.to_string(),
    }
}

impl Order {
    /// The same agent, services and who answers for it; the grants and the life that are asked for, within the old ones.
    fn renewal(old: &store::Passport, body: &RenewPassport, settings: &Settings, now: i64) -> Result<Self, ServiceError> {
        let forbidden = |code, detail| ServiceError::Forbidden { code, detail, errors: Vec::new() };
        let claims: Claims =
            serde_json::from_str(&old.claims).map_err(|error| ServiceError::internal("read the claims of a passport", error))?;
        let not_renewable = || {
            let detail = "the maker of this passport did not allow that it is renewed (`renewUntil`); ask for a new one".to_owned();
            forbidden("not_renewable", detail)
        };
        // Nobody proves the key that it is bound to, so nobody is known to hold it.
        let until = old.renew_until.filter(|_| claims.cnf.is_none()).ok_or_else(not_renewable)?;
        if until <= now {
            let detail = format!("this passport could be renewed until {}; ask for a new one", check::shown(until));
            return Err(forbidden("renewal_over", detail));
        }
        let held = Grant::read_all(claims.authorization_details.get(), "/grants").map_err(|errors| ServiceError::Invalid { errors })?;
        let (expires_at, expiry_pointer) = read_end(body, old, until, settings, now)?;
        let grants = match &body.grants {
            None => held,
            Some(asked) => {
                let asked = Grant::read_all(asked.get(), "/grants").map_err(|errors| ServiceError::Invalid { errors })?;
                subset::check_renewed(&held, &asked, expires_at, now)?;
                asked
            }
        };
        Ok(Self {
            agent_id: old.agent_id.clone(),
            audience: old.audience.clone(),
            grants,
            issued_at: now,
            expires_at,
            not_before: None,
            on_behalf_of: claims.on_behalf_of,
            confirmation: None,
            expiry_pointer,
            renew_until: Some(until),
            renews: Some(old.passport_id.clone()),
            replaces: None,
            template: old.template.clone(),
            hidden: Passport::hidden_by(old.claims.as_bytes()),
        })
    }
}

/// When it ends, and the member that says so: as asked for, else as long from now as the old one lived, or as long as may be.
fn read_end(
    body: &RenewPassport,
    old: &store::Passport,
    until: i64,
    settings: &Settings,
    now: i64,
) -> Result<(i64, &'static str), ServiceError> {
    let bound = until.min(now.saturating_add(settings.max_passport_life));
    let root = Place::root("");
    let mut faults = Faults::default();
    let (pointer, asked) = match (body.expires_in, body.expires_at.as_deref()) {
        (None, None) => {
            let life = old.expires_at.saturating_sub(old.issued_at).max(1);
            return Ok((now.saturating_add(life).min(bound), "/expiresIn"));
        }
        (Some(seconds), None) => ("/expiresIn", Some(now.saturating_add(i64::try_from(seconds).unwrap_or(i64::MAX)))),
        (None, Some(text)) => ("/expiresAt", check::time(text, &root.name("expiresAt"), &mut faults)),
        (Some(_), Some(_)) => ("/expiresAt", faults.note(&root.name("expiresAt"), "give `expiresIn` or `expiresAt`, not both")),
    };
    check::done(faults)?;
    match asked {
        Some(at) if at <= now => Err(ServiceError::invalid(pointer, format!("it must be later than now, {}", check::shown(now)))),
        Some(at) if at > bound => {
            Err(ServiceError::invalid(pointer, format!("this passport can be renewed until {} and no longer", check::shown(bound))))
        }
        Some(at) => Ok((at, pointer)),
        None => Err(ServiceError::internal("read when a passport ends", "it has neither an end nor a fault")),
    }
}

#[cfg(test)]
mod tests;
