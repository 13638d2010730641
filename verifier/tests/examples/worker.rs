//! The worker, over its own lines.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use passport_keys::SigningKey;
use serde_json::{Value, json};

use crate::issuer::{Program, issuer, passport, soon};

const WORKER: &str = "https://worker.example";

/// One connection to the worker, over which it is asked line by line.
struct Line(BufReader<TcpStream>);

impl Line {
    fn ask(&mut self, line: &str) -> String {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).expect("sent");
        let mut answer = String::new();
        self.0.read_line(&mut answer).expect("an answer");
        answer.trim_end().to_owned()
    }

    fn reason(&mut self, line: &str) -> String {
        let decision: Value = serde_json::from_str(&self.ask(line)).expect("a decision");
        decision.get("reason").and_then(Value::as_str).expect("a reason").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_threads_decides_reports_and_tells_how_it_is() {
    let key = SigningKey::generate(&mut rand::rng());
    let (url, log) = issuer(&key).await;
    let (ollie, reporter) = (passport(&key, &url, "agent_ollie", WORKER), passport(&key, &url, "agent_worker", WORKER));
    let (_worker, listen) = Program::start("worker", &url, key.id().as_str(), &reporter);
    let mut connection = None;
    assert!(
        soon(|| {
            connection = TcpStream::connect(&listen).ok();
            connection.is_some()
        }),
        "the worker did not start"
    );
    let mut line = Line(BufReader::new(connection.expect("a connection")));

    let order = |amount: &str| {
        let request = json!({"action": "purchase", "resource": "commerce", "vendor": "coachella.com", "amount": amount, "currency": "USD"});
        format!("{ollie} {request}")
    };
    assert_eq!(line.ask("health"), "healthy");
    assert_eq!(line.reason(&order("499.99")), "granted");
    assert_eq!(line.reason(&order("500.01")), "constraint_unmet");
    assert_eq!(line.reason(&ollie), "invalid_request");
    assert_eq!(line.reason("what is this"), "malformed_token");
    assert_eq!(line.reason(""), "malformed_token");

    let reported = || log.lock().expect("lock").iter().map(|event| event["reason"].clone()).collect::<Vec<_>>();
    assert!(soon(|| reported().len() == 5), "{:?}", reported());
    assert_eq!(reported(), ["granted", "constraint_unmet", "invalid_request", "malformed_token", "malformed_token"]);
    assert_eq!(line.ask("health"), "healthy");
}
