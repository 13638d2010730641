//! Many passports revoked at once, or counted first.

use passport_shared::api::passports::{RevokePassports, RevokedPassports};
use passport_shared::fault::{Faults, Place};
use serde_json::{Value, json};

use super::{Caller, Issuer, ServiceError, check};
use crate::store::{LiveFilter, Maker, MatchedPassports, StoreError};

impl Issuer {
    /// Revokes all live passports that the body's filter finds: on return the gate and the published status lists deny
    /// them. It is one change with one event, which names the filter, the number and the first of the ids. The caller's
    /// own passport is not spared. In a dry run they are only counted.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], also where no filter is given.
    pub async fn revoke_passports(&self, caller: &Caller, body: RevokePassports) -> Result<RevokedPassports, ServiceError> {
        let (filter, reason) = read(&body, self.now())?;
        let Some(reason) = reason else {
            return Ok(shown(self.store().find_passports(filter).await?, true));
        };
        let author = caller.author().clone();
        let maker = author.passport_id.clone().map(|passport_id| Maker { passport_id, at: filter.now });
        let (issuer, parts) = (self.clone(), self.inner.parts.clone());
        self.see_through(async move {
            let event_reason = reason.clone();
            let event = move |matched: &MatchedPassports| {
                let change = json!({
                    "type": "passports_revoked",
                    "filter": named(&body),
                    "reason": event_reason,
                    "revoked": matched.count,
                    "passportIds": matched.passport_ids,
                });
                parts.admin_event(&author, &change).map_err(|error| StoreError::Corrupt { what: "a decision", source: error.into() })
            };
            let outcome = issuer.store().revoke_passports(filter, &reason, maker, Box::new(event)).await;
            let done = issuer.after_change(outcome, |done| done.trust_sequence).await?;
            Ok(shown(done.matched, false))
        })
        .await
    }
}

/// The filter, and the reason unless it is a dry run.
fn read(body: &RevokePassports, now: i64) -> Result<(LiveFilter, Option<String>), ServiceError> {
    let root = Place::root("");
    let mut faults = Faults::default();
    for (name, value) in [
        ("agentId", &body.agent_id),
        ("keyId", &body.key_id),
        ("issuedBy", &body.issued_by),
        ("template", &body.template),
        ("reason", &body.reason),
    ] {
        check::optional_name(value.as_deref(), &root.name(name), &mut faults);
    }
    let mut time = |name, text: &Option<String>| text.as_deref().and_then(|text| check::time(text, &root.name(name), &mut faults));
    let (issued_from, issued_before) = (time("issuedFrom", &body.issued_from), time("issuedBefore", &body.issued_before));
    if let (Some(from), Some(before)) = (issued_from, issued_before)
        && before <= from
    {
        faults.note::<()>(&root.name("issuedBefore"), "it must be later than `issuedFrom`, or no passport can match");
    }
    if !body.dry_run && body.reason.is_none() {
        faults.note::<()>(&root.name("reason"), "say why, for the record; only with `dryRun` it may be left out");
    }
    // An empty filter would mean every passport there is, the caller's own among them: nobody says that by leaving out.
    if named(body).as_object().is_none_or(serde_json::Map::is_empty) {
        let problem = "give at least one of `agentId`, `keyId`, `issuedBy`, `template`, `issuedFrom` and `issuedBefore`";
        faults.note::<()>(&root, problem);
    }
    check::done(faults)?;
    let filter = LiveFilter {
        agent_id: body.agent_id.clone(),
        key_id: body.key_id.clone(),
        issued_by: body.issued_by.clone(),
        template: body.template.clone(),
        issued_from,
        issued_before,
        now,
    };
    Ok((filter, body.reason.clone().filter(|_| !body.dry_run)))
}

/// The filter as it was given, for the event.
fn named(body: &RevokePassports) -> Value {
    let members = [
        ("agentId", &body.agent_id),
        ("keyId", &body.key_id),
        ("issuedBy", &body.issued_by),
        ("template", &body.template),
        ("issuedFrom", &body.issued_from),
        ("issuedBefore", &body.issued_before),
    ];
    members.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}

fn shown(matched: MatchedPassports, dry_run: bool) -> RevokedPassports {
    let revoked = if dry_run { 0 } else { matched.count };
    RevokedPassports { matched: matched.count, revoked, passport_ids: matched.passport_ids }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::{SHOP, SHOPPING, World, pointers};

    fn of(agent_id: &str) -> RevokePassports {
        RevokePassports { agent_id: Some(agent_id.into()), reason: Some("stolen".into()), ..Default::default() }
    }

    #[tokio::test]
    async fn all_passports_of_an_agent_are_denied_at_once_and_one_event_names_them() {
        let world = World::new().await;
        let (first, second) = (world.ollie().await, world.passport("ollie", SHOP, SHOPPING).await);
        world.agent("other").await;
        let other = world.passport("other", SHOP, SHOPPING).await;
        let caller = world.admin("passports.revoke", "issuer/passports").await;
        let before = world.log().await.len();
        let done = world.issuer.revoke_passports(&caller, of("ollie")).await.unwrap();
        let ids = vec![first.passport_id.clone(), second.passport_id.clone()];
        assert_eq!(done, RevokedPassports { matched: 2, revoked: 2, passport_ids: ids.clone() });
        for (token, reason) in [(&first, "revoked"), (&second, "revoked"), (&other, "granted")] {
            assert_eq!(world.reason(&token.passport).await, reason);
        }
        assert_eq!(world.log().await.len(), before + 1);
        let change = world.last_change(&caller, "passports_revoked").await;
        let told = (&change["filter"], &change["revoked"], &change["passportIds"], &change["reason"]);
        assert_eq!(told, (&json!({"agentId": "ollie"}), &json!(2), &json!(ids), &json!("stolen")));
        assert_eq!(world.issuer.revoke_passports(&caller, of("ollie")).await.unwrap().matched, 0, "again finds none");
        assert_eq!(world.log().await.len(), before + 1);
    }

    #[tokio::test]
    async fn a_dry_run_counts_and_changes_nothing() {
        let world = World::new().await;
        let ollie = world.ollie().await;
        let caller = world.admin("passports.revoke", "issuer/passports").await;
        let before = world.log().await.len();
        let body = RevokePassports { reason: None, dry_run: true, ..of("ollie") };
        let done = world.issuer.revoke_passports(&caller, body).await.unwrap();
        assert_eq!(done, RevokedPassports { matched: 1, revoked: 0, passport_ids: vec![ollie.passport_id.clone()] });
        assert_eq!((world.reason(&ollie.passport).await.as_str(), world.log().await.len()), ("granted", before));
    }

    #[tokio::test]
    async fn what_somebody_issued_before_a_time_can_be_taken_back() {
        let world = World::new().await;
        let old = world.ollie().await;
        world.place.clock.advance(100);
        let new = world.passport("ollie", SHOP, SHOPPING).await;
        let caller = world.admin("passports.revoke", "issuer/passports").await;
        let at = world.issuer.passport(&new.passport_id).await.unwrap().issued_at;
        let body = RevokePassports { agent_id: None, issued_before: Some(at), issued_by: Some("admin".into()), ..of("ollie") };
        world.issuer.revoke_passports(&caller, body).await.unwrap();
        assert_eq!((world.reason(&old.passport).await.as_str(), world.reason(&new.passport).await.as_str()), ("revoked", "granted"));
    }

    #[tokio::test]
    async fn no_filter_and_no_reason_revoke_nothing() {
        let world = World::new().await;
        let ollie = world.ollie().await;
        let caller = world.admin("passports.revoke", "issuer/passports").await;
        let time = |text: &str| Some(text.to_owned());
        let cases: [(RevokePassports, &[&str]); 5] = [
            (RevokePassports { agent_id: None, ..of("") }, &[""]),
            (RevokePassports { reason: None, ..of("ollie") }, &["/reason"]),
            (of(""), &["/agentId"]),
            (RevokePassports { issued_from: time("yesterday"), ..of("ollie") }, &["/issuedFrom"]),
            (
                RevokePassports { issued_from: time("2026-01-01T00:00:00Z"), issued_before: time("2026-01-01T00:00:00Z"), ..of("ollie") },
                &["/issuedBefore"],
            ),
        ];
        for (body, wrong) in cases {
            let error = world.issuer.revoke_passports(&caller, body).await.unwrap_err();
            assert_eq!((error.status(), pointers(&error).as_slice()), (422, wrong));
        }
        assert_eq!(world.reason(&ollie.passport).await, "granted");
    }
}
