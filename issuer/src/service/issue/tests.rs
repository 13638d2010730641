use passport_shared::jose::{Algorithm, Compact};
use passport_shared::unverified::UnverifiedPassport;
use serde_json::{Value, json};

use crate::service::testing::{ISSUER, NOW, Place, SHOP, SHOPPING, World, order, pointers, settings};

fn payload(token: &str) -> Value {
    serde_json::from_slice(&Compact::split(token.as_bytes(), 8_192).unwrap().payload).unwrap()
}

#[tokio::test]
async fn a_passport_says_what_was_ordered_and_is_recorded_with_its_event() {
    let world = World::new().await;
    world.agent("ollie").await;
    let mut body = order("ollie", SHOP, SHOPPING);
    body.not_before = passport_shared::time::format(NOW + 10);
    body.on_behalf_of = Some("Finance".into());
    let caller = world.minter().await;
    let issued = world.issuer.issue_passport(&caller, body).await.unwrap();
    let claims = payload(&issued.passport);
    let expected = json!({
        "iss": ISSUER, "sub": "ollie", "aud": [SHOP], "iat": NOW, "nbf": NOW + 10, "exp": NOW + 3_600, "jti": issued.passport_id,
        "onBehalfOf": "Finance", "status": claims["status"],
        "authorization_details": [{
            "type": "permission_passport", "resource": "commerce", "allowedActions": ["purchase"], "constraints": {"amount": {"max": "500.00"}},
        }],
    });
    assert_eq!(claims, expected);
    assert!(issued.passport_id.starts_with("pp_"));
    assert_eq!(UnverifiedPassport::read(issued.passport.as_bytes()).unwrap().key_id(), issued.key_id);
    let change = world.last_change(&caller, "passport_issued").await;
    assert_eq!((&change["passportId"], &change["agentId"]), (&json!(issued.passport_id), &json!("ollie")));
    let stored = world.issuer.store().passport(&issued.passport_id).await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&stored.claims).unwrap(), claims);
}

#[tokio::test]
async fn no_token_is_kept_anywhere_on_disk() {
    let world = World::new().await;
    let ollie = world.ollie().await;
    world.issuer.close().await.unwrap();
    let signature = ollie.passport.rsplit('.').next().unwrap();
    for entry in std::fs::read_dir(world.place.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let bytes = std::fs::read(&path).unwrap();
            assert!(!bytes.windows(signature.len()).any(|window| window == signature.as_bytes()), "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_passport_that_begins_later_or_needs_a_proof_is_issued_and_checked_too() {
    let world = World::new().await;
    world.agent("ollie").await;
    let mut body = order("ollie", SHOP, SHOPPING);
    body.expires_in = Some(80 * 86_400);
    body.not_before = passport_shared::time::format(NOW + 60 * 86_400);
    let later = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    assert_eq!(world.reason(&later.passport).await, "not_yet_valid");
    let mut body = order("ollie", SHOP, SHOPPING);
    body.cnf = Some(serde_json::value::RawValue::from_string(r#"{ "jkt": "x" }"#.into()).unwrap());
    let bound = world.issuer.issue_passport(&world.minter().await, body).await.unwrap();
    assert_eq!(world.reason(&bound.passport).await, "proof_required");
}

#[tokio::test]
async fn an_agent_must_be_there_and_a_body_sound() {
    let world = World::new().await;
    let caller = world.minter().await;
    assert_eq!(world.issuer.issue_passport(&caller, order("nobody", SHOP, SHOPPING)).await.unwrap_err().code(), "not_found");
    let before = world.log().await.len();
    let error = world.issuer.issue_passport(&caller, order("admin", SHOP, r#"[{"resource":"a"}]"#)).await.unwrap_err();
    assert_eq!((error.status(), pointers(&error)), (422, vec!["/grants/0"]));
    assert_eq!(world.log().await.len(), before);
}

#[tokio::test]
async fn a_passport_that_verifiers_would_find_too_long_is_not_issued() {
    let world = World::new().await;
    world.agent("ollie").await;
    let grant = |length: usize| {
        let actions: Vec<String> = (0..length).map(|n| format!("\"{n:0>100}\"")).collect();
        format!(r#"[{{"resource":"commerce","allowedActions":[{}]}}]"#, actions.join(","))
    };
    let (mut fits, mut refused) = (None, None);
    for length in 40..=64 {
        match world.issuer.issue_passport(&world.minter().await, order("ollie", SHOP, &grant(length))).await {
            Ok(issued) => fits = Some(issued.passport.len()),
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    assert!(fits.is_some_and(|bytes| (7_900..=8_192).contains(&bytes)), "{fits:?}");
    let error = refused.expect("one was too long");
    assert_eq!((error.code(), pointers(&error)), ("invalid_body", vec!["/grants"]));
    assert!(error.to_string().contains("more than the 8192"), "{error}");
}

#[tokio::test]
async fn nobody_mints_more_on_the_issuer_than_they_hold() {
    let world = World::new().await;
    world.agent("ollie").await;
    let role = world.role("issuer").await;
    let mint = async |audience: &str, grants: &str, seconds: u64| {
        let caller = world.issuer.authorize(Some(&role), "passports.issue", "issuer/passports", &[]).await.unwrap();
        let mut body = order("ollie", audience, grants);
        body.expires_in = Some(seconds);
        world.issuer.issue_passport(&caller, body).await
    };
    let agents = r#"[{"resource":"issuer/agents","allowedActions":["agents.read"]}]"#;
    let keys = r#"[{"resource":"calendar","allowedActions":["read"]},{"resource":"issuer/keys","allowedActions":["keys.rotate"]}]"#;
    assert!(mint(ISSUER, agents, 3_600).await.is_ok());
    let error = mint(ISSUER, keys, 3_600).await.unwrap_err();
    assert_eq!((error.status(), error.code(), pointers(&error)), (403, "not_held", vec!["/grants/1"]));
    let error = mint(ISSUER, agents, 3_601).await.unwrap_err();
    assert_eq!((error.code(), pointers(&error)), ("not_held", vec!["/expiresIn"]), "nor does it outlive its maker's");
    assert!(mint(SHOP, keys, 7_200).await.is_ok(), "for another service it is that service's business");
    // Everything is more than agents and passports, however it is written.
    for resource in ["**", "issuer/**", "*/keys", "issuer/*", "*/**", "issuer"] {
        let grants = format!(r#"[{{"resource":"{resource}","allowedActions":["keys.rotate"]}}]"#);
        assert_eq!(mint(ISSUER, &grants, 60).await.unwrap_err().code(), "not_held", "{resource}");
    }
}

#[tokio::test]
async fn a_disabled_agent_mints_nothing() {
    let world = World::new().await;
    let role = world.role("issuer").await;
    let caller = world.admin("agents.write", "issuer/agents").await;
    world.issuer.disable_agent(&caller, "the-issuer", Default::default()).await.unwrap();
    assert_eq!(world.gate(&role, "passports.issue", "issuer/passports").await, "revoked");
}

#[tokio::test]
async fn an_issuer_may_name_its_algorithm_as_rfc_9864_does() {
    let place = Place::new();
    let settings = crate::service::Settings { algorithm: Algorithm::Ed25519, ..settings() };
    let (issuer, admin) = place.try_start(settings).await.unwrap();
    let token = admin.unwrap().passport;
    assert!(issuer.authorize(Some(&token), "keys.read", "issuer/keys", &[]).await.is_ok());
    assert_eq!(issuer.metadata().signing_alg_values_supported, ["Ed25519"]);
    let header = passport_shared::jose::decode(token.split('.').next().unwrap()).unwrap();
    assert!(String::from_utf8(header).unwrap().contains(r#""alg":"Ed25519""#));
}

#[tokio::test]
async fn a_passport_signed_while_another_process_rotates_is_signed_again() {
    let world = World::new().await;
    world.agent("ollie").await;
    // Another process on the same data: this one has not heard of its rotation.
    let (other, none) = world.place.start().await;
    assert!(none.is_none());
    let caller = other.authorize(Some(&world.admin), "keys.rotate", "issuer/keys", &[]).await.unwrap();
    let active = other.rotate_keys(&caller).await.unwrap().items.into_iter().find(|key| key.state == "active").unwrap();
    let ollie = world.ollie().await;
    assert_eq!(ollie.key_id, active.key_id);
    assert_eq!(world.reason(&ollie.passport).await, "granted");
}

#[tokio::test]
async fn a_place_of_a_revoked_passport_is_drawn_past() {
    let world = World::new().await;
    let revoker = world.admin("passports.revoke", "issuer/passports").await;
    // Each list fills up with revoked places to its half: many draws hit one.
    for _ in 0..100 {
        let issued = world.ollie().await;
        assert_eq!(world.reason(&issued.passport).await, "granted");
        world.issuer.revoke_passport(&revoker, &issued.passport_id, Default::default()).await.unwrap();
    }
}
