//! Who may depend on whom (ARCHITECTURE.md, "Who depends on whom").

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use passport_tests::places::workspace;
use serde_json::Value;

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("json")
}

/// Our members, each with those of ours that it depends on, not for its own tests alone.
fn edges(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let packages = metadata["packages"].as_array().expect("packages");
    let ours: Vec<&Value> = packages.iter().filter(|package| package["source"].is_null()).collect();
    let name = |package: &Value| package["name"].as_str().expect("a name").to_owned();
    let names: BTreeSet<String> = ours.iter().map(|package| name(package)).collect();
    ours.iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies").iter();
            let kept = dependencies.filter(|dependency| dependency["kind"] != "dev").map(name).filter(|name| names.contains(name));
            (name(package), kept.collect())
        })
        .collect()
}

#[test]
fn a_service_that_verifies_holds_no_code_that_can_sign() {
    let allowed: [(&str, &[&str]); 5] = [
        ("passport-shared", &[]),
        ("passport-verifier", &["passport-shared"]),
        ("passport-keys", &["passport-shared"]),
        ("passport-issuer", &["passport-shared", "passport-verifier", "passport-keys"]),
        ("passport-tests", &["passport-shared", "passport-verifier", "passport-keys", "passport-issuer"]),
    ];
    let edges = edges(&metadata());
    assert_eq!(
        edges.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        allowed.iter().map(|(name, _)| *name).collect(),
        "a new member: say in ARCHITECTURE.md who may depend on it"
    );
    for (name, may) in allowed {
        for dependency in &edges[name] {
            assert!(
                may.contains(&dependency.as_str()),
                "{name} may not depend on {dependency}: see ARCHITECTURE.md, \"Who depends on whom\""
            );
        }
    }
}

/// What the verifier's core pulls into a service. A longer list needs a reason, in the commit that makes it longer.
#[test]
fn the_verifiers_core_stays_small() {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "-p",
            "passport-verifier",
            "--no-default-features",
            "-e",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let crates: BTreeSet<&str> = text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).collect();
    let expected: BTreeSet<&str> = CORE.into_iter().collect();
    assert_eq!(crates, expected, "the list in this test is kept by hand, so that growth is noticed");
}

const CORE: [&str; 33] = [
    "adler2",
    "arc-swap",
    "base64",
    "block-buffer",
    "cfg-if",
    "chrono",
    "cpufeatures",
    "crc32fast",
    "crypto-common",
    "curve25519-dalek",
    "digest",
    "ed25519",
    "ed25519-dalek",
    "flate2",
    "hybrid-array",
    "itoa",
    "memchr",
    "miniz_oxide",
    "num-traits",
    "passport-shared",
    "passport-verifier",
    "serde",
    "serde_core",
    "serde_json",
    "sha2",
    "signature",
    "simd-adler32",
    "smol_str",
    "subtle",
    "thiserror",
    "typenum",
    "zeroize",
    "zmij",
];
