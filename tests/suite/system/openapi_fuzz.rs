//! The HTTP API answers as its OpenAPI document says, whatever it is asked: schemathesis makes requests of the document,
//! sound ones and others, and looks at each answer.
//!
//! The same ones each run, unless `PASSPORT_TEST_SEED` says otherwise; `PASSPORT_TEST_EXAMPLES=1000` is the long form.

use std::path::PathBuf;
use std::process::Command;

use passport_tests::places::workspace;
use passport_tests::process::Issuer;

/// What is looked at in each answer: no 5xx, no status, type or body that the document does not name.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance";

/// And in each answer of JSON.
const JSON_CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

/// The limits off, which would answer 429 from the first second on and nothing else.
const SETTINGS: [&str; 8] = ["--agent-rate", "0", "--source-rate", "0", "--public-rate", "0", "--lockout-after", "0"];

fn setting(name: &str, otherwise: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}

fn schemathesis() -> PathBuf {
    let tools = std::env::var_os("PASSPORT_TEST_TOOLS").map_or_else(|| workspace().join("target/tools"), PathBuf::from);
    let program = tools.join("python/bin/schemathesis");
    assert!(program.exists(), "{} is missing; `./check tools` installs it", program.display());
    program
}

/// Runs it on the operations that `which` names, and gives what it said where it found fault.
fn faults(issuer: &Issuer, checks: &str, which: &[&str]) -> Option<String> {
    let folder = tempfile::tempdir().expect("a folder");
    let examples = setting("PASSPORT_TEST_EXAMPLES", "8");
    let mut command = Command::new(schemathesis());
    command.args(["run", &format!("{}/openapi.json", issuer.url()), "--checks", checks, "--phases", "examples,coverage,fuzzing"]);
    command.args(["--max-examples", &examples, "--seed", &setting("PASSPORT_TEST_SEED", "1"), "--generation-database", "none"]);
    // Who waits for what is newer is answered after 30 s at the latest.
    command.args(["--request-timeout", "40", "--warnings", "off", "--no-color", "--continue-on-failure"]);
    command.args(["-H", &format!("Authorization: Bearer {}", issuer.admin_passport())]).args(which);
    // Whatever the machine's own settings are, the requests go to this machine alone.
    let output = command.current_dir(folder.path()).env("NO_PROXY", "*").output().expect("it runs");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("Operations:"), "schemathesis did not come to its summary:\n{told}");
    (!output.status.success()).then_some(told)
}

#[test]
fn no_request_has_an_answer_that_the_openapi_document_does_not_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
    let issuer = Issuer::start_with(&folder.path().join("data"), &free, &SETTINGS);
    // A stream has no end (`system/tail.rs` reads it). A bundle is a token, which schemathesis would have be JSON.
    // What revokes many passports revokes the one that asks, so it comes last.
    let apart = ["/v1/audit/stream", "/v1/trust-bundle", "/v1/passports/revoke"];
    let most: Vec<&str> = apart.iter().flat_map(|path| ["--exclude-path", path]).collect();
    let runs: [(&str, &[&str]); 3] = [
        (JSON_CHECKS, &most),
        (CHECKS, &["--include-path", "/v1/trust-bundle"]),
        (JSON_CHECKS, &["--include-path", "/v1/passports/revoke"]),
    ];
    for (checks, which) in runs {
        assert_eq!(issuer.admin().status("GET", "/v1/agents"), 200, "the passport holds, so what is asked is looked at");
        let found = faults(&issuer, checks, which);
        assert!(found.is_none(), "{}", found.unwrap_or_default());
    }
}
