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
    let allowed: [(&str, &[&str]); 6] = [
        ("passport-shared", &[]),
        ("passport-verifier", &["passport-shared"]),
        ("passport-inspector", &["passport-shared", "passport-verifier"]),
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

/// The names of all crates that `package` pulls in, as `cargo tree` says with these arguments.
fn tree(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--locked", "-p", package, "--prefix", "none", "--format", "{p}"])
        .args(arguments)
        .current_dir(workspace())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

/// What the benchmark measures beside us, and what only they bring, has a workspace and a lock of its own.
#[test]
fn no_peer_of_the_benchmark_is_shipped() {
    let peers = std::fs::read_to_string(workspace().join("tests/peers/Cargo.lock")).expect("the peers' lock");
    for package in ["passport-issuer", "passport-verifier"] {
        let crates = tree(package, &["--all-features", "-e", "normal,build"]);
        for peer in PEERS {
            assert!(peers.contains(&format!("name = \"{peer}\"\n")), "{peer} is no peer any more: strike it off this list");
            assert!(!crates.contains(peer), "{package} pulls in {peer}: see docs/performance.md, \"The peers\"");
        }
    }
    let ours = std::fs::read_to_string(workspace().join("Cargo.lock")).expect("our lock");
    assert!(!ours.contains("name = \"passport-peers\""), "the peers are no member of the workspace, and nothing depends on them");
}

const PEERS: [&str; 9] =
    ["aws-lc-sys", "biscuit-auth", "cedar-policy", "jsonwebtoken", "jwt-simple", "pasetors", "passport-peers", "rsa", "tenuo"];

/// The crates that the verifier pulls into a service, itself included, with these arguments for its features.
fn crates_of_the_verifier(features: &[&str]) -> BTreeSet<String> {
    tree("passport-verifier", &[&["-e", "normal,no-proc-macro"], features].concat())
}

fn names(crates: &[&str]) -> BTreeSet<String> {
    crates.iter().map(|name| (*name).to_owned()).collect()
}

/// What the verifier's core pulls into a service. A longer list needs a reason, in the commit that makes it longer.
#[test]
fn the_verifiers_core_stays_small() {
    let crates = crates_of_the_verifier(&["--no-default-features"]);
    assert_eq!(crates, names(CORE), "the list in this test is kept by hand, so that growth is noticed");
}

#[test]
fn what_a_service_gets_unless_it_says_otherwise_stays_small() {
    let crates = crates_of_the_verifier(&[]);
    assert_eq!(crates, &names(CORE) | &names(GUARD), "the lists in this test are kept by hand, so that growth is noticed");
    assert!(crates.len() <= 35, "{} crates", crates.len());
}

#[test]
fn a_service_on_threads_gets_no_async_runtime() {
    let crates = crates_of_the_verifier(&["--no-default-features", "--features", "guard,refresh,report,metrics"]);
    assert!(crates.contains("ureq"), "does this test still see them? {crates:?}");
    for runtime in ["tokio", "futures-core", "futures-util", "async-io", "smol", "hyper"] {
        assert!(!crates.contains(runtime), "{runtime} came in");
    }
}

/// A browser that verifies needs what a service needs, and nothing beside it.
#[test]
fn the_inspectors_core_is_the_verifiers_core() {
    let crates = tree("passport-inspector", &["-e", "normal,no-proc-macro"]);
    assert_eq!(crates, &names(CORE) | &names(&["passport-inspector"]), "what is added here is loaded by every browser that inspects");
}

/// What the feature `guard` adds to the core: the system's randomness, and ids for requests.
const GUARD: &[&str] = &["getrandom", "libc", "uuid"];

const CORE: &[&str] = &[
    "adler2",
    "arc-swap",
    "base64",
    "block-buffer",
    "cfg-if",
    "chrono",
    "cpufeatures",
    "crypto-common",
    "curve25519-dalek",
    "digest",
    "ed25519",
    "ed25519-dalek",
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
    "smallvec",
    "smol_str",
    "subtle",
    "thiserror",
    "typenum",
    "zeroize",
    "zmij",
];
