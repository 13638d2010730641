use passport_keys::sign_token;
use passport_shared::api::keys::RevokeKey;
use passport_shared::api::passports::{IssuePassport, PassportState, RevokePassport};
use passport_shared::jose::{Algorithm, TokenType};
use passport_shared::time;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::super::order::RENEWABLE;
use super::*;
use crate::service::testing::{ISSUER, NOW, SHOP, SHOPPING, World, order, pointers};

fn renewable(agent: &str, audience: &str, grants: &str) -> IssuePassport {
    IssuePassport { renew_until: time::format(NOW + 86_400), ..order(agent, audience, grants) }
}

async fn ollie(world: &World) -> IssuedPassport {
    world.agent("ollie").await;
    let body = IssuePassport { on_behalf_of: Some("Finance".into()), ..renewable("ollie", SHOP, SHOPPING) };
    world.issuer.issue_passport(&world.minter().await, body).await.unwrap()
}

async fn renew(world: &World, token: &str, body: RenewPassport) -> Result<IssuedPassport, ServiceError> {
    let holder = world.issuer.holder(Some(token)).await.unwrap();
    world.issuer.renew_passport(&holder, &body).await
}

fn claims(token: &str) -> Value {
    serde_json::from_slice(&Compact::split(token.as_bytes(), 8_192).unwrap().payload).unwrap()
}

fn asked(grants: &str) -> RenewPassport {
    RenewPassport { grants: Some(RawValue::from_string(grants.to_owned()).unwrap()), ..RenewPassport::default() }
}

#[tokio::test]
async fn a_passport_is_exchanged_for_one_that_says_the_same_from_now() {
    let world = World::new().await;
    let old = ollie(&world).await;
    assert_eq!(old.renew_until, time::format(NOW + 86_400));
    world.place.clock.advance(600);
    let fresh = renew(&world, &old.passport, RenewPassport::default()).await.unwrap();
    let (before, after) = (claims(&old.passport), claims(&fresh.passport));
    for same in ["iss", "sub", "aud", "onBehalfOf", "authorization_details"] {
        assert_eq!(before[same], after[same], "{same}");
        assert!(!after[same].is_null(), "{same}");
    }
    assert_eq!((&after["iat"], &after["exp"]), (&json!(NOW + 600), &json!(NOW + 600 + 3_600)), "as long as the old one lived");
    assert_ne!(before["jti"], after["jti"]);
    for token in [&old, &fresh] {
        assert_eq!(world.reason(&token.passport).await, "granted", "the old one stays good until it ends");
    }
    let shown = world.issuer.passport(&fresh.passport_id).await.unwrap();
    assert_eq!((shown.lineage, shown.renewed_from), (old.passport_id.clone(), Some(old.passport_id.clone())));
    assert_eq!((shown.renew_until.as_deref(), shown.issued_by.as_str()), (old.renew_until.as_deref(), "ollie"));

    let event = world.log().await.into_iter().next().unwrap();
    let body: Value = serde_json::from_str(&event.event.body).unwrap();
    assert_eq!((event.reporter.as_str(), event.event.passport_id.as_deref()), ("ollie", Some(old.passport_id.as_str())));
    assert_eq!((&body["action"], &body["change"]["type"]), (&json!("passports.renew"), &json!("passport_renewed")));
    assert_eq!((&body["change"]["passportId"], &body["change"]["renews"]), (&json!(fresh.passport_id), &json!(old.passport_id)));
    assert!(!event.event.body.contains("eyJ"), "{}", event.event.body);
}

#[tokio::test]
async fn only_what_its_maker_allowed_is_renewed_and_only_so_long() {
    let world = World::new().await;
    let plain = world.ollie().await;
    let refused = renew(&world, &plain.passport, RenewPassport::default()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (403, "not_renewable"));

    world.agent("olga").await;
    let old = world.issuer.issue_passport(&world.minter().await, renewable("olga", SHOP, SHOPPING)).await.unwrap();
    let bound = time::format(NOW + 86_400).unwrap();
    for (body, pointer) in [
        (RenewPassport { expires_in: Some(86_401), ..RenewPassport::default() }, "/expiresIn"),
        (RenewPassport { expires_at: time::format(NOW + 86_401), ..RenewPassport::default() }, "/expiresAt"),
        (RenewPassport { expires_in: Some(u64::MAX), ..RenewPassport::default() }, "/expiresIn"),
    ] {
        let refused = renew(&world, &old.passport, body).await.unwrap_err();
        assert_eq!(pointers(&refused), [pointer]);
        assert!(refused.to_string().contains(&bound), "{refused}");
    }
    for (body, pointer) in [
        (RenewPassport { expires_in: Some(0), ..RenewPassport::default() }, "/expiresIn"),
        (RenewPassport { expires_at: Some("soon".into()), ..RenewPassport::default() }, "/expiresAt"),
        (RenewPassport { expires_at: time::format(NOW), ..RenewPassport::default() }, "/expiresAt"),
        (RenewPassport { expires_in: Some(1), expires_at: time::format(NOW + 1), ..RenewPassport::default() }, "/expiresAt"),
    ] {
        assert_eq!(pointers(&renew(&world, &old.passport, body).await.unwrap_err()), [pointer]);
    }
    let longest = RenewPassport { expires_in: Some(86_400), ..RenewPassport::default() };
    let longest = renew(&world, &old.passport, longest).await.unwrap();
    assert_eq!(longest.expires_at, bound);
    // Its life is a day; what is left of the time is less.
    world.place.clock.advance(80_000);
    let last = renew(&world, &longest.passport, RenewPassport::default()).await.unwrap();
    assert_eq!(last.expires_at, bound);
    world.place.clock.advance(6_400);
    assert_eq!(world.issuer.holder(Some(&last.passport)).await.unwrap_err().code(), "expired");
}

#[tokio::test]
async fn no_renewal_lives_longer_than_a_passport_may_nor_begins_after_the_time_is_over() {
    let world = World::new().await;
    world.agent("ollie").await;
    let most = world.issuer.settings().max_passport_life;
    let mut body = renewable("ollie", SHOP, SHOPPING);
    (body.expires_in, body.renew_until) = (Some(most.unsigned_abs()), time::format(NOW + RENEWABLE));
    let old = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    world.place.clock.advance(1_000);
    let fresh = renew(&world, &old.passport, RenewPassport::default()).await.unwrap();
    assert_eq!(claims(&fresh.passport)["exp"], NOW + 1_000 + most);
    let stored = world.issuer.store().passport(&old.passport_id).await.unwrap();
    let over = store::Passport { renew_until: Some(NOW), ..stored };
    let refused = Order::renewal(&over, &RenewPassport::default(), world.issuer.settings(), NOW).unwrap_err();
    assert_eq!((refused.status(), refused.code()), (403, "renewal_over"));
}

#[tokio::test]
async fn fewer_grants_are_given_and_more_are_not() {
    let world = World::new().await;
    let old = ollie(&world).await;
    let narrower = r#"[{"resource":"commerce","allowedActions":["purchase"],"constraints":{"amount":{"max":"3"}}}]"#;
    let fresh = renew(&world, &old.passport, asked(narrower)).await.unwrap();
    assert_eq!((world.reason(&old.passport).await.as_str(), world.reason(&fresh.passport).await.as_str()), ("granted", "constraint_unmet"));
    let before = world.log().await.len();
    for (token, more) in [(&old, r#"[{"resource":"commerce","allowedActions":["purchase"]}]"#), (&fresh, SHOPPING)] {
        let refused = renew(&world, &token.passport, asked(more)).await.unwrap_err();
        assert_eq!((refused.status(), refused.code(), pointers(&refused)), (403, "not_held", vec!["/grants/0"]));
    }
    assert_eq!(pointers(&renew(&world, &old.passport, asked(r#"[{"resource":"x"}]"#)).await.unwrap_err()), ["/grants/0"]);
    assert_eq!(world.log().await.len(), before);
}

#[tokio::test]
async fn a_token_that_the_issuer_never_signed_as_it_is_renews_nothing_whoever_signed_it() {
    let world = World::new().await;
    let old = ollie(&world).await;
    world.issuer.rotate_keys(&world.admin("keys.rotate", "issuer/keys").await).await.unwrap();
    let later = world.ollie().await;
    // A thief with both keys: they sign what they like, under names that are real.
    let vault = world.place.vault();
    let forge = |key: &str, change: &dyn Fn(&mut Value)| {
        let mut forged = claims(&old.passport);
        change(&mut forged);
        sign_token(&vault, &key.parse().unwrap(), TokenType::Passport, Algorithm::EdDsa, forged.to_string().as_bytes()).unwrap()
    };
    let more = json!([{"type": "permission_passport", "resource": "**", "allowedActions": ["*"]}]);
    let forged = [
        forge(&old.key_id, &|claims| claims["authorization_details"] = more.clone()),
        forge(&old.key_id, &|claims| claims["exp"] = json!(NOW + 7_200)),
        forge(&old.key_id, &|claims| claims["jti"] = json!("pp_unknown")),
        forge(&later.key_id, &|_| {}),
    ];
    let before = world.log().await.len();
    let told: Vec<(u16, String, Option<&str>)> = {
        let mut told = Vec::new();
        for token in &forged {
            let refused = renew(&world, token, RenewPassport::default()).await.unwrap_err();
            told.push((refused.status(), refused.code().to_owned(), refused.challenge()));
        }
        told
    };
    for one in told {
        assert_eq!(one, (401, "revoked".to_owned(), Some("Bearer error=\"invalid_token\"")), "alike, whatever is wrong");
    }
    assert_eq!(world.log().await.len(), before);
    assert!(renew(&world, &old.passport, RenewPassport::default()).await.is_ok());
}

#[tokio::test]
async fn whichever_of_a_lineage_is_revoked_all_are_denied_and_the_event_names_them() {
    let world = World::new().await;
    let first = ollie(&world).await;
    let second = renew(&world, &first.passport, RenewPassport::default()).await.unwrap();
    let third = renew(&world, &second.passport, RenewPassport::default()).await.unwrap();
    let holder = world.issuer.holder(Some(&third.passport)).await.unwrap();
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &second.passport_id, RevokePassport::default()).await.unwrap();
    let change = world.last_change(&caller, "passport_revoked").await;
    let all = json!([first.passport_id, second.passport_id, third.passport_id]);
    assert_eq!((&change["passportId"], &change["revoked"], &change["passportIds"]), (&json!(second.passport_id), &json!(3), &all));
    for token in [&first, &second, &third] {
        assert_eq!(world.reason(&token.passport).await, "revoked");
    }
    // Let through before, and looked at again when it is written.
    let refused = world.issuer.renew_passport(&holder, &RenewPassport::default()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (401, "revoked"));
}

#[tokio::test]
async fn a_disabled_agent_renews_nothing_not_even_what_it_was_let_through_with() {
    let world = World::new().await;
    let (first, writer) = (ollie(&world).await, world.admin("agents.write", "issuer/agents").await);
    let second = renew(&world, &first.passport, RenewPassport::default()).await.unwrap();
    let holder = world.issuer.holder(Some(&second.passport)).await.unwrap();
    let disabled = world.issuer.disable_agent(&writer, "ollie", Default::default()).await.unwrap();
    assert_eq!(disabled.revoked_passports, 2);
    let refused = world.issuer.renew_passport(&holder, &RenewPassport::default()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (401, "revoked"));
    world.issuer.enable_agent(&writer, "ollie").await.unwrap();
    let refused = world.issuer.renew_passport(&holder, &RenewPassport::default()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code()), (401, "revoked"), "enabling revives nothing");
    assert_eq!(world.issuer.holder(Some(&first.passport)).await.unwrap_err().code(), "revoked");
}

#[tokio::test]
async fn a_revoked_key_takes_what_was_renewed_under_the_next_and_the_newest_is_issued_anew() {
    let world = World::new().await;
    let first = ollie(&world).await;
    world.issuer.rotate_keys(&world.admin("keys.rotate", "issuer/keys").await).await.unwrap();
    let second = renew(&world, &first.passport, RenewPassport::default()).await.unwrap();
    assert_ne!(first.key_id, second.key_id);
    let body = RevokeKey { reason: "stolen".into(), reissue: true, after: None };
    let answer = world.issuer.revoke_key(&world.admin("keys.revoke", "issuer/keys").await, &first.key_id, body).await.unwrap();
    assert_eq!((world.reason(&first.passport).await.as_str(), world.reason(&second.passport).await.as_str()), ("key_revoked", "revoked"));
    let entry = |id: &str| answer.affected.iter().find(|entry| entry.passport_id == id).unwrap();
    assert_eq!(entry(&first.passport_id).refused.as_ref().unwrap().code, "renewed_since");
    let fresh = entry(&second.passport_id).reissued.as_ref().unwrap();
    assert_eq!(world.reason(&fresh.passport).await, "granted");
    let shown = world.issuer.passport(&second.passport_id).await.unwrap();
    assert_eq!((shown.state, shown.revoke_reason.as_deref()), (PassportState::Revoked, Some("stolen")));
    // It begins a lineage of its own, and can be renewed as long as the old one.
    let again = renew(&world, &fresh.passport, RenewPassport::default()).await.unwrap();
    let shown = world.issuer.passport(&again.passport_id).await.unwrap();
    assert_eq!((shown.lineage.as_str(), shown.renew_until), (fresh.passport_id.as_str(), first.renew_until));
}

#[tokio::test]
async fn a_callers_own_passport_is_issued_anew_though_it_has_renewed_it_since() {
    let world = World::new().await;
    world.agent("keeper").await;
    let grants = r#"[{"resource":"issuer/keys","allowedActions":["keys.revoke"]},{"resource":"issuer/passports","allowedActions":["passports.issue"]}]"#;
    let own = world.issuer.issue_passport(&world.minter().await, renewable("keeper", ISSUER, grants)).await.unwrap();
    let newer = renew(&world, &own.passport, RenewPassport::default()).await.unwrap();
    let caller = world.issuer.authorize(Some(&own.passport), "keys.revoke", "issuer/keys", &[]).await.unwrap();
    let body = RevokeKey { reason: "stolen".into(), reissue: true, after: None };
    let answer = world.issuer.revoke_key(&caller, &own.key_id, body).await.unwrap();
    assert!(answer.affected[0].own);
    assert_eq!(answer.affected[0].reissued.as_ref().unwrap().renew_until, own.renew_until);
    let other = answer.affected.iter().find(|entry| entry.passport_id == newer.passport_id).unwrap();
    assert_eq!(other.refused.as_ref().unwrap().code, "renewed_since");
}

#[tokio::test]
async fn what_is_issued_anew_at_the_issuer_is_renewable_no_longer_than_its_new_maker_holds_it() {
    let world = World::new().await;
    world.agent("auditor").await;
    let grants = r#"[{"resource":"issuer/audit","allowedActions":["audit.read"]}]"#;
    let old = world.issuer.issue_passport(&world.minter().await, renewable("auditor", ISSUER, grants)).await.unwrap();
    world.issuer.rotate_keys(&world.admin("keys.rotate", "issuer/keys").await).await.unwrap();
    world.agent("keeper").await;
    let all = r#"[{"resource":"issuer/**","allowedActions":["*"]}]"#;
    let body = IssuePassport { expires_in: Some(7_200), ..order("keeper", ISSUER, all) };
    let keeper = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    let caller = world.issuer.authorize(Some(&keeper.passport), "keys.revoke", "issuer/keys", &[]).await.unwrap();
    let body = RevokeKey { reason: "stolen".into(), reissue: true, after: Some("0.pp_none".into()) };
    let answer = world.issuer.revoke_key(&caller, &old.key_id, body).await.unwrap();
    let entry = answer.affected.iter().find(|entry| entry.passport_id == old.passport_id).unwrap();
    assert_eq!(entry.reissued.as_ref().unwrap().renew_until, time::format(NOW + 7_200));
}

#[tokio::test]
async fn nobody_makes_renewable_at_the_issuer_what_they_will_not_hold_that_long() {
    let world = World::new().await;
    world.agent("ollie").await;
    let role = world.role("issuer").await;
    let mint = async |audience: &str, grants: &str, until: i64| {
        let caller = world.issuer.authorize(Some(&role), "passports.issue", "issuer/passports", &[]).await.unwrap();
        let body = IssuePassport { expires_in: Some(600), renew_until: time::format(NOW + until), ..order("ollie", audience, grants) };
        world.issuer.issue_passport(&caller, body).await
    };
    let agents = r#"[{"resource":"issuer/agents","allowedActions":["agents.read"]}]"#;
    assert!(mint(ISSUER, agents, 3_600).await.is_ok());
    let refused = mint(ISSUER, agents, 3_601).await.unwrap_err();
    assert_eq!((refused.code(), pointers(&refused)), ("not_held", vec!["/renewUntil"]));
    assert!(mint(SHOP, agents, 3_601).await.is_ok(), "for another service it is that service's business");

    // A grant that its maker holds for a while cannot outlive that by renewal.
    let brief = json!([
        {"resource": "issuer/passports", "allowedActions": ["passports.issue"]},
        {"resource": "issuer/agents", "allowedActions": ["agents.read"], "expiresAt": time::format(NOW + 900)},
    ]);
    let maker = world.passport("brief", ISSUER, &brief.to_string()).await.passport;
    let caller = world.issuer.authorize(Some(&maker), "passports.issue", "issuer/passports", &[]).await.unwrap();
    let body =
        |until: i64| IssuePassport { expires_in: Some(600), renew_until: time::format(NOW + until), ..order("ollie", ISSUER, agents) };
    assert_eq!(pointers(&world.issuer.issue_passport(&caller, body(901)).await.unwrap_err()), ["/grants/0"]);
    assert!(world.issuer.issue_passport(&caller, body(900)).await.is_ok());
}

#[tokio::test]
async fn a_lost_answer_locks_nobody_out_and_a_lineage_is_no_source_without_end() {
    let world = World::new().await;
    let old = ollie(&world).await;
    for _ in 0..7 {
        renew(&world, &old.passport, RenewPassport { expires_in: Some(1), ..RenewPassport::default() }).await.unwrap();
    }
    let refused = renew(&world, &old.passport, RenewPassport::default()).await.unwrap_err();
    assert_eq!((refused.status(), refused.code(), refused.retry_after()), (409, "too_many_renewed", Some(60)));
    world.place.clock.advance(60);
    assert!(renew(&world, &old.passport, RenewPassport::default()).await.is_ok());
}

#[tokio::test]
async fn what_a_passport_hides_is_in_a_claim_of_its_own_and_no_renewal_takes_it_out() {
    let world = World::new().await;
    world.agent("ollie").await;
    let grants = r#"[{"resource":"commerce","allowedActions":["purchase","look"],"shownAttributes":["amount"]}]"#;
    let old = world.issuer.issue_passport(&world.minter().await, renewable("ollie", SHOP, grants)).await.unwrap();
    let hidden = json!([{"resource": "commerce", "shown": ["amount"]}]);
    let before = claims(&old.passport);
    assert_eq!(before["hiddenAttributes"], hidden);
    assert_eq!(
        before["authorization_details"],
        json!([{"type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase", "look"]}]),
        "its grants are those of the contract"
    );
    let shown = world.issuer.passport(&old.passport_id).await.unwrap();
    assert_eq!(shown.hidden_attributes.map(|raw| raw.get().to_owned()), Some(hidden.to_string()));
    assert_eq!(shown.hides.unwrap(), ["hides every attribute but `amount` of requests on `commerce`"]);
    let same = renew(&world, &old.passport, RenewPassport::default()).await.unwrap();
    assert_eq!(claims(&same.passport)["hiddenAttributes"], hidden);
    let open = asked(r#"[{"resource":"commerce","allowedActions":["purchase"],"shownAttributes":["amount","card"]}]"#);
    let fewer = renew(&world, &same.passport, open).await.unwrap();
    let now = claims(&fewer.passport)["hiddenAttributes"].clone();
    assert_eq!(now, json!([{"resource": "commerce", "shown": ["amount"]}, {"resource": "commerce", "shown": ["amount", "card"]}]));
}
