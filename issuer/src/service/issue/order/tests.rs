use super::*;
use crate::service::testing::{NOW, SHOP, SHOPPING, order, pointers};

fn read(change: impl FnOnce(&mut IssuePassport)) -> Result<Order, ServiceError> {
    let mut body = order("ollie", SHOP, SHOPPING);
    change(&mut body);
    Order::read(body, None, &Settings::new("https://issuer.example"), NOW)
}

fn wrong(change: impl FnOnce(&mut IssuePassport)) -> Vec<String> {
    pointers(&read(change).expect_err("refused")).into_iter().map(str::to_owned).collect()
}

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

#[test]
fn a_body_is_read_whole() {
    let order = read(|body| {
        body.not_before = Some("2026-11-18T10:00:00+00:00".into());
        body.on_behalf_of = Some("Finance".into());
        body.cnf = Some(raw(r#"{"jkt":"x"}"#));
    })
    .unwrap();
    assert_eq!((order.issued_at, order.expires_at, order.expiry_pointer), (NOW, NOW + 3_600, "/expiresIn"));
    assert_eq!((order.grants.len(), order.audience.len(), order.on_behalf_of.as_deref()), (1, 1, Some("Finance")));
    assert!(order.not_before.is_some() && order.confirmation.is_some());
}

#[test]
fn a_life_has_exactly_one_end_within_its_bounds() {
    let most = Settings::new("https://issuer.example").max_passport_life;
    let seconds = |seconds: u64| move |body: &mut IssuePassport| body.expires_in = Some(seconds);
    let at = |at: i64| {
        move |body: &mut IssuePassport| {
            body.expires_in = None;
            body.expires_at = time::format(at);
        }
    };
    assert_eq!(read(seconds(1)).unwrap().expires_at, NOW + 1);
    assert_eq!(read(seconds(most.unsigned_abs())).unwrap().expires_at, NOW + most);
    assert_eq!(read(at(NOW + 1)).unwrap().expires_at, NOW + 1);
    assert_eq!(read(at(NOW + most)).unwrap().expiry_pointer, "/expiresAt");
    for bad in [0, most.unsigned_abs() + 1, u64::MAX] {
        assert_eq!(wrong(seconds(bad)), ["/expiresIn"], "{bad}");
    }
    for bad in [NOW, NOW - 1, 0, NOW + most + 1] {
        assert_eq!(wrong(at(bad)), ["/expiresAt"], "{bad}");
    }
    assert_eq!(wrong(|body| body.expires_in = None), ["/expiresIn"]);
    assert_eq!(wrong(|body| body.expires_at = time::format(NOW + 1)), ["/expiresAt"]);
    for text in ["tomorrow", "2026-11-19", ""] {
        let given = |body: &mut IssuePassport| {
            body.expires_in = None;
            body.expires_at = Some(text.to_owned());
        };
        assert_eq!(wrong(given), ["/expiresAt"], "{text}");
    }
}

#[test]
fn a_start_is_before_the_end() {
    let start = |at: i64| move |body: &mut IssuePassport| body.not_before = time::format(at);
    assert_eq!(read(start(NOW + 3_599)).unwrap().not_before, Some(NOW + 3_599));
    assert_eq!(wrong(start(NOW + 3_600)), ["/notBefore"]);
    assert_eq!(wrong(|body| body.not_before = Some("now".into())), ["/notBefore"]);
}

#[test]
fn a_passport_can_be_renewed_from_its_end_on_for_a_year_at_most() {
    let until = |at: i64| move |body: &mut IssuePassport| body.renew_until = time::format(at);
    assert_eq!(read(until(NOW + 3_601)).unwrap().renew_until, Some(NOW + 3_601));
    assert_eq!(read(until(NOW + RENEWABLE)).unwrap().renew_until, Some(NOW + RENEWABLE));
    assert_eq!(read(|_| {}).unwrap().renew_until, None);
    for bad in [NOW, NOW + 3_600, NOW + RENEWABLE + 1] {
        assert_eq!(wrong(until(bad)), ["/renewUntil"], "{bad}");
    }
    assert_eq!(wrong(|body| body.renew_until = Some("later".into())), ["/renewUntil"]);
    let bound = |body: &mut IssuePassport| {
        body.renew_until = time::format(NOW + 3_601);
        body.cnf = Some(raw(r#"{"jkt":"x"}"#));
    };
    assert_eq!(wrong(bound), ["/renewUntil"]);
}

#[test]
fn an_audience_has_1_to_128_names() {
    assert!(read(|body| body.audience = vec![SHOP.to_owned(); 128]).is_ok());
    assert_eq!(wrong(|body| body.audience.clear()), ["/audience"]);
    assert_eq!(wrong(|body| body.audience = vec![SHOP.to_owned(); 129]), ["/audience"]);
    assert_eq!(
        wrong(|body| body.audience = vec![SHOP.into(), String::new(), "a\u{1}".into(), "x".repeat(257)]),
        ["/audience/1", "/audience/2", "/audience/3"]
    );
}

#[test]
fn a_confirmation_is_an_object_that_stays_sound_inside_the_claims() {
    for bad in ["{}", "[]", "null", "5", r#"{"a":1,"a":2}"#, "{\"a\":\"\\u0007\"}", r#"{"a":[[[[[[[1]]]]]]]}"#] {
        assert_eq!(wrong(|body| body.cnf = Some(raw(bad))), ["/cnf"], "{bad}");
    }
    assert!(read(|body| body.cnf = Some(raw(r#"{"a":[[[[[1]]]]]}"#))).is_ok());
}

#[test]
fn every_fault_is_told_at_once_with_its_place() {
    let all = wrong(|body| {
        *body = IssuePassport {
            agent_id: String::new(),
            audience: Vec::new(),
            grants: Some(raw(r#"[{"resource":"a","allowedActions":["x"],"color":1},{"resource":"a//b","allowedActions":["*x"]}]"#)),
            template: None,
            parameters: None,
            expires_in: Some(0),
            expires_at: None,
            not_before: Some("x".into()),
            on_behalf_of: Some("\n".into()),
            cnf: Some(raw("{}")),
            renew_until: Some("x".into()),
        }
    });
    for pointer in [
        "/agentId",
        "/audience",
        "/onBehalfOf",
        "/cnf",
        "/expiresIn",
        "/notBefore",
        "/renewUntil",
        "/grants/0/color",
        "/grants/1/resource",
        "/grants/1/allowedActions/0",
    ] {
        assert!(all.iter().any(|found| found == pointer), "{pointer} is not in {all:?}");
    }
    assert_eq!(wrong(|body| body.grants = Some(raw("{}"))), ["/grants"]);
    assert_eq!(wrong(|body| body.grants = Some(raw(&format!("[{}]", vec!["{}"; 65].join(","))))), ["/grants"]);
}
