//! `passport test`: what a team's CI sees.

use std::path::Path;

use crate::support::{NOW, Run, Signer, run, words};

const GRANTS: &str = r#"[{"resource":"commerce","allowedActions":["purchase"],"constraints":{"amount":{"max":"500.00"}}}]"#;

fn page() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/testing.md")).expect("docs/testing.md")
}

/// The blocks of code in this language.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let open = format!("```{language}\n");
    page.split(open.as_str()).skip(1).filter_map(|rest| rest.split_once("```")).map(|(block, _)| block).collect()
}

fn try_out(directory: &Path, text: &str, more: &[&str]) -> Run {
    std::fs::write(directory.join("checkout.yaml"), text).expect("written");
    run(directory, &[&["test", "checkout.yaml"], more].concat())
}

#[test]
fn every_file_in_the_page_on_testing_is_as_expected() {
    let directory = tempfile::tempdir().expect("a directory");
    let page = page();
    let files = blocks(&page, "yaml");
    assert!(files.len() >= 2, "{}", files.len());
    let shown: Vec<String> = files.iter().map(|file| try_out(directory.path(), file, &[]).ended(0).out).collect();
    assert!(page.contains(&format!("$ passport test checkout.yaml\n{}", shown[0])), "the page shows what is written:\n{}", shown[0]);
    let narrower = files[0].replace("max: \"500.00\"", "max: \"40\"");
    let told = try_out(directory.path(), &narrower, &[]).ended(1);
    let difference = page.split_once("  DIFF").and_then(|(_, rest)| rest.split_once("```")).map(|(block, _)| block).expect("a difference");
    // A request is shown in lines that fit.
    assert!(words(&told.out).contains(&words(difference)), "{}", told.out);
}

#[test]
fn the_file_that_help_shows_is_as_expected() {
    let directory = tempfile::tempdir().expect("a directory");
    let help = run(directory.path(), &["test", "--help"]).ended(0).out;
    let (_, file) = help.split_once("What checkout.yaml says:\n").expect("a file");
    let told = try_out(directory.path(), file, &[]).ended(0);
    assert!(told.out.contains("all 2 as expected"), "{}", told.out);
}

#[test]
fn a_difference_is_exit_1_and_says_what_was_expected_what_was_decided_and_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = format!(
        "grants: {GRANTS}\ntests:\n  - name: too much\n    request: {{action: purchase, resource: commerce, amount: 500.01}}\n    expect: allow\n  \
         - {{request: {{action: purchase, resource: commerce, amount: 500.00}}, expect: {{outcome: allow, grant: 0}}}}\n  \
         - {{request: {{action: purchase, resource: commerce, amount: 500.00}}, expect: {{outcome: allow, grant: 1}}}}\n  \
         - {{request: {{action: purchase, resource: commerce}}, expect: {{reason: constraint_unmet, details: [{{attribute: vendor}}]}}}}\n"
    );
    let told = try_out(directory.path(), &file, &[]).ended(1);
    for words in [
        "DIFF  too much",
        "expected  allow\n",
        "got       deny, constraint_unmet\n",
        "why       `amount` is 500.01, over the maximum of 500.00\n",
        "at        checkout.yaml:3\n",
        "ok    test 2",
        "expected  allow, by grant 1",
        "3 of 4 not as expected",
    ] {
        assert!(told.out.contains(words), "{words}: {}", told.out);
    }
    assert!(told.out.lines().all(|line| line.chars().count() <= 80 || line.contains("{\"")), "{}", told.out);
    let json = try_out(directory.path(), &file, &["--json", "--junit", "out.xml"]).ended(1).json();
    assert_eq!((json["tests"].as_u64(), json["passed"].as_u64(), json["failed"].as_u64()), (Some(4), Some(1), Some(3)));
    let tests = &json["files"][0]["tests"];
    assert_eq!((tests[0]["line"].as_u64(), &tests[0]["got"]["reason"]), (Some(3), &"constraint_unmet".into()));
    assert_eq!(tests[2]["differences"], serde_json::json!(["grant"]));
    assert_eq!(tests[3]["differences"], serde_json::json!(["details"]));
    let xml = std::fs::read_to_string(directory.path().join("out.xml")).expect("a file");
    for words in ["tests=\"4\"", "failures=\"3\"", "name=\"too much\"", "classname=\"checkout.yaml\"", "over the maximum of 500.00"] {
        assert!(xml.contains(words), "{words}: {xml}");
    }
}

#[test]
fn a_file_that_is_wrong_is_told_by_line_and_column_and_nothing_is_tried() {
    let directory = tempfile::tempdir().expect("a directory");
    let test = "tests:\n  - {request: {action: x}, expect: deny}\n";
    for (file, place, words) in [
        ("grants: [\n", "1:9", "neither YAML nor JSON"),
        ("grants:\n  - resource: a/*b\n    allowedActions: [x]\n", "2:15", "a `*` can only stand as a whole segment"),
        ("grants:\n  - resource: a\n    allowdActions: [x]\n", "3:", "no member `allowdActions`"),
        ("grants: []\ngrant: []\n", "2:1", "a file of tests has no member `grant`"),
        ("grants: []\nclaims: {}\n", "2:9", "one of `grants`, `template` and `claims`"),
        ("now: soon\ngrants: []\n", "1:6", "it must be a time"),
        ("claims:\n  iss: https://i.example\n  sub: 7\n", "3:8", "string"),
        ("template:\n  parameters: {a: {type: string}}\n  grants: []\n", "2:19", "no grant uses it"),
        ("grants: none.json\n", "1:9", "none.json"),
    ] {
        let text = format!("{file}{}", if file.ends_with("[\n") { "" } else { test });
        let told = try_out(directory.path(), &text, &["--junit", "out.xml"]).ended(2);
        assert!(told.out.is_empty() && told.err.contains(&format!("checkout.yaml:{place}")), "{text}: {}", told.err);
        assert!(told.err.contains(words), "{text}: {}", told.err);
    }
    for (test, place, words) in [
        ("{request: {action: x}, expect: denied}", "3:36", "neither an outcome nor a reason; is `deny` meant?"),
        ("{request: {action: x}, expect: action_not_grantd}", "3:36", "is `action_not_granted` meant?"),
        ("{request: {action: x}, expect: {outcome: allow, reason: expired}}", "3:46", "`expired` is never `allow`"),
        ("{request: {action: x}, expects: deny}", "3:28", "a test has no member `expects`"),
        ("{request: {action: x}}", "3:5", "`expect` is missing"),
        ("{request: [x], expect: deny}", "3:15", "not a list"),
        ("{request: {action: x, amount: 007}, expect: deny}", "3:35", "in quotes"),
    ] {
        let told = try_out(directory.path(), &format!("grants: []\ntests:\n  - {test}\n"), &[]).ended(2);
        assert!(told.err.contains(&format!("checkout.yaml:{place}")) && told.told().contains(words), "{test}: {}", told.err);
    }
    assert!(!directory.path().join("out.xml").exists());
    std::fs::write(directory.path().join("sound.yaml"), format!("grants: []\n{test}")).expect("written");
    let told = run(directory.path(), &["test", "sound.yaml", "checkout.yaml"]).ended(2);
    assert_eq!(told.out, "", "one that is wrong stops them all");
}

#[test]
fn grants_that_are_issued_and_tokens_that_are_carried_are_tried_from_their_own_files() {
    let signer = Signer::new();
    std::fs::write(signer.path().join("grants.json"), GRANTS).expect("written");
    std::fs::write(signer.path().join("ollie.passport"), signer.passport() + "\n").expect("written");
    let asks = "{action: purchase, resource: commerce, amount: 12345678901234567890.123, agentId: agent_ollie}";
    let file = format!(
        "grants: grants.json\ntests:\n  - {{request: {asks}, expect: {{reason: constraint_unmet, details: [{{attribute: amount, actual: 12345678901234567890.123}}]}}}}"
    );
    try_out(signer.path(), &file, &[]).ended(0);
    let asks = "{action: purchase, resource: commerce, amount: 5, vendor: coachella.com}";
    let file = format!(
        "claims: ollie.passport\nnow: {NOW}\ntests:\n  - {{request: {asks}, expect: allow}}\n  - {{request: {asks}, now: {}, expect: expired}}\n",
        NOW + 3_600
    );
    try_out(signer.path(), &file, &[]).ended(0);
    let file = format!("claims: ollie.passport\nagent: agent_other\ntests:\n  - {{request: {asks}, expect: allow}}");
    try_out(signer.path(), &file, &["--at", &NOW.to_string()]).ended(0);
    try_out(signer.path(), &file, &["--at", &(NOW + 3_600).to_string()]).ended(1);
}
