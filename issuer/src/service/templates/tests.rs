use passport_shared::api::passports::{IssuePassport, IssuedPassport, RevokePassports};
use passport_shared::api::templates::ExpandTemplate;
use passport_shared::unverified::UnverifiedPassport;

use super::*;
use crate::service::testing::{ISSUER, NOW, SHOP, SHOPPING, World, order, pointers};
use crate::service::{Caller, PassportQuery, preset};

const GRANTS: &str = r#"[{"resource": "reports/${team}/**", "allowedActions": ["read"], "blockedActions": ["delete"],
    "constraints": {"pages": {"max": {"$param": "pages"}}}},
  {"resource": "reports/${team}", "allowedActions": ["share"], "requiresApproval": true, "approvers": 2}]"#;

fn json_text(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

fn reports(revision: Option<i64>) -> SaveTemplate {
    SaveTemplate {
        name: "reports".to_owned(),
        revision,
        description: Some("one team's reports".to_owned()),
        parameters: Some(json_text(r#"{"team": {"type": "string"}, "pages": {"type": "number", "max": 1000, "default": 50.0}}"#)),
        grants: json_text(GRANTS),
        audience: Some(vec![SHOP.to_owned()]),
        expires_in: Some(600),
    }
}

fn by(template: &str, values: &str) -> IssuePassport {
    IssuePassport {
        template: Some(template.to_owned()),
        parameters: Some(json_text(values)),
        grants: None,
        audience: Vec::new(),
        expires_in: None,
        ..order("ollie", SHOP, "[]")
    }
}

async fn writer(world: &World) -> Caller {
    world.admin("templates.write", "issuer/templates").await
}

/// A world with the template and Ollie.
async fn world() -> World {
    let world = World::new().await;
    world.agent("ollie").await;
    world.issuer.create_template(&writer(&world).await, reports(None)).await.unwrap();
    world
}

async fn issue(world: &World, body: IssuePassport) -> Result<IssuedPassport, ServiceError> {
    world.issuer.issue_passport(&world.minter().await, body).await
}

#[tokio::test]
async fn a_template_is_saved_changed_and_deleted_with_its_events() {
    let world = World::new().await;
    let caller = writer(&world).await;
    let saved = world.issuer.create_template(&caller, reports(None)).await.unwrap();
    assert_eq!((saved.revision, saved.created_by.as_str()), (1, "admin"));
    assert!(saved.grants.get().starts_with(r#"[{"resource":"reports/${team}/**","allowedActions":["read"],"#), "{}", saved.grants);
    assert!(saved.parameters.get().ends_with(r#""default":50.0}}"#), "numbers are kept to the letter: {}", saved.parameters);
    assert_eq!(
        world.last_change(&caller, "template_created").await,
        json!({"type": "template_created", "template": "reports", "revision": 1})
    );
    assert_eq!(world.issuer.create_template(&caller, reports(None)).await.unwrap_err().code(), "conflict");

    let caller = writer(&world).await;
    let changed = SaveTemplate { description: None, ..reports(Some(1)) };
    assert_eq!(world.issuer.change_template(&caller, "reports", changed.clone()).await.unwrap().revision, 2);
    assert_eq!(world.last_change(&caller, "template_changed").await["revision"], 2);
    let before = world.log().await.len();
    assert_eq!(world.issuer.change_template(&caller, "reports", changed).await.unwrap_err().code(), "conflict");
    let spaced = json_text(&GRANTS.replace(',', " ,\n"));
    let same = SaveTemplate { description: None, grants: spaced, ..reports(Some(2)) };
    assert_eq!(world.issuer.change_template(&caller, "reports", same).await.unwrap().revision, 2);
    let other = SaveTemplate { name: "other".to_owned(), ..reports(Some(1)) };
    assert_eq!(world.issuer.change_template(&caller, "other", other).await.unwrap_err().code(), "not_found");
    assert_eq!(world.log().await.len(), before);

    let caller = writer(&world).await;
    let deleted = world.issuer.delete_template(&caller, "reports").await.unwrap();
    assert_eq!(deleted, DeletedTemplate { name: "reports".to_owned(), revision: 2, live_passports: 0 });
    assert_eq!(world.last_change(&caller, "template_deleted").await["livePassports"], 0);
    assert_eq!(world.issuer.template("reports", None).await.unwrap_err().code(), "not_found");
    // What a passport of an older revision was issued by can be read for ever.
    let first = world.issuer.template("reports", Some(1)).await.unwrap();
    assert_eq!((first.description.as_deref(), first.deleted_at.is_some()), (Some("one team's reports"), true));
    assert!(world.issuer.templates(None, None).await.unwrap().items.is_empty());
}

#[test]
fn white_space_goes_and_nothing_else() {
    for (text, kept) in [
        ("[ 1.50 ,\t{ \"a b\" :\r\n\"c \\\" d\" } ]", r#"[1.50,{"a b":"c \" d"}]"#),
        (r#"{"a\\" : " \\" }"#, r#"{"a\\":" \\"}"#),
        (r#" " \u0022 " "#, r#"" \u0022 ""#),
    ] {
        assert_eq!(compact(text), kept);
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_template_comes_back_at_once() {
    let world = World::new().await;
    let caller = writer(&world).await;
    let bad = SaveTemplate {
        name: "..".to_owned(),
        revision: Some(1),
        description: Some("\u{1b}".to_owned()),
        parameters: Some(json_text(r#"{"team": {"type": "word"}, "pages": {"type": "number", "default": "x"}}"#)),
        grants: json_text(r#"[{"resource": "a/${missing}", "allowedActions": ["${team}"]}]"#),
        audience: Some(vec![SHOP.to_owned(), ISSUER.to_owned()]),
        expires_in: Some(0),
    };
    let error = world.issuer.create_template(&caller, bad.clone()).await.unwrap_err();
    let expected = [
        "/revision",
        "/name",
        "/description",
        "/audience/1",
        "/expiresIn",
        "/parameters/team/type",
        "/parameters/pages/default",
        "/grants/0/resource",
        "/grants/0/allowedActions/0",
    ];
    assert_eq!((error.status(), pointers(&error).as_slice()), (422, expected.as_slice()));
    let error = world.issuer.change_template(&caller, "reports", SaveTemplate { revision: None, ..bad }).await.unwrap_err();
    assert_eq!(pointers(&error)[..2], ["/name", "/revision"]);
    let long = SaveTemplate { expires_in: Some(90 * 86_400 + 1), audience: Some(Vec::new()), ..reports(None) };
    assert_eq!(pointers(&world.issuer.create_template(&caller, long).await.unwrap_err()), ["/audience", "/expiresIn"]);
    let longest = SaveTemplate { expires_in: Some(90 * 86_400), ..reports(None) };
    assert!(world.issuer.create_template(&caller, longest).await.is_ok());
}

#[tokio::test]
async fn a_template_is_shown_as_what_it_comes_to() {
    let world = world().await;
    let values = ExpandTemplate { parameters: Some(json_text(r#"{"team": "north"}"#)) };
    let before = world.log().await.len();
    let expanded = world.issuer.expand_template("reports", values).await.unwrap();
    assert_eq!((expanded.revision, expanded.parameters.get()), (1, r#"{"team":"north","pages":50.0}"#));
    assert_eq!(
        expanded.describe,
        [
            "may `read` on `reports/north/**`, with `pages` at most 50.0",
            "must never `delete` on `reports/north/**`, whatever else is allowed",
            "may `share` on `reports/north`, once 2 different people have approved it",
        ]
    );
    assert_eq!(Grant::read_all(expanded.grants.get(), "").unwrap().len(), 2);
    assert_eq!(world.log().await.len(), before, "nothing was changed");
    let error = world.issuer.expand_template("reports", ExpandTemplate::default()).await.unwrap_err();
    assert_eq!((error.status(), pointers(&error)), (422, vec!["/parameters/team"]));
    assert_eq!(world.issuer.expand_template("nothing", ExpandTemplate::default()).await.unwrap_err().code(), "not_found");
}

#[tokio::test]
async fn a_passport_by_a_template_allows_what_it_comes_to_and_remembers_it() {
    let world = world().await;
    let caller = world.minter().await;
    let issued = world.issuer.issue_passport(&caller, by("reports", r#"{"team": "north", "pages": 7}"#)).await.unwrap();
    assert_eq!((issued.template.as_deref(), issued.template_revision), (Some("reports"), Some(1)));
    let change = world.last_change(&caller, "passport_issued").await;
    assert_eq!((&change["template"], &change["templateRevision"]), (&json!("reports"), &json!(1)));
    let token = UnverifiedPassport::read(issued.passport.as_bytes()).unwrap();
    let claims = token.claims();
    assert_eq!((claims.expires_at, claims.audience.len()), (NOW + 600, 1), "what its order left to the template");
    assert_eq!(claims.grants[0].1.resource.as_str(), "reports/north/**");
    assert!(!token.claims().grants.iter().any(|(_, grant)| !grant.understood));
    let listed = world.issuer.passport(&issued.passport_id).await.unwrap();
    assert_eq!((listed.template.as_deref(), listed.template_revision), (Some("reports"), Some(1)));
    assert_eq!(listed.template_parameters.unwrap().get(), r#"{"team":"north","pages":7}"#);
    // What the order says itself goes before the template's.
    let own =
        IssuePassport { audience: vec!["https://other.example".to_owned()], expires_in: Some(60), ..by("reports", r#"{"team": "north"}"#) };
    let own = issue(&world, own).await.unwrap();
    let own = world.issuer.passport(&own.passport_id).await.unwrap();
    assert_eq!(
        (own.audience.as_slice(), own.expires_at.as_str()),
        (["https://other.example".to_owned()].as_slice(), "2026-11-18T11:07:40Z")
    );
    // A change of the template reaches nobody who has a passport, and the next one.
    let changed = SaveTemplate {
        grants: json_text(r#"[{"resource": "${team}", "allowedActions": ["x"], "constraints": {"a": {"max": {"$param": "pages"}}}}]"#),
        ..reports(Some(1))
    };
    world.issuer.change_template(&writer(&world).await, "reports", changed).await.unwrap();
    assert_eq!(world.issuer.passport(&issued.passport_id).await.unwrap().template_revision, Some(1));
    assert_eq!(issue(&world, by("reports", r#"{"team": "north"}"#)).await.unwrap().template_revision, Some(2));
}

#[tokio::test]
async fn an_order_gives_grants_or_a_template_and_sound_values() {
    let world = world().await;
    let cases: [(IssuePassport, &[&str]); 6] = [
        (IssuePassport { grants: Some(json_text(SHOPPING)), ..by("reports", "{}") }, &["/audience", "/expiresIn", "/template"]),
        (IssuePassport { template: None, parameters: None, ..by("", "{}") }, &["/audience", "/expiresIn", "/grants"]),
        (IssuePassport { parameters: Some(json_text("{}")), ..order("ollie", SHOP, SHOPPING) }, &["/parameters"]),
        (by("reports", r#"{"pages": 1001, "more": 1}"#), &["/parameters/more", "/parameters/team", "/parameters/pages"]),
        (by("reports", r#"{"team": "*"}"#), &["/parameters/team"]),
        (IssuePassport { agent_id: String::new(), ..by("reports", r#"{"team": "a/b"}"#) }, &["/agentId", "/parameters/team"]),
    ];
    let before = world.log().await.len();
    for (body, wrong) in cases {
        let error = issue(&world, body.clone()).await.unwrap_err();
        assert_eq!((error.status(), pointers(&error).as_slice()), (422, wrong), "{body:?}");
    }
    assert_eq!(issue(&world, by("nothing", "{}")).await.unwrap_err().code(), "not_found");
    world.issuer.delete_template(&writer(&world).await, "reports").await.unwrap();
    assert_eq!(issue(&world, by("reports", r#"{"team": "north"}"#)).await.unwrap_err().code(), "not_found");
    assert_eq!(world.log().await.len(), before + 1, "the deletion alone");
}

#[tokio::test]
async fn nobody_mints_more_by_a_template_than_they_hold() {
    let world = world().await;
    let keys = SaveTemplate {
        name: "own".to_owned(),
        parameters: Some(json_text(r#"{"what": {"type": "string"}}"#)),
        grants: json_text(r#"[{"resource": "issuer/${what}", "allowedActions": ["agents.read"]}]"#),
        audience: None,
        ..reports(None)
    };
    world.issuer.create_template(&writer(&world).await, keys).await.unwrap();
    let role = world.role("issuer").await;
    let mint = async |what: &str, audience: &str| {
        let caller = world.issuer.authorize(Some(&role), "passports.issue", "issuer/passports", &[]).await.unwrap();
        let body = IssuePassport { audience: vec![audience.to_owned()], ..by("own", &format!(r#"{{"what": "{what}"}}"#)) };
        world.issuer.issue_passport(&caller, body).await
    };
    assert!(mint("agents", ISSUER).await.is_ok());
    assert_eq!(mint("keys", ISSUER).await.unwrap_err().code(), "not_held");
    assert!(mint("keys", SHOP).await.is_ok(), "for another service it is that service's business");
    // Who manages passports manages templates; who audits reads them.
    assert!(preset("issuer").unwrap().iter().any(|grant| grant.resource.as_str() == "issuer/templates" && grant.allows("templates.write")));
    let auditor = world.role("auditor").await;
    assert_eq!(world.gate(&auditor, "templates.read", "issuer/templates").await, "granted");
    assert_eq!(world.gate(&auditor, "templates.write", "issuer/templates").await, "action_not_granted");
}

#[tokio::test]
async fn what_comes_in_the_place_of_a_passport_is_of_its_template_still() {
    let world = world().await;
    let old = issue(&world, by("reports", r#"{"team": "north"}"#)).await.unwrap();
    world.issuer.delete_template(&writer(&world).await, "reports").await.unwrap();
    let caller = world.admin("keys.revoke", "issuer/keys").await;
    let body = passport_shared::api::keys::RevokeKey { reason: "stolen".to_owned(), reissue: true, after: None };
    let answer = world.issuer.revoke_key(&caller, &old.key_id, body).await.unwrap();
    let entry = answer.affected.into_iter().find(|entry| entry.passport_id == old.passport_id).unwrap();
    let again = world.issuer.passport(&entry.reissued.unwrap().passport_id).await.unwrap();
    assert_eq!((again.template.as_deref(), again.template_revision), (Some("reports"), Some(1)));
    assert_eq!(again.template_parameters.unwrap().get(), r#"{"team":"north","pages":50.0}"#);
}

#[tokio::test]
async fn all_passports_by_a_template_are_revoked_at_once_whatever_its_revision() {
    let world = world().await;
    let first = issue(&world, by("reports", r#"{"team": "north"}"#)).await.unwrap();
    let changed = SaveTemplate { description: None, ..reports(Some(1)) };
    world.issuer.change_template(&writer(&world).await, "reports", changed).await.unwrap();
    let second = issue(&world, by("reports", r#"{"team": "south"}"#)).await.unwrap();
    let other = world.passport("ollie", SHOP, SHOPPING).await;
    assert_eq!(world.issuer.delete_template(&writer(&world).await, "reports").await.unwrap().live_passports, 2);
    let query = PassportQuery { template: Some("reports".to_owned()), ..PassportQuery::default() };
    let listed: Vec<_> = world.issuer.passports(query).await.unwrap().items.into_iter().map(|passport| passport.passport_id).collect();
    assert_eq!(listed, [second.passport_id.clone(), first.passport_id.clone()]);

    let caller = world.admin("passports.revoke", "issuer/passports").await;
    let body = RevokePassports { template: Some("reports".to_owned()), reason: Some("withdrawn".to_owned()), ..RevokePassports::default() };
    let done = world.issuer.revoke_passports(&caller, body).await.unwrap();
    assert_eq!(done.passport_ids, [first.passport_id.clone(), second.passport_id.clone()]);
    assert_eq!(world.last_change(&caller, "passports_revoked").await["filter"], json!({"template": "reports"}));
    for (token, reason) in [(&first, "revoked"), (&second, "revoked"), (&other, "granted")] {
        assert_eq!(world.reason(&token.passport).await, reason);
    }
}
