use passport_shared::api::audit::{AuditQuery, ReportAccepted, ReportEvents};
use passport_shared::hidden::Names;
use passport_shared::jose;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;
use crate::service::testing::{SHOP, World, settings};
use crate::service::{Caller, Settings};
use crate::store::{AuditEvent, FindingFilter};

const SECRET: &str = "4111-seeded-secret";

fn hiding() -> Settings {
    Settings { hidden: Names { shown: None, sensitive: vec!["card".into()] }, ..settings() }
}

/// An event of the reporter's chain, as it is sent; `card` is its secret.
fn event(seq: i64, previous: Option<&str>, passport: &str, card: &str) -> String {
    let previous = previous.map(|text| jose::encode(Sha256::digest(text)));
    json!({
        "seq": seq, "previous": previous, "requestId": format!("req_{seq}"), "outcome": "allow", "reason": "granted", "passportId": passport,
        "action": "purchase", "resource": "commerce", "attributes": {"amount": 7, "card": card}, "evaluatedAt": "2026-11-18T11:00:00Z",
    })
    .to_string()
}

async fn caller(world: &World) -> Caller {
    let token = world.role("reporter").await;
    world.issuer.authorize(Some(&token), "audit.write", "issuer/audit", &[]).await.unwrap()
}

async fn report(issuer: &Issuer, caller: &Caller, texts: &[String]) -> ReportAccepted {
    let events = texts.iter().map(|text| RawValue::from_string(text.clone()).unwrap()).collect();
    issuer.report_events(caller, ReportEvents { reporter: "the-reporter".into(), events }).await.unwrap()
}

fn counted(told: &ReportAccepted) -> (u64, u64, u64) {
    (told.accepted, told.duplicates, told.conflicts)
}

async fn findings(issuer: &Issuer) -> usize {
    issuer.store().findings(FindingFilter { limit: 10, ..FindingFilter::default() }).await.unwrap().items.len()
}

/// What was reported, the oldest first.
async fn reported(world: &World) -> Vec<AuditEvent> {
    let mut all: Vec<_> =
        world.log().await.into_iter().filter(|event| event.reporter == "the-reporter" && event.event.seq.is_some()).collect();
    all.reverse();
    all
}

#[tokio::test]
async fn what_is_sent_in_clear_is_stored_hidden_and_chain_duplicates_and_conflicts_hold() {
    let world = World::with(hiding()).await;
    let caller = caller(&world).await;
    let first = event(1, None, "pp_1", SECRET);
    let second = event(2, Some(&first), "pp_1", SECRET);
    let third = event(3, Some(&second), "pp_1", "other");
    let told = report(&world.issuer, &caller, &[first.clone(), second.clone()]).await;
    assert_eq!(counted(&told), (2, 0, 0));
    let batch = passport_verifier::log::LogVerifier::new(&world.issuer.log_key().to_string()).unwrap();
    let receipt = batch.receipt(told.receipt.unwrap().as_bytes()).unwrap();
    let hashes: Vec<u8> = [&first, &second].into_iter().flat_map(Sha256::digest).collect();
    assert_eq!(receipt.batch.batch_hash, jose::encode(Sha256::digest(hashes)), "the receipt is for what was sent");

    assert_eq!(counted(&report(&world.issuer, &caller, &[second.clone(), third.clone()]).await), (1, 1, 0));
    let other = event(3, Some(&second), "pp_1", "another");
    assert_eq!(counted(&report(&world.issuer, &caller, std::slice::from_ref(&other)).await), (0, 0, 1));
    assert_eq!(counted(&report(&world.issuer, &caller, &[other, third.clone()]).await), (0, 2, 0));
    let fork = event(4, Some(&first), "pp_1", SECRET);
    assert_eq!(findings(&world.issuer).await, 1, "the conflict is a fork of its chain");
    report(&world.issuer, &caller, &[fork]).await;
    assert_eq!(findings(&world.issuer).await, 2);

    let kept = reported(&world).await;
    assert!(kept.iter().all(|event| !event.event.body.contains(SECRET) && event.event.body.contains(r#""amount":7"#)), "{kept:?}");
    for (event, text) in kept.iter().zip([&first, &second, &third]) {
        let plain: [u8; 32] = Sha256::digest(text).into();
        assert_eq!(event.event.body_hash, <[u8; 32]>::from(Sha256::digest(&event.event.body)));
        // Nothing that the value could be tried out by.
        let encoded = jose::encode(plain);
        assert!(
            event.event.reported_hash.is_some_and(|hash| hash != plain) && kept.iter().all(|event| !event.event.body.contains(&encoded))
        );
        let mut entry = String::new();
        event.entry().write(&mut entry).unwrap();
        assert!(entry.contains("\"reportedHash\":\"") && !entry.contains(&crate::hex::hex(plain)), "{entry}");
    }
    // Whoever has the text and the reporter's key sees that it is that event.
    let key: Vec<u8> = jose::decode(told.reported_hash_key.unwrap()).unwrap();
    let own = |seq: i64, text: &str| {
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let salt = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(seq.to_be_bytes()).finalize().into_bytes();
        <[u8; 32]>::from(Sha256::new().chain_update(salt).chain_update(Sha256::digest(text)).finalize())
    };
    assert_eq!(kept[1].event.reported_hash, Some(own(2, &second)));
    let body: Value = serde_json::from_str(&kept[1].event.body).unwrap();
    assert_eq!(body["previous"], jose::encode(own(1, &first)), "the chain is that of the reported hashes");
}

#[tokio::test]
async fn a_setting_that_comes_and_goes_breaks_no_chain_and_doubles_no_event() {
    let world = World::new().await;
    let caller = caller(&world).await;
    let mut texts = vec![event(1, None, "pp_1", "open")];
    assert_eq!(report(&world.issuer, &caller, &texts).await.reported_hash_key, None);
    let on = world.place.try_start(hiding()).await.unwrap().0;
    texts.push(event(2, Some(&texts[0]), "pp_1", SECRET));
    assert_eq!(counted(&report(&on, &caller, &texts).await), (1, 1, 0));
    // It goes, and what was hidden before is not made guessable by what comes after.
    let off = world.place.try_start(settings()).await.unwrap().0;
    texts.push(event(3, Some(&texts[1]), "pp_1", "open again"));
    assert_eq!(counted(&report(&off, &caller, &texts).await), (1, 2, 0));
    assert_eq!(findings(&off).await, 0);
    let kept = reported(&world).await;
    assert_eq!(kept.len(), 3);
    assert!(kept[0].event.reported_hash.is_none() && kept[0].event.body == texts[0]);
    assert!(kept[2].event.body.contains("open again") && !kept[2].event.body.contains(&jose::encode(Sha256::digest(&texts[1]))));
}

#[tokio::test]
async fn what_a_passport_hides_is_stored_hidden_whoever_reports_it() {
    let world = World::new().await;
    let caller = caller(&world).await;
    let open = world.ollie().await;
    let grants = r#"[{"resource":"commerce","allowedActions":["purchase"],"shownAttributes":["amount"]}]"#;
    let hiding = world.passport("zoe", SHOP, grants).await;
    let texts =
        [event(1, None, &hiding.passport_id, SECRET), event(5, None, &open.passport_id, "seen"), event(9, None, "pp_nobodys", "seen too")];
    assert_eq!(counted(&report(&world.issuer, &caller, &texts).await), (3, 0, 0));
    let kept = reported(&world).await;
    assert!(!kept[0].event.body.contains(SECRET) && kept[0].event.body.contains("hmacSha256"));
    assert!(kept[1].event.body.contains("seen") && kept[2].event.body.contains("seen too"));
}

#[tokio::test]
async fn who_asks_with_the_value_finds_what_is_hidden() {
    let world = World::with(hiding()).await;
    let caller = caller(&world).await;
    let texts = [event(1, None, "pp_1", SECRET), event(5, None, "pp_1", "other")];
    report(&world.issuer, &caller, &texts).await;
    let found = async |attributes: &str| {
        let query = AuditQuery { attributes: Some(attributes.to_owned()), ..AuditQuery::default() };
        world.issuer.events(query).await.unwrap().items.len()
    };
    assert_eq!(found(&json!({"card": SECRET, "amount": 7}).to_string()).await, 1);
    assert_eq!(found(&json!({"card": "nobody's"}).to_string()).await, 0);
    assert_eq!(found(r#"{"amount":7}"#).await, 2);
}

#[tokio::test]
async fn an_issuer_with_nothing_to_hide_has_no_key_for_it_and_one_whose_vault_makes_another_does_not_start() {
    let world = World::new().await;
    world.ollie().await;
    assert_eq!(world.issuer.store().hiding_seed().await.unwrap(), None);
    let wrong = SecretSeed { salt: [1; 32], hash: [2; 32] };
    assert_eq!(world.issuer.store().keep_hiding_seed(wrong.clone()).await.unwrap(), wrong);
    assert!(world.place.try_start(settings()).await.is_err());
}

#[tokio::test]
async fn a_request_that_waits_for_people_rests_sealed_is_shown_whole_and_is_hidden_once_it_is_decided() {
    use passport_shared::api::approvals::{AskApproval, DecideApproval};
    let world = World::with(hiding()).await;
    let grants = r#"[{"resource":"cards","allowedActions":["charge"],"requiresApproval":true}]"#;
    let token = world.passport("ollie", SHOP, grants).await.passport;
    let holder = world.issuer.holder(Some(&token)).await.unwrap();
    let ask = async |card: &str| {
        let request = json!({"action": "charge", "resource": "cards", "amount": 7.50, "card": card}).to_string();
        let body = AskApproval { request: RawValue::from_string(request).unwrap(), audience: None };
        world.issuer.ask_approval(&holder, body).await.unwrap()
    };
    let stored = async |id: &str| world.issuer.store().approval(id, world.issuer.now()).await.unwrap().asked.request;
    let (asked, forgotten) = (ask(SECRET).await, ask("4111-seeded-forgotten").await);
    assert!(asked.request.get().contains(SECRET), "people see what they approve");
    assert!(!stored(&asked.approval_id).await.contains("cards"), "it rests sealed");
    assert_eq!(ask(SECRET).await.approval_id, asked.approval_id, "the same waits once");
    let person = world.admin("approvals.decide", "issuer/approvals").await;
    let decided = world.issuer.decide_approval(&person, &asked.approval_id, true, DecideApproval::default()).await.unwrap();
    assert!(!decided.request.get().contains(SECRET) && decided.request.get().contains("7.5"), "{}", decided.request);
    assert_eq!(stored(&asked.approval_id).await, decided.request.get(), "what was shown is gone");
    let own = world.issuer.own_approval(&holder, &asked.approval_id, Duration::ZERO).await.unwrap();
    assert!(own.approval.is_some() && own.request.get() == decided.request.get());
    world.place.clock.advance(7_000);
    let expired = world.issuer.approval(&forgotten.approval_id).await.unwrap();
    assert!(!expired.request.get().contains("4111") && !stored(&forgotten.approval_id).await.contains("4111"));
}
