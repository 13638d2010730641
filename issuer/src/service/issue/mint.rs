//! From an order to a token: claims, signature, a check by the project's own verifier, and the record of it.

use std::borrow::Cow;
use std::sync::Arc;

use passport_keys::{VaultError, sign_token};
use passport_shared::api::passports::IssuedPassport;
use passport_shared::grant::Grant;
use passport_shared::hidden::HiddenAttributes;
use passport_shared::jose::TokenType;
use passport_shared::key_set::KeyId;
use passport_shared::passport::{NewClaims, StatusRef};
use passport_verifier::{MaxAge, Reason, StatusPolicy, Verifier};
use serde_json::json;

use super::super::change::{Author, to_json};
use super::super::ids::Id;
use super::super::publish::{Edition, list_uri};
use super::super::status_index::Slot;
use super::super::{Issuer, ServiceError, check};
use super::order::Order;
use crate::metrics;
use crate::store::{NewPassport, Renews, StoreError};
use crate::traces;

/// How often a passport is signed anew because its place in the status list was taken, or the keys were rotated. At
/// half-full lists, all of these fail about once in 2^64 passports.
const ATTEMPTS: u32 = 64;

/// How many passports of one lineage may be live, or issued within [`LATELY`], at once. More than one, so that a lost answer
/// locks nobody out; few, so that it is no source of passports without end, however short they live.
const MOST_OF_LINEAGE: u32 = 8;

/// Seconds.
const LATELY: i64 = 60;

pub(super) const ACT: &str = "issue a passport";

/// The key that signs now.
pub(super) fn signing_key(edition: &Edition) -> Result<&KeyId, ServiceError> {
    Ok(edition.ring.signing().ok_or_else(|| ServiceError::internal(ACT, "there is no active key"))?.id())
}

/// What the project's own verifier says of a fresh token.
enum OwnWork {
    /// It is what was ordered.
    Sound,
    /// Its place in the status list is that of a revoked passport.
    PlaceRevoked,
}

impl Issuer {
    /// Signs what was ordered, checks it, and records it. Only then the token is given out.
    pub(super) async fn mint(&self, order: &Order, author: &Author) -> Result<IssuedPassport, ServiceError> {
        let id = self.new_id(Id::Passport);
        let hidden = order.keeps_hidden();
        if hidden.is_some() {
            self.ready_to_hide().await?;
        }
        for _ in 0..ATTEMPTS {
            let list = self.open_list().await?;
            let edition = self.edition().await?;
            let key = signing_key(&edition)?;
            self.draft(order, hidden.as_ref(), key, &id, list.last())?.check_size(order)?;
            let slot = self.draw_slot(list);
            let claims = self.claims(order, hidden.as_ref(), &id, slot)?;
            let token = match self.sign(key, &claims).await? {
                Ok(token) => token,
                // The key may have been revoked and destroyed a moment ago.
                Err(error) => match self.edition().await?.ring.signing() {
                    Some(now_active) if now_active.id() != key => continue,
                    _ => return Err(ServiceError::internal("sign with the active key", error)),
                },
            };
            match self.check_own_work(&token, order, hidden.as_ref(), &id)? {
                OwnWork::Sound => {}
                // The store would say that it is taken.
                OwnWork::PlaceRevoked => continue,
            }
            let kind = if order.renews.is_some() { "passport_renewed" } else { "passport_issued" };
            let mut change = json!({
                "type": kind, "passportId": id, "agentId": order.agent_id, "keyId": key,
                "audience": order.audience, "expiresAt": check::shown(order.expires_at),
            });
            if let Some(members) = change.as_object_mut() {
                members.extend(order.renews.iter().map(|renewed| ("renews".to_owned(), json!(renewed))));
                members.extend(order.renew_until.iter().map(|until| ("renewUntil".to_owned(), json!(check::shown(*until)))));
                if let Some(replaced) = &order.replaces {
                    members.insert("replaces".to_owned(), json!(replaced.passport_id));
                    members.insert("forRequestId".to_owned(), json!(replaced.for_request));
                }
            }
            if let (Some(template), Some(members)) = (&order.template, change.as_object_mut()) {
                members.insert("template".to_owned(), json!(template.name));
                members.insert("templateRevision".to_owned(), json!(template.revision));
            }
            let event = self.admin_event(author, &change)?;
            let record = NewPassport {
                passport_id: id.clone(),
                agent_id: order.agent_id.clone(),
                key_id: key.to_string(),
                claims,
                audience: order.audience.clone(),
                issued_at: order.issued_at,
                not_before: order.not_before,
                expires_at: order.expires_at,
                status_list: slot.list,
                status_index: slot.index,
                issued_by: author.name.clone(),
                template: order.template.clone(),
                // What comes in the place of another passport, or renews it, has its grants, whatever the template says by now.
                template_newest: order.replaces.is_none() && order.renews.is_none(),
                renew_until: order.renew_until,
                renews: order.renews.clone().map(|passport_id| Renews { passport_id, most: MOST_OF_LINEAGE, lately: LATELY }),
            };
            match self.store().insert_passport(record, event).await {
                Ok(()) => {
                    ::metrics::counter!(metrics::ISSUED).increment(1);
                    return Ok(IssuedPassport {
                        passport: token,
                        passport_id: id,
                        agent_id: order.agent_id.clone(),
                        key_id: key.to_string(),
                        issued_at: check::shown(order.issued_at),
                        expires_at: check::shown(order.expires_at),
                        template: order.template.as_ref().map(|template| template.name.clone()),
                        template_revision: order.template.as_ref().map(|template| template.revision),
                        renew_until: order.renew_until.map(check::shown),
                    });
                }
                Err(StoreError::StatusIndexTaken { .. }) => {}
                // Another process has rotated, or a rotation came between: what is known of trust is outdated.
                Err(StoreError::KeyNotActive { .. }) => self.doubt(),
                Err(error) => return Err(error.into()),
            }
        }
        Err(ServiceError::unavailable("no free place in a status list was found"))
    }

    /// The payload, as JSON text.
    pub(super) fn claims(&self, order: &Order, hidden: Option<&HiddenAttributes>, id: &str, slot: Slot) -> Result<String, ServiceError> {
        let index = u64::try_from(slot.index).map_err(|error| ServiceError::internal(ACT, error))?;
        let status = StatusRef { index, uri: list_uri(self.settings(), slot.list).into() };
        to_json(&NewClaims {
            issuer: &self.settings().issuer,
            agent_id: &order.agent_id,
            audience: &order.audience,
            issued_at: order.issued_at,
            not_before: order.not_before,
            expires_at: order.expires_at,
            id,
            on_behalf_of: order.on_behalf_of.as_deref(),
            status: Some(&status),
            confirmation: order.confirmation.as_deref(),
            authorization_details: Cow::Borrowed(&order.grants),
            hidden,
        })
    }

    async fn sign(&self, key: &KeyId, claims: &str) -> Result<Result<String, VaultError>, ServiceError> {
        let (vault, key, claims) = (Arc::clone(&self.inner.parts.vault), *key, claims.to_owned());
        let algorithm = self.settings().algorithm;
        let work = move || sign_token(&*vault, &key, TokenType::Passport, algorithm, claims.as_bytes());
        traces::act("sign", tokio::task::spawn_blocking(work)).await.map_err(|error| ServiceError::internal(ACT, error))
    }

    /// Whether the project's own verifier reads in the token what was ordered: no passport leaves that its services
    /// would not accept, or would understand otherwise.
    ///
    /// It is asked for the first audience, at the time at which the passport begins. That may lie days ahead, where keys
    /// and lists of today are too old to go by: so their age is not looked at. The status is, as far as it can be had: a
    /// place that reads as revoked is that of a revoked passport, and another must be drawn.
    fn check_own_work(&self, token: &str, order: &Order, hidden: Option<&HiddenAttributes>, id: &str) -> Result<OwnWork, ServiceError> {
        let wrong = |what: String| ServiceError::internal(ACT, format!("the finished token is not what was ordered: {what}"));
        let audience = order.audience.first().map(String::as_str).unwrap_or_default();
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), audience)
            .without_cache()
            .with_max_key_age(MaxAge::Unlimited)
            .with_max_status_age(MaxAge::Unlimited)
            .with_status_policy(StatusPolicy::AllowUnavailable);
        let begins = order.not_before.map_or(order.issued_at, |start| start.max(order.issued_at));
        let verified = match verifier.verify(token, begins) {
            Ok(verified) => verified,
            Err(denied) if denied.reason() == Reason::Revoked => return Ok(OwnWork::PlaceRevoked),
            Err(denied) => return Err(wrong(format!("{}: {}", denied.reason(), denied.message()))),
        };
        let claims = verified.claims();
        let same = claims.issuer == *self.settings().issuer
            && claims.id == id
            && claims.agent_id == order.agent_id
            && claims.audience.iter().eq(&order.audience)
            && (claims.issued_at, claims.not_before, claims.expires_at) == (order.issued_at, order.not_before, order.expires_at)
            && claims.on_behalf_of.as_deref() == order.on_behalf_of.as_deref()
            && claims.needs_proof == order.confirmation.is_some()
            && claims.status.is_some()
            && claims.hidden.as_deref() == hidden
            && claims.grants.iter().map(|(_, grant)| grant.clone()).eq(order.grants.iter().map(as_signed));
        if same { Ok(OwnWork::Sound) } else { Err(wrong("its claims differ".to_owned())) }
    }
}

/// The grant as a token has it: what it hides stands in a claim of its own.
fn as_signed(grant: &Grant) -> Grant {
    Grant { hiding: None, ..grant.clone() }
}
