//! Passports that were issued: list and revoke. Their tokens are not kept.

use passport_shared::api::Page;
use passport_shared::api::passports::{Passport, PassportState, RevokePassport};
use passport_shared::describe::sentences;
use passport_shared::fault::{Faults, Place};
use passport_shared::passport;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::{Caller, Issuer, ServiceError, check, paging};
use crate::metrics;
use crate::store::{self, Maker, MatchedPassports, StoreError};

/// Which passports to list: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassportQuery {
    /// Of this agent.
    pub agent_id: Option<String>,
    /// Signed by this key.
    pub key_id: Option<String>,
    /// Issued by this template, in any of its revisions.
    pub template: Option<String>,
    /// In this state now.
    pub state: Option<PassportState>,
    /// With this in their id or their agent's, ASCII letters in either case: 1 to 256 bytes.
    pub text: Option<String>,
    /// That end before this RFC 3339 time.
    pub expires_before: Option<String>,
    /// `nextCursor` of the page before.
    pub cursor: Option<String>,
    /// At most so many, 1 to 1,000; 100 where it is left out.
    pub limit: Option<u32>,
}

/// What is read back from the claims as signed; everything else has a column of its own.
#[derive(Deserialize)]
struct Claims {
    authorization_details: Box<RawValue>,
    #[serde(rename = "onBehalfOf")]
    on_behalf_of: Option<String>,
    #[serde(rename = "hiddenAttributes")]
    hidden: Option<Box<RawValue>>,
}

impl Issuer {
    /// Passports, newest first.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn passports(&self, query: PassportQuery) -> Result<Page<Passport>, ServiceError> {
        let now = self.now();
        let filter = store::PassportFilter {
            agent_id: query.agent_id,
            key_id: query.key_id,
            template: query.template,
            state: query.state.map(stored),
            text: paging::text(query.text)?,
            expires_before: paging::time("expiresBefore", query.expires_before.as_deref())?,
            now,
            cursor: paging::number(query.cursor.as_deref())?,
            limit: paging::limit(query.limit)?,
        };
        let page = self.store().passports(filter).await?;
        let items = page.items.into_iter().map(|passport| shown(passport, now)).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: page.next.map(|cursor| cursor.to_string()) })
    }

    /// One passport, never its token.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn passport(&self, id: &str) -> Result<Passport, ServiceError> {
        let (passport, now) = (self.store().passport(id).await?, self.now());
        let claims = read(&passport)?;
        let hides = Some(claims.hidden.map(|hidden| hidden.describe()).unwrap_or_default());
        let describe = Some(sentences(claims.grants.iter().map(|(_, grant)| grant), now));
        Ok(Passport { describe, hides, ..shown(passport, now)? })
    }

    /// Revokes a passport, and with it all that came of the same one by renewal: on return the gate and the published
    /// status list deny them. The event names them where there is more than the one. Revoking again changes nothing and
    /// is no error.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`]; [`ServiceError::NotFound`].
    pub async fn revoke_passport(&self, caller: &Caller, id: &str, body: RevokePassport) -> Result<Passport, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        check::optional_name(body.reason.as_deref(), &root.name("reason"), &mut faults);
        check::done(faults)?;
        let (issuer, author, id, now) = (self.clone(), caller.author().clone(), id.to_owned(), self.now());
        let maker = author.passport_id.clone().map(|passport_id| Maker { passport_id, at: now });
        self.see_through(async move {
            let mut change = json!({ "type": "passport_revoked", "passportId": id, "reason": body.reason });
            let parts = issuer.inner.parts.clone();
            let event = move |matched: &MatchedPassports| {
                if let (true, Some(members)) = (matched.count > 1, change.as_object_mut()) {
                    members.insert("revoked".to_owned(), json!(matched.count));
                    members.insert("passportIds".to_owned(), json!(matched.passport_ids));
                }
                parts.admin_event(&author, &change).map_err(|error| StoreError::Corrupt { what: "a decision", source: error.into() })
            };
            let outcome = issuer.store().revoke_passport(&id, body.reason.as_deref(), now, maker, Box::new(event)).await;
            let done = issuer.after_change(outcome, |done| done.trust_sequence).await?;
            ::metrics::counter!(metrics::REVOKED).increment(done.matched.count);
            issuer.passport(&id).await
        })
        .await
    }
}

/// What a passport allows now, in sentences, whatever has become of it.
pub(super) fn words(passport: &store::Passport, now: i64) -> Result<Vec<String>, ServiceError> {
    Ok(sentences(read(passport)?.grants.iter().map(|(_, grant)| grant), now))
}

fn read(passport: &store::Passport) -> Result<passport::Passport, ServiceError> {
    let claims = passport::Passport::read(passport.claims.as_bytes());
    claims.map_err(|error| ServiceError::internal("read the claims of a passport", error))
}

fn stored(state: PassportState) -> store::PassportState {
    match state {
        PassportState::Live => store::PassportState::Live,
        PassportState::Revoked => store::PassportState::Revoked,
        PassportState::Expired => store::PassportState::Expired,
    }
}

/// What has become of it, as of `now`.
pub(super) fn state(passport: &store::Passport, now: i64) -> PassportState {
    match (passport.revoked_at, passport.expires_at <= now) {
        (Some(_), _) => PassportState::Revoked,
        (None, true) => PassportState::Expired,
        (None, false) => PassportState::Live,
    }
}

fn shown(passport: store::Passport, now: i64) -> Result<Passport, ServiceError> {
    let claims: Claims =
        serde_json::from_str(&passport.claims).map_err(|error| ServiceError::internal("read the claims of a passport", error))?;
    let state = state(&passport, now);
    let (template, template_revision, template_parameters) = match passport.template {
        None => (None, None, None),
        Some(template) => {
            let values = RawValue::from_string(template.parameters)
                .map_err(|error| ServiceError::internal("read the parameters of a passport", error))?;
            (Some(template.name), Some(template.revision), Some(values))
        }
    };
    Ok(Passport {
        passport_id: passport.passport_id,
        agent_id: passport.agent_id,
        key_id: passport.key_id,
        audience: passport.audience,
        grants: claims.authorization_details,
        describe: None,
        hidden_attributes: claims.hidden,
        hides: None,
        on_behalf_of: claims.on_behalf_of,
        state,
        issued_at: check::shown(passport.issued_at),
        not_before: passport.not_before.map(check::shown),
        expires_at: check::shown(passport.expires_at),
        revoked_at: passport.revoked_at.map(check::shown),
        revoke_reason: passport.revoke_reason,
        issued_by: passport.issued_by,
        template,
        template_revision,
        template_parameters,
        renew_until: passport.renew_until.map(check::shown),
        renewed_from: passport.renewed_from,
        lineage: passport.lineage,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::{SHOP, SHOPPING, World, order, pointers};

    #[tokio::test]
    async fn a_passport_is_shown_as_signed_and_never_its_token() {
        let world = World::new().await;
        world.agent("ollie").await;
        let mut body = order("ollie", SHOP, r#"[{"resource":"commerce","allowedActions":["buy"],"constraints":{"n":{"max":1.50}}}]"#);
        body.on_behalf_of = Some("Finance".into());
        let issued = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
        let shown = world.issuer.passport(&issued.passport_id).await.unwrap();
        assert_eq!((shown.agent_id.as_str(), shown.issued_by.as_str(), shown.state), ("ollie", "admin", PassportState::Live));
        assert_eq!(shown.on_behalf_of.as_deref(), Some("Finance"));
        assert!(shown.grants.get().contains(r#""type":"permission_passport""#), "{}", shown.grants);
        assert_eq!(shown.describe.clone().unwrap(), ["may `buy` on `commerce`, with `n` at most 1.50"]);
        let listed = world.issuer.passports(PassportQuery::default()).await.unwrap().items;
        assert!(listed.iter().all(|passport| passport.describe.is_none()));
        let text = serde_json::to_string(&shown).unwrap();
        assert!(!text.contains("eyJ"), "{text}");
        assert_eq!(world.issuer.passport("pp_none").await.unwrap_err().code(), "not_found");
    }

    #[tokio::test]
    async fn a_revocation_denies_at_once_and_is_recorded() {
        let world = World::new().await;
        let (ollie, role) = (world.ollie().await, world.role("auditor").await);
        let caller = world.admin("passports.revoke", "issuer/passports").await;
        let reason = RevokePassport { reason: Some("lost".into()) };
        let revoked = world.issuer.revoke_passport(&caller, &ollie.passport_id, reason.clone()).await.unwrap();
        assert_eq!((revoked.state, revoked.revoke_reason.as_deref()), (PassportState::Revoked, Some("lost")));
        let change = world.last_change(&caller, "passport_revoked").await;
        assert_eq!((&change["passportId"], &change["reason"]), (&json!(ollie.passport_id), &json!("lost")));
        assert_eq!(world.reason(&ollie.passport).await, "revoked");

        let theirs = world.issuer.passports(PassportQuery { agent_id: Some("the-auditor".into()), ..Default::default() }).await.unwrap();
        world.issuer.revoke_passport(&caller, &theirs.items[0].passport_id, RevokePassport::default()).await.unwrap();
        assert_eq!(world.gate(&role, "audit.read", "issuer/audit").await, "revoked");

        let events = world.log().await.len();
        world.issuer.revoke_passport(&caller, &ollie.passport_id, reason).await.unwrap();
        assert_eq!(world.log().await.len(), events, "again is no change");
        let bad = RevokePassport { reason: Some("x".repeat(257)) };
        assert_eq!(pointers(&world.issuer.revoke_passport(&caller, "x", bad).await.unwrap_err()), ["/reason"]);
        assert_eq!(world.issuer.revoke_passport(&caller, "x", RevokePassport::default()).await.unwrap_err().code(), "not_found");
    }

    #[tokio::test]
    async fn passports_are_listed_by_agent_and_state() {
        let world = World::new().await;
        let first = world.ollie().await;
        world.place.clock.advance(1_800);
        let second = world.passport("ollie", SHOP, SHOPPING).await;
        world.place.clock.advance(1_800);
        let ask = async |state, limit, cursor| {
            let query = PassportQuery { agent_id: Some("ollie".into()), state, limit, cursor, ..PassportQuery::default() };
            let page = world.issuer.passports(query).await.unwrap();
            (page.items.into_iter().map(|passport| passport.passport_id).collect::<Vec<_>>(), page.next_cursor)
        };
        let (page, next) = ask(None, Some(1), None).await;
        assert_eq!(page, [second.passport_id.as_str()]);
        assert_eq!(ask(None, Some(1), next).await.0, [first.passport_id.as_str()]);
        assert_eq!(ask(Some(PassportState::Expired), None, None).await.0, [first.passport_id.as_str()]);
        assert_eq!(ask(Some(PassportState::Live), None, None).await.0, [second.passport_id.as_str()]);
        assert!(ask(Some(PassportState::Revoked), None, None).await.0.is_empty());
        let bad = PassportQuery { cursor: Some("x".into()), ..PassportQuery::default() };
        assert_eq!(world.issuer.passports(bad).await.unwrap_err().code(), "invalid_query");
    }
}
