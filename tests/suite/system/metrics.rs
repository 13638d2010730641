//! What the issuer counts can be asked for, says what happened, and names nobody.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};

use passport_tests::places::workspace;
use passport_tests::process::{Client, passport};
use serde_json::json;

fn free() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string()
}

fn documented() -> Vec<String> {
    let text = std::fs::read_to_string(workspace().join("docs/operations.md")).expect("the document");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `passport_")?.split('`').next());
    rows.map(|name| format!("passport_{name}")).collect()
}

#[test]
fn what_is_counted_can_be_asked_for_is_documented_and_names_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let (address, numbers) = (free(), free());
    let mut command = passport();
    command.args(["serve", "--dev", "--listen", &address, "--metrics-listen", &numbers, "--data"]).arg(folder.path().join("data"));
    let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    let _child = passport_tests::process::Ending(child);
    let (url, admin) = (format!("http://{address}"), folder.path().join("data/admin.passport"));
    let asked = |url: &str| ureq::get(url).call().ok().and_then(|mut answer| answer.body_mut().read_to_string().ok());
    let deadline = Instant::now() + Duration::from_secs(30);
    while asked(&format!("{url}/readyz")).is_none() {
        assert!(Instant::now() < deadline, "the issuer is not ready");
        std::thread::sleep(Duration::from_millis(20));
    }
    let token = std::fs::read_to_string(admin).expect("a passport");
    let admin = Client { url: url.clone(), passport: token.trim().to_owned() };
    admin.post("/v1/agents", &json!({"agentId": "nobody_to_be_named", "name": "N"}));
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    let issued = admin.post(
        "/v1/passports",
        &json!({"agentId": "nobody_to_be_named", "audience": ["https://shop.example"], "grants": grants, "expiresIn": 3600}),
    );
    let id = issued["passportId"].as_str().expect("an id");
    admin.post(&format!("/v1/passports/{id}/revoke"), &json!({}));
    assert_eq!(Client { passport: "guess".to_owned(), ..admin.clone() }.try_get("/v1/agents").0, 401);

    assert_eq!(admin.try_get("/metrics").0, 404, "numbers are not public");
    let text = asked(&format!("http://{numbers}/metrics")).expect("the numbers");
    for line in [
        "passport_http_requests_total{route=\"/v1/passports\",method=\"POST\",status=\"2xx\"} 1",
        "passport_gate_denials_total{reason=\"malformed_token\"} 1",
        "passport_passports_revoked_total 1",
        "passport_build_info{version=\"",
        "passport_http_request_seconds_bucket{route=\"/v1/agents\",le=\"",
    ] {
        assert!(text.contains(line), "{line} is not in {text}");
    }
    for secret in ["nobody_to_be_named", id, "guess", "shop.example"] {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
    let documented = documented();
    let names: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    assert!(names.len() > 5 && names.iter().all(|name| documented.iter().any(|known| known == name)), "{names:?} {documented:?}");
}

#[test]
fn the_table_of_metrics_is_the_list_in_the_code() {
    let source = std::fs::read_to_string(workspace().join("issuer/src/metrics.rs")).expect("the source");
    let list = source.split("\nmetrics! {\n").nth(1).and_then(|rest| rest.split("\n}\n").next()).expect("the list");
    let names: Vec<&str> = list.lines().filter_map(|line| line.split('"').nth(1)).collect();
    assert!(names.len() > 10);
    assert_eq!(names, documented());
}
