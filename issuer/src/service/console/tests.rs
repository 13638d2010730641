use passport_shared::api::agents::DisableAgent;
use passport_shared::api::console::{ConsoleSession, SignIn};
use passport_shared::api::passports::RevokePassport;
use serde_json::{Value, json};

use super::{LINK_LIFE, Permission};
use crate::service::testing::{ISSUER, Place, SHOP, World, settings};
use crate::service::{Credential, Denial, SessionKey, Settings};

const PERMISSIONS: &[Permission] = &[("agents.read", "issuer/agents"), ("keys.read", "issuer/keys"), ("audit.read", "issuer/audit")];
const READS_AGENTS: &str = r#"[{"resource":"issuer/agents","allowedActions":["agents.read"]}]"#;

fn with(passport: &str) -> SignIn {
    SignIn { passport: Some(passport.to_owned()), link: None }
}

fn by(url: &str) -> SignIn {
    SignIn { passport: None, link: Some(url.split_once("#link=").unwrap().1.to_owned()) }
}

impl World {
    async fn signed_in(&self, passport: &str) -> (SessionKey, ConsoleSession) {
        self.enters(with(passport)).await.unwrap()
    }

    async fn enters(&self, body: SignIn) -> Result<(SessionKey, ConsoleSession), Denial> {
        let entrant = self.issuer.entrant(body).await?;
        self.issuer.sign_in(entrant, PERMISSIONS).await.map(|signed_in| (signed_in.key, signed_in.session))
    }

    /// What the gate says to a session that would read agents.
    async fn by_session(&self, key: &SessionKey) -> &'static str {
        let asked = self.issuer.authorize(Credential::Session(key), "agents.read", "issuer/agents", &[]).await;
        asked.map_or_else(|denial| Denial::code(&denial), |_| "granted")
    }
}

fn code<T>(result: Result<T, Denial>) -> &'static str {
    result.err().map_or("granted", |denial| denial.code())
}

#[tokio::test]
async fn a_session_may_what_its_passport_may_and_no_more() {
    let world = World::new().await;
    let passport = world.passport("reader", ISSUER, READS_AGENTS).await;
    let (key, session) = world.signed_in(&passport.passport).await;
    assert_eq!((session.agent_id.as_str(), session.name.as_deref()), ("reader", Some("The agent reader")));
    assert_eq!((session.passport_id, session.may), (passport.passport_id, vec!["agents.read".to_owned()]));
    let caller = world.issuer.authorize(Credential::Session(&key), "agents.read", "issuer/agents", &[]).await.unwrap();
    let bearer = world.issuer.authorize(Some(passport.passport.as_str()), "agents.read", "issuer/agents", &[]).await.unwrap();
    assert_eq!((caller.agent_id(), caller.passport_id()), (bearer.agent_id(), bearer.passport_id()));
    let told = |caller: &crate::service::Caller| {
        let mut decision: Value = serde_json::from_str(caller.decision()).unwrap();
        decision.as_object_mut().unwrap().remove("requestId");
        decision
    };
    assert_eq!(told(&caller), told(&bearer), "it is the same decision");
    for (action, resource) in [("agents.write", "issuer/agents"), ("keys.read", "issuer/keys")] {
        let denied = [Credential::Session(&key), Some(passport.passport.as_str()).into()]
            .map(async |credential: Credential<'_>| world.issuer.authorize(credential, action, resource, &[]).await.unwrap_err());
        let [session, bearer] = denied;
        let (session, bearer) = (session.await, bearer.await);
        assert_eq!((session.code(), session.status()), (bearer.code(), bearer.status()));
        assert_eq!(session.status(), 403);
    }
}

#[tokio::test]
async fn a_session_ends_with_its_passport_its_agent_its_key_and_its_time() {
    let world = World::new().await;
    let sessions = async |agents: &[&str]| {
        let mut keys = Vec::new();
        for agent in agents {
            let passport = world.passport(agent, ISSUER, READS_AGENTS).await;
            keys.push((world.signed_in(&passport.passport).await.0, passport));
        }
        keys
    };
    let keys = sessions(&["one", "two", "three"]).await;
    for (key, _) in &keys {
        assert_eq!(world.by_session(key).await, "granted");
    }
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &keys[0].1.passport_id, RevokePassport::default()).await.unwrap();
    let caller = world.admin("agents.write", "issuer/agents").await;
    world.issuer.disable_agent(&caller, "two", DisableAgent::default()).await.unwrap();
    world.issuer.enable_agent(&caller, "two").await.unwrap();
    assert_eq!([world.by_session(&keys[0].0).await, world.by_session(&keys[1].0).await], ["revoked", "revoked"]);
    assert_eq!(world.by_session(&keys[2].0).await, "granted");
    for (key, _) in &keys[..2] {
        assert_eq!(code(world.issuer.console_session(key, PERMISSIONS).await), "revoked");
        assert_eq!(code(world.issuer.holder(Credential::Session(key)).await), "revoked");
    }
    let key_id = keys[2].1.key_id.clone();
    let caller = world.admin("keys.revoke", "issuer/keys").await;
    let body = serde_json::from_value(json!({"reason": "drill"})).unwrap();
    world.issuer.revoke_key(&caller, &key_id, body).await.unwrap();
    assert_eq!(world.by_session(&keys[2].0).await, "key_revoked");
}

#[tokio::test]
async fn a_session_lasts_as_long_as_is_set_and_never_longer_than_its_passport() {
    let place = Place::new();
    let (issuer, issued) = place.try_start(Settings { console: Some(600), ..settings() }).await.unwrap();
    let world = World { issuer, admin: issued.unwrap().passport, place };
    let (key, _) = world.signed_in(&world.admin).await;
    world.place.clock.advance(599);
    assert_eq!(world.by_session(&key).await, "granted");
    world.place.clock.advance(1);
    assert_eq!(world.by_session(&key).await, "session_over");
    assert_eq!(world.by_session(&SessionKey::brought("made up")).await, "invalid_session");

    let world = World::new().await;
    let short = world.passport("reader", ISSUER, READS_AGENTS).await;
    let (key, session) = world.signed_in(&short.passport).await;
    assert_eq!(session.expires_at, short.expires_at, "an hour, and not eight");
    world.place.clock.advance(3_600);
    assert_eq!(world.by_session(&key).await, "session_over");
    for life in [299, 604_801] {
        assert!(Place::new().try_start(Settings { console: Some(life), ..settings() }).await.is_err(), "{life}");
    }
}

#[tokio::test]
async fn nobody_signs_in_with_what_is_no_passport_for_this_issuer() {
    let world = World::new().await;
    let elsewhere = world.ollie().await.passport;
    let good = world.passport("reader", ISSUER, READS_AGENTS).await;
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &good.passport_id, RevokePassport::default()).await.unwrap();
    let mut bound = crate::service::testing::order("reader", ISSUER, READS_AGENTS);
    bound.cnf = Some(serde_json::value::RawValue::from_string(r#"{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#.into()).unwrap());
    let bound = world.issuer.issue_passport(&world.minter().await, bound).await.unwrap().passport;
    let events = world.log().await.len();
    for (body, expected) in [
        (with("x"), "malformed_token"),
        (with(&elsewhere), "wrong_audience"),
        (with(&good.passport), "revoked"),
        (with(&bound), "proof_required"),
        (by("#link=x"), "invalid_link"),
        (SignIn::default(), "invalid_body"),
        (SignIn { link: Some("x".into()), ..with(&world.admin) }, "invalid_body"),
    ] {
        assert_eq!(code(world.enters(body).await), expected);
    }
    assert_eq!(world.log().await.len(), events);
}

#[tokio::test]
async fn signing_in_and_out_are_told_in_the_log_without_a_secret() {
    let world = World::new().await;
    let (key, session) = world.signed_in(&world.admin).await;
    let newest = async || {
        let event = world.log().await.into_iter().next().unwrap();
        assert_eq!((event.reporter.as_str(), event.event.passport_id.as_deref()), ("admin", Some(session.passport_id.as_str())));
        for secret in [key.reveal(), &key.hash(), &key.csrf(), &world.admin] {
            assert!(!event.event.body.contains(secret), "{}", event.event.body);
        }
        serde_json::from_str::<Value>(&event.event.body).unwrap()["change"].clone()
    };
    let told = newest().await;
    assert_eq!((&told["type"], &told["by"]), (&json!("console_signed_in"), &json!("passport")));
    world.issuer.sign_out(&key).await.unwrap();
    assert_eq!(newest().await["type"], "console_signed_out");
    assert_eq!(world.by_session(&key).await, "invalid_session");
    let events = world.log().await.len();
    world.issuer.sign_out(&key).await.unwrap();
    assert_eq!(world.log().await.len(), events, "a second time is none");
}

#[tokio::test]
async fn a_link_is_good_once_and_for_five_minutes() {
    let world = World::new().await;
    let link = async || world.issuer.console_link(Some(world.admin.as_str())).await.unwrap().url;
    let url = link().await;
    assert!(url.starts_with(&format!("{ISSUER}/console/#link=")), "{url}");
    let (key, session) = world.enters(by(&url)).await.unwrap();
    assert_eq!((session.agent_id.as_str(), world.by_session(&key).await), ("admin", "granted"));
    assert_eq!(code(world.enters(by(&url)).await), "invalid_link");

    let (late, later) = (link().await, link().await);
    world.place.clock.advance(LINK_LIFE - 1);
    assert_eq!(code(world.enters(by(&late)).await), "granted");
    world.place.clock.advance(1);
    assert_eq!(code(world.enters(by(&later)).await), "invalid_link");

    // What it was made with was revoked meanwhile; and who has no passport for this issuer makes none.
    let passport = world.passport("reader", ISSUER, READS_AGENTS).await;
    let url = world.issuer.console_link(Some(passport.passport.as_str())).await.unwrap().url;
    let caller = world.admin("passports.revoke", "issuer/passports").await;
    world.issuer.revoke_passport(&caller, &passport.passport_id, RevokePassport::default()).await.unwrap();
    assert_eq!(code(world.enters(by(&url)).await), "revoked");
    assert_eq!(code(world.issuer.console_link(Some(passport.passport.as_str())).await), "revoked");
    let elsewhere = world.passport("ollie", SHOP, READS_AGENTS).await;
    assert_eq!(code(world.issuer.console_link(Some(elsewhere.passport.as_str())).await), "wrong_audience");
}

#[tokio::test]
async fn a_console_that_is_switched_off_has_no_sessions() {
    let world = World::new().await;
    let (key, _) = world.signed_in(&world.admin).await;
    assert_eq!(world.by_session(&key).await, "granted");
    world.issuer.close().await.unwrap();
    let (issuer, _) = world.place.try_start(Settings { console: None, ..settings() }).await.unwrap();
    let world = World { issuer, ..world };
    assert_eq!(world.by_session(&key).await, "session_over");
    assert_eq!(code(world.enters(with(&world.admin)).await), "missing_token");
}
