use super::*;
use crate::passport::Passport;

fn under(grants: &str) -> Passport {
    let claims = format!(
        r#"{{"iss":"https://i.example","sub":"ollie","aud":["https://shop.example"],"iat":0,"exp":9999999999,"jti":"pp_1","authorization_details":{grants}}}"#
    );
    Passport::read(claims.as_bytes()).expect("sound claims")
}

fn event(number: usize, answer: &str, action: &str, amount: &str) -> Recorded {
    let (outcome, reason) = answer.split_once(' ').expect("two words");
    let text = format!(
        r#"{{"requestId":"r{number}","outcome":"{outcome}","reason":"{reason}","action":"{action}","resource":"shop/a","attributes":{{"amount":{amount}}},"evaluatedAt":"2026-11-23T18:00:00Z"}}"#
    );
    Recorded::read(text.as_bytes()).expect("a decision")
}

const GRANTS: &str = r#"[
    {"type":"permission_passport","resource":"shop/*","allowedActions":["buy"],"constraints":{"amount":{"max":"100.00"}}},
    {"type":"permission_passport","resource":"shop/*","allowedActions":["refund"],"requiresApproval":true}]"#;

#[test]
fn what_would_turn_is_counted_and_shown_with_the_first_examples() {
    let under = under(GRANTS);
    let mut replay = Replay::new(&under);
    for number in 0..30 {
        replay.take(&event(number, "allow granted", "buy", "742.50"));
    }
    for (number, (answer, action, amount)) in [
        ("allow granted", "buy", "5"),
        ("deny action_not_granted", "buy", "5"),
        ("deny constraint_unmet", "buy", "742"),
        ("allow granted", "refund", "5"),
        ("approval_required approval_required", "buy", "5"),
        ("deny expired", "buy", "5"),
        ("deny audit_unavailable", "buy", "5"),
    ]
    .into_iter()
    .enumerate()
    {
        replay.take(&event(100 + number, answer, action, amount));
    }
    let approved = Recorded { approval_id: Some("apr_1".to_owned()), ..event(200, "allow granted", "refund", "5") };
    replay.take(&approved);
    let told = replay.end();
    assert_eq!((told.decisions, told.same, told.newly_allowed, told.newly_denied, told.newly_asked), (36, 3, 2, 30, 1));
    assert_eq!(
        told.left_out.iter().map(|(why, count)| (why.as_str(), *count)).collect::<Vec<_>>(),
        [("audit_unavailable", 1), ("expired", 1)]
    );
    assert!(told.turns());
    let first = &told.changes[0];
    assert_eq!((first.turn.from, first.turn.to, first.action.as_str(), first.count), (Outcome::Allow, Outcome::Deny, "buy", 30));
    assert_eq!(told.examples.iter().filter(|example| example.turn == first.turn).count(), 10);
    let shown = &told.examples[0];
    assert_eq!((shown.request_id.as_str(), shown.attributes.get(), shown.would_be), ("r0", r#"{"amount":742.50}"#, "constraint_unmet"));
}

#[test]
fn the_same_grants_turn_nothing() {
    let under = under(GRANTS);
    let mut replay = Replay::new(&under);
    for (number, (answer, action, amount)) in
        [("allow granted", "buy", "5"), ("deny constraint_unmet", "buy", "742"), ("deny action_not_granted", "sell", "1")]
            .into_iter()
            .enumerate()
    {
        replay.take(&event(number, answer, action, amount));
    }
    assert!(!replay.end().turns());
}

#[test]
fn memory_has_a_bound_however_much_would_turn() {
    let under = under("[]");
    let mut replay = Replay::new(&under);
    for number in 0..1_500 {
        replay.take(&event(number, "allow granted", &format!("a{number}"), "1"));
        replay.take(&event(number, &format!("deny reason_{number}"), "buy", "1"));
    }
    let told = replay.end();
    assert_eq!((told.changes.len(), told.other_changes, told.newly_denied), (1_000, 500, 1_500));
    assert_eq!((told.left_out.len(), told.left_out["other"]), (65, 1_500 - 64));
}
