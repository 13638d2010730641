use super::*;

fn problem(json: &str) -> String {
    Request::parse(json.as_bytes()).problem().unwrap_or_else(|| panic!("{json} was accepted")).to_string()
}

fn sound(json: &str) -> Request {
    let request = Request::parse(json.as_bytes());
    assert_eq!(request.problem(), None, "{json}");
    request
}

#[test]
fn the_contracts_example_is_read_and_kept_as_given() {
    let request = sound(
        r#"{"agentId":"agent_ollie","action":"purchase","resource":"commerce","vendor":"coachella.com","amount":742.00,"currency":"USD","seats":["a1","a2"],"gift":true}"#,
    );
    assert_eq!((request.action(), request.resource(), request.agent_id()), ("purchase", Some("commerce"), Some("agent_ollie")));
    assert_eq!(
        serde_json::to_string(&request.attributes()).expect("json"),
        r#"{"vendor":"coachella.com","amount":742.00,"currency":"USD","seats":["a1","a2"],"gift":true}"#
    );
}

#[test]
fn what_is_not_flat_is_refused() {
    for json in [
        r#"{"action":"x","a":null}"#,
        r#"{"action":"x","a":{}}"#,
        r#"{"action":"x","a":[1]}"#,
        r#"{"action":"x","a":[["b"]]}"#,
        r#"{"action":"x","a":1e28}"#,
        r#"{"action":"x","":1}"#,
        r#"{"action":"x","action":"y"}"#,
        r#"{"a":1}"#,
        "{}",
        "[]",
        "",
        "null",
        r#"{"action":5}"#,
        r#"{"action":null}"#,
        r#"{"action":"x","resource":null}"#,
        r#"{"action":"x","agentId":5}"#,
        r#"{"action":"x","approval":""}"#,
        r#"{"action":"x","a\u0001":1}"#,
        r#"{"action":"x\n"}"#,
        r#"{"action":"x","resource":"a\u0085"}"#,
    ] {
        problem(json);
    }
    assert!(sound(r#"{"action":"x","note":"line\nline"}"#).attribute("note").is_some(), "control characters may stand in values");
}

#[test]
fn an_action_or_resource_is_never_a_pattern_or_tidied_up() {
    for json in [
        r#"{"action":""}"#,
        r#"{"action":"*"}"#,
        r#"{"action":"read*"}"#,
        r#"{"action":"x","resource":"a/../b"}"#,
        r#"{"action":"x","resource":"a/"}"#,
        r#"{"action":"x","resource":"**"}"#,
        r#"{"action":"x","resource":""}"#,
    ] {
        problem(json);
    }
}

#[test]
fn bounds_are_held_on_both_ways_in() {
    let named = |n: usize| (0..n).fold(Request::new("x"), |request, n| request.with(format!("n{n}"), 1));
    assert!(named(64).problem().is_none() && named(65).problem().is_some());
    let json = |n: usize| format!("{{\"action\":\"x\"{}}}", (0..n).map(|n| format!(",\"n{n}\":1")).collect::<String>());
    sound(&json(64));
    problem(&json(65));
    let text = |n: usize| Request::new("x").with("a", "y".repeat(n));
    assert!(text(4096).problem().is_none() && text(4097).problem().is_some());
    let items = |n: usize| Request::new("x").with("a", vec!["y".to_owned(); n]);
    assert!(items(128).problem().is_none() && items(129).problem().is_some());
    assert!(Request::new("x".repeat(256)).problem().is_none() && Request::new("x".repeat(257)).problem().is_some());
    assert!(Request::new("x").on("a".repeat(257)).problem().is_some());
    assert!(Request::new("x").with("a".repeat(257), 1).problem().is_some());
    assert!(Request::new("x").with("a", 1).with("a", 1).problem().is_some());
    assert!(Request::new("x").with("resource", "y").problem().is_some());
    problem(&format!("{{\"action\":\"x\",\"a\":\"{}\"}}", " ".repeat(REQUEST_BYTES)));
}

#[test]
fn a_mistake_of_who_builds_a_request_is_kept_and_the_first_one_counts() {
    let request = Request::new("purchase").on("commerce").mistaken("the body is cut short").mistaken("later").with("amount", 1);
    let problem = request.problem().map(ToString::to_string);
    assert_eq!(problem.as_deref(), Some("the request is not well formed: the body is cut short"));
}

#[test]
fn a_problem_never_gets_lost() {
    assert!(Request::new("").on("fine").with("fine", 1).problem().is_some());
    assert!(problem(r#"{"action":"x","a":null,"b":1}"#).contains("`a` is null"));
}

#[test]
fn the_callers_id_is_kept_wherever_it_stands_and_whatever_is_wrong() {
    let many: String = (0..65).map(|n| format!("\"n{n}\":1,")).collect();
    let request = Request::parse(format!("{{\"action\":\"x\",{many}\"requestId\":\"mine\"}}").as_bytes());
    assert!(request.problem().is_some());
    assert_eq!(request.request_id(), Some("mine"));
}

#[test]
fn an_approval_or_proof_is_as_long_as_any_other_string() {
    for name in ["approval", "proof"] {
        let json = |bytes: usize| format!("{{\"action\":\"x\",\"{name}\":\"{}\"}}", "y".repeat(bytes));
        sound(&json(4096));
        problem(&json(4097));
        problem(&json(0));
    }
}
