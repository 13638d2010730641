//! The shop, over HTTP.

use passport_keys::SigningKey;
use serde_json::{Value, json};

use crate::issuer::{Program, issuer, passport, soon};

const SHOP: &str = "https://shop.example";

fn start(url: &str, pin: &str, reporter: &str) -> (Program, String) {
    let (shop, listen) = Program::start("shop", url, pin, reporter);
    let agent = agent();
    // It is up once it answers, and ready once it trusts somebody.
    let up = soon(|| {
        let order = json!({"vendor": "v", "amount": "1", "currency": "USD"}).to_string();
        let post = agent.post(format!("http://{listen}/purchase")).content_type("application/json");
        post.header("Authorization", format!("Bearer {reporter}")).send(order).is_ok_and(|response| response.status() == 403)
    });
    assert!(up, "the shop did not start");
    (shop, listen)
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent()
}

fn buy(listen: &str, passport: Option<&str>, order: &Value) -> (u16, String) {
    let mut request = agent().post(format!("http://{listen}/purchase")).content_type("application/json");
    if let Some(passport) = passport {
        request = request.header("Authorization", format!("Bearer {passport}"));
    }
    let mut response = request.send(order.to_string()).expect("an answer");
    (response.status().as_u16(), response.body_mut().read_to_string().expect("text"))
}

fn look(listen: &str, passport: &str, item: &str) -> (u16, String) {
    let request = agent().get(format!("http://{listen}/shelf/{item}")).header("Authorization", format!("Bearer {passport}"));
    let mut response = request.call().expect("an answer");
    (response.status().as_u16(), response.body_mut().read_to_string().expect("text"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_sells_what_passports_allow_and_reports_all_of_it() {
    let key = SigningKey::generate(&mut rand::rng());
    let (url, log) = issuer(&key).await;
    let (ollie, reporter) = (passport(&key, &url, "agent_ollie", SHOP), passport(&key, &url, "agent_shop", SHOP));
    let (_shop, listen) = start(&url, key.id().as_str(), &reporter);
    let order = |amount: &str| json!({"vendor": "coachella.com", "amount": amount, "currency": "USD"});

    let (status, answer) = buy(&listen, Some(&ollie), &order("499.99"));
    assert_eq!(status, 200, "{answer}");
    assert!(answer.starts_with("bought at coachella.com for 499.99 USD (req_"), "{answer}");
    let (status, answer) = buy(&listen, Some(&ollie), &order("500.01"));
    assert_eq!(status, 403, "{answer}");
    assert!(answer.contains(r#""code":"constraint_unmet""#), "{answer}");
    let (status, answer) = buy(&listen, None, &order("1"));
    assert_eq!(status, 401, "{answer}");
    assert_eq!(look(&listen, &ollie, "posters"), (200, "agent_ollie looks at shelf/posters\n".to_owned()));
    let (status, answer) = look(&listen, &ollie, "a%2fb");
    assert_eq!(status, 400, "{answer}");
    let (status, answer) = look(&listen, "a.b.c", "posters");
    assert_eq!(status, 401, "{answer}");
    // No number format can round an amount: there is none.
    let (status, _) = buy(&listen, Some(&ollie), &json!({"vendor": "coachella.com", "amount": 0.1, "currency": "USD"}));
    assert_eq!(status, 422);

    let reported = || -> Vec<(Value, Value, Value)> {
        let log = log.lock().expect("lock");
        log.iter()
            .filter(|event| event["agentId"] == "agent_ollie")
            .map(|event| (event["reason"].clone(), event["resource"].clone(), event["attributes"]["amount"].clone()))
            .collect()
    };
    assert!(soon(|| reported().len() == 4), "{:?}", log.lock());
    let expected = [
        ("granted".into(), "commerce".into(), "499.99".into()),
        ("constraint_unmet".into(), "commerce".into(), "500.01".into()),
        ("granted".into(), "shelf/posters".into(), Value::Null),
        // What is not well formed is not repeated.
        ("invalid_request".into(), Value::Null, Value::Null),
    ];
    assert_eq!(reported(), expected);
}
