//! What a revoked key had signed, issued anew.
//!
//! The claims are those that the store has kept, never those that somebody shows: who has stolen the key can sign a
//! passport that says anything. What a thief had issued through this API is in the store too, with who issued it.

use passport_shared::api::keys::{AffectedPassport, NotReissued};
use passport_shared::api::passports::IssuedPassport;
use passport_shared::grant::Grant;
use passport_shared::passport::Passport;
use passport_shared::text::quote;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::change::Author;
use super::super::{Caller, Issuer, ServiceError, Settings, check, subset};
use super::order::{Order, Replaced};
use crate::store::{self, StoreError, WentWithKey};

/// The grant that a caller must hold to have passports issued anew, beside that to revoke keys.
const ISSUING: &str = r#"[{"resource":"issuer/passports","allowedActions":["passports.issue"]}]"#;

/// How many passports one call issues anew: each is a signature and a write, and an answer has 30 seconds.
const AT_ONCE: u32 = 100;

/// How many one call lists, where it issues none.
const LISTED: u32 = 1_000;

/// What is read back from the claims as signed.
#[derive(Deserialize)]
pub(super) struct Claims {
    pub(super) authorization_details: Box<RawValue>,
    #[serde(rename = "onBehalfOf")]
    pub(super) on_behalf_of: Option<String>,
    pub(super) cnf: Option<Box<RawValue>>,
}

/// Where to go on: after the passport of this ordinal, without that of whoever asked first.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::service) struct After {
    ordinal: Option<i64>,
    own: Option<String>,
}

impl After {
    /// `affectedNext` of an answer.
    pub(in crate::service) fn read(text: Option<&str>) -> Result<Self, ServiceError> {
        let Some(text) = text else { return Ok(Self::default()) };
        let (ordinal, own) = text.split_once('.').map_or((text, None), |(ordinal, own)| (ordinal, Some(own.to_owned())));
        match ordinal.parse::<i64>() {
            Ok(number) if number.to_string() == ordinal => Ok(Self { ordinal: Some(number), own }),
            _ => Err(ServiceError::invalid("/after", "it is no `affectedNext` of an answer; leave it out to begin".to_owned())),
        }
    }

    fn text(ordinal: i64, own: Option<&str>) -> String {
        own.map_or_else(|| ordinal.to_string(), |own| format!("{ordinal}.{own}"))
    }
}

impl Issuer {
    /// Refuses who may not issue passports.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] with the code `not_held`.
    pub(in crate::service) fn check_may_reissue(&self, caller: &Caller) -> Result<(), ServiceError> {
        let grants = Grant::read_all(ISSUING, "").map_err(|_| ServiceError::internal("reissue", "the grant cannot be read"))?;
        let now = self.now();
        let end = subset::End { at: now.saturating_add(1).min(caller.claims().expires_at), pointer: "/reissue" };
        subset::check(caller.claims(), &grants, end, now).map_err(|error| match error {
            ServiceError::Forbidden { code, errors, .. } => ServiceError::Forbidden {
                code,
                detail: "to have passports issued anew you must hold `passports.issue` on `issuer/passports` without a constraint; \
                         nothing was revoked: leave out `reissue` to revoke alone"
                    .to_owned(),
                errors,
            },
            other => other,
        })
    }

    /// The passports that have gone with a revoked key, and where `reissue` is said those in their place. Where the
    /// caller's own is among them it is the first, so that the caller can go on with the new one.
    ///
    /// Of one lineage only the newest is issued anew, or the caller's own: its holder uses that one.
    ///
    /// One that cannot be issued anew is answered with the reason, and is in nobody's way. `by_caller` says that the caller
    /// has revoked the key in this very call: only then a passport that went with it still counts, for the store has
    /// found it good in the transaction of the revocation. Who comes later with one gets nothing, a thief above all.
    pub(in crate::service) async fn affected(
        &self,
        caller: &Caller,
        kid: &str,
        reissue: bool,
        by_caller: bool,
        after: After,
    ) -> Result<(Vec<AffectedPassport>, Option<String>), ServiceError> {
        let now = self.now();
        let limit = if reissue { AT_ONCE } else { LISTED };
        let page = self.store().passports_of_key(kid, now, after.ordinal, limit).await?;
        let own = self.store().passport(caller.passport_id()).await?;
        let went_with_it = own.key_id == kid || own.revoked_with_key.as_deref() == Some(kid);
        let skipped = if went_with_it { Some(own.passport_id.clone()) } else { after.own };
        // On a later page the caller comes with the passport that was issued in place of its own.
        let own_lineage = match &skipped {
            Some(id) if *id == own.passport_id => Some(own.lineage.clone()),
            Some(id) => match self.store().passport(id).await {
                Ok(passport) => Some(passport.lineage),
                // It came with the call, and need not be any passport's.
                Err(StoreError::NotFound { .. }) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        let mut passports = Vec::with_capacity(page.items.len().saturating_add(1));
        if went_with_it && after.ordinal.is_none() && own.expires_at > now {
            passports.push(WentWithKey { newest: own.passport_id.clone(), passport: own });
        }
        passports.extend(page.items.into_iter().filter(|gone| Some(&gone.passport.passport_id) != skipped.as_ref()));
        let mut affected = Vec::with_capacity(passports.len());
        for WentWithKey { passport: old, newest } in passports {
            let own = old.passport_id == caller.passport_id();
            let in_place = match &skipped {
                Some(id) if own_lineage.as_deref() == Some(&old.lineage) => id,
                _ => &newest,
            };
            let outcome = match reissue {
                true if old.passport_id != *in_place => Some(Err(renewed_since(in_place))),
                true => Some(self.reissue(caller, &old, went_with_it && by_caller).await),
                false => None,
            };
            let (reissued, refused) = match outcome {
                None => (None, None),
                Some(Ok(issued)) => (Some(issued), None),
                Some(Err(error)) => (None, Some(NotReissued { code: error.code().to_owned(), detail: error.to_string() })),
            };
            affected.push(AffectedPassport {
                passport_id: old.passport_id,
                agent_id: old.agent_id,
                expires_at: check::shown(old.expires_at),
                issued_by: old.issued_by,
                own,
                reissued,
                refused,
            });
        }
        Ok((affected, page.next.map(|ordinal| After::text(ordinal, skipped.as_deref()))))
    }

    /// A passport in the place of `old`: for the same agent and services, with the same grants, until the same time.
    async fn reissue(&self, caller: &Caller, old: &store::Passport, own_is_gone: bool) -> Result<IssuedPassport, ServiceError> {
        let now = self.now();
        let mut order = Order::again(old, caller, self.settings(), now)?;
        let agent = self.store().agent(&order.agent_id).await?;
        if agent.disabled_at.is_some() {
            return Err(StoreError::AgentDisabled { agent_id: agent.agent_id }.into());
        }
        if order.audience.contains(&self.settings().issuer) {
            let end = subset::End { at: order.expires_at, pointer: "/expiresAt" };
            subset::check(caller.claims(), &order.grants, end, now)?;
            // It may be renewed no longer than its maker may say, who is another now; but the caller's own, by whose word the
            // caller is here, as before.
            if old.passport_id != caller.passport_id() {
                order.renew_until = order.renew_until.map(|until| until.min(caller.claims().expires_at)).filter(|until| {
                    let end = subset::End { at: *until, pointer: "/renewUntil" };
                    *until > order.expires_at && subset::check(caller.claims(), &order.grants, end, now).is_ok()
                });
            }
        }
        self.mint(&order, &self.reissuer(caller, own_is_gone)?).await
    }

    /// Who issues anew: the caller, whose passport is looked at once more with each. Where it went with the key, by the
    /// caller's own revocation a moment ago, the issuer does, and the event names the request that asked.
    fn reissuer(&self, caller: &Caller, own_is_gone: bool) -> Result<Author, ServiceError> {
        if !own_is_gone {
            return Ok(caller.author().clone());
        }
        let message = "the issuer issues anew what a revoked key had signed, as who revoked it has asked";
        self.inner.parts.own_author(&self.settings().issuer, "keys.reissue", message)
    }
}

/// Why an older passport of a lineage is not issued anew.
fn renewed_since(newest: &str) -> ServiceError {
    ServiceError::Forbidden {
        code: "renewed_since",
        detail: format!("it was renewed, and of all that came of it {} alone is issued anew", quote(newest)),
        errors: Vec::new(),
    }
}

impl Order {
    /// What was ordered when `old` was issued. It ends when that would have, or where a passport may live less long by now,
    /// as soon as that.
    fn again(old: &store::Passport, caller: &Caller, settings: &Settings, now: i64) -> Result<Self, ServiceError> {
        let claims: Claims =
            serde_json::from_str(&old.claims).map_err(|error| ServiceError::internal("read the claims of a passport", error))?;
        let grants = Grant::read_all(claims.authorization_details.get(), "/grants").map_err(|errors| ServiceError::Invalid { errors })?;
        Ok(Self {
            agent_id: old.agent_id.clone(),
            audience: old.audience.clone(),
            grants,
            issued_at: now,
            expires_at: old.expires_at.min(now.saturating_add(settings.max_passport_life)),
            not_before: old.not_before.filter(|start| *start > now),
            on_behalf_of: claims.on_behalf_of,
            confirmation: claims.cnf,
            expiry_pointer: "/expiresAt",
            renew_until: old.renew_until.filter(|until| *until > now),
            renews: None,
            replaces: Some(Replaced { passport_id: old.passport_id.clone(), for_request: caller.request_id().to_owned() }),
            template: old.template.clone(),
            hidden: Passport::hidden_by(old.claims.as_bytes()),
        })
    }
}

#[cfg(test)]
mod tests;
