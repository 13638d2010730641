use passport_shared::recorded::{Asked, Recorded};
use passport_shared::scalar::Number;
use serde_json::Value;

use super::*;

const SECRET: &str = "4111-seeded-secret";

fn hider(shown: Option<&[&str]>, sensitive: &[&str]) -> Hider {
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect();
    Hider::new(&[7; 32], Names { shown: shown.map(names), sensitive: names(sensitive) }).unwrap()
}

fn stored(hider: &Hider, text: &str) -> Value {
    serde_json::from_str(&hider.rewrite(text, Some("commerce"), None, Some("P")).unwrap()).unwrap()
}

fn event(attributes: &Value, more: &Value) -> String {
    let mut event = json!({
        "seq": 3, "previous": "x", "requestId": "r", "outcome": "deny", "reason": "constraint_unmet", "message": format!("`card` is {SECRET}"),
        "details": [
            {"grant": 0, "attribute": "card", "operator": "equals", "expected": SECRET, "actual": SECRET},
            {"grant": 0, "attribute": "card", "operator": "max", "expected": "5", "actual": null},
            {"grant": 0, "attribute": "amount", "operator": "max", "expected": "5", "actual": "7"},
            {"grant": 1, "attribute": "amount", "note": SECRET}, SECRET,
        ],
        "action": "buy", "resource": "commerce", "attributes": attributes, "evaluatedAt": null,
    });
    event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    event.to_string()
}

#[test]
fn nothing_of_a_hidden_value_stays_in_an_event_and_the_rest_stays_to_the_letter() {
    let hider = hider(None, &["card", "list", "odd"]);
    let text = event(
        &json!({"card": SECRET, "list": [SECRET], "odd": {"x": SECRET}, "amount": 7.50}),
        &json!({"note": SECRET, "engine": "acme/1"}),
    );
    let kept = stored(&hider, &text);
    assert!(!kept.to_string().contains(SECRET), "{kept}");
    let given: Value = serde_json::from_str(&text).unwrap();
    for same in ["seq", "requestId", "outcome", "reason", "action", "resource", "evaluatedAt", "engine"] {
        assert_eq!(kept[same], given[same], "{same}");
    }
    assert_eq!(kept["previous"], "P");
    assert_eq!(kept["attributes"]["amount"], given["attributes"]["amount"]);
    assert_eq!(
        kept["details"],
        json!([
            {"grant": 0, "attribute": "card", "operator": "equals", "expected": null, "actual": null},
            {"grant": 0, "attribute": "card", "operator": "max", "expected": "5", "actual": null},
            {"grant": 0, "attribute": "amount", "operator": "max", "expected": "5", "actual": "7"},
            {"grant": 1, "attribute": "amount"},
        ])
    );
    let read = Recorded::read(kept.to_string().as_bytes()).unwrap();
    let Asked::Hidden { names, .. } = read.asked else { panic!("hidden") };
    assert_eq!(names, ["card", "list", "odd"]);
}

#[test]
fn what_is_not_shown_is_hidden_and_an_event_without_any_of_it_keeps_its_text() {
    let hider = hider(Some(&["amount"]), &[]);
    let kept = stored(&hider, &event(&json!({"amount": 7, "who": SECRET}), &json!({})));
    assert_eq!(kept["attributes"], json!({"amount": 7, "who": serde_json::from_str::<Value>(&hider.hash("who", &SECRET.into())).unwrap()}));
    let open = r#"{"seq":1,"requestId":"r","outcome":"allow","message":"m","details":[],"action":"buy","attributes":{"amount":7.50}}"#;
    assert_eq!(hider.rewrite(open, None, None, None).as_deref(), Some(open), "to the letter");
    let gap = r#"{"seq":1,"previous":null,"requestId":"r","evaluatedAt":null,"gap":{"count":1}}"#;
    assert_eq!(hider.rewrite(gap, None, None, Some("P")).as_deref(), Some(gap));
}

#[test]
fn what_was_not_told_may_be_quoted_and_is_hidden_where_anything_is() {
    let text = event(&json!({"amount": 1}), &json!({"action": null, "attributes": [SECRET]}));
    let kept = stored(&hider(None, &["card"]), &text);
    assert!(!kept.to_string().contains(SECRET) && kept["attributes"].is_null(), "{kept}");
}

#[test]
fn what_a_reporter_has_hidden_stays_and_what_only_looks_like_it_does_not() {
    let hider = hider(None, &["card"]);
    let hash = hider.hash("card", &"x".into());
    for hidden in [hash.as_str(), r#"{"hmacSha256":null}"#] {
        let hidden: Value = serde_json::from_str(hidden).unwrap();
        assert_eq!(stored(&hider, &event(&json!({"card": hidden}), &json!({})))["attributes"]["card"], hidden);
    }
    for other in [json!({"hmacSha256": SECRET}), json!({"hmacSha256": null, "more": SECRET}), json!({"sha256": SECRET})] {
        let kept = stored(&hider, &event(&json!({"card": other}), &json!({})));
        assert!(!kept.to_string().contains(SECRET), "{kept}");
    }
}

#[test]
fn equal_values_have_one_hash_by_one_key_whatever_their_spelling() {
    let hider = hider(None, &["n"]);
    let of = |raw: &str| stored(&hider, &format!(r#"{{"attributes":{{"n":{raw}}},"action":"a"}}"#))["attributes"]["n"].clone();
    let number = |text: &str| Scalar::Number(Number::parse(text).unwrap());
    for (raw, value) in [
        ("742", number("742.00")),
        ("7.42e2", number("742")),
        (r#""a\u0062""#, Scalar::Text("ab".into())),
        (r#"["x"]"#, Scalar::Text("x".into())),
    ] {
        let found = hider.hashes_of("n", &value).iter().any(|hash| *hash == of(raw)["hmacSha256"]);
        assert!(found, "{raw}");
    }
    assert_ne!(of("742"), of("\"742\""));
    assert_ne!(of("true"), of("\"true\""));
    assert_ne!(hider.hash("m", &"ab".into()), hider.hash("n", &"ab".into()));
    assert_ne!(Hider::new(&[8; 32], Names::default()).unwrap().hash("n", &"ab".into()), hider.hash("n", &"ab".into()));
}

#[test]
fn a_reporter_proves_by_its_own_text_and_its_key_and_nobody_tries_values_out_without() {
    let hider = hider(None, &["card"]);
    let (shop, other) = (hider.of_reporter("shop").unwrap(), hider.of_reporter("other").unwrap());
    let hash: [u8; 32] = Sha256::digest("the text").into();
    let kept = shop.reported_hash(7, hash);
    let key: [u8; 32] = jose::decode(shop.reveal()).unwrap().try_into().unwrap();
    let salt = keyed(&key).unwrap().chain_update(7_i64.to_be_bytes()).finalize().into_bytes();
    assert_eq!(kept, <[u8; 32]>::from(Sha256::new().chain_update(salt).chain_update(hash).finalize()));
    assert!(kept != shop.reported_hash(8, hash) && kept != other.reported_hash(7, hash) && kept != hash);
}
