//! Others' libraries read what we make.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use passport_shared::jose;
use passport_shared::key_set::KeySet;
use passport_tests::places::workspace;
use passport_tests::process::Issuer;
use serde_json::{Value, json};

/// Where `./check tools` puts the outside clients. Their absence is a failure, not a reason to pass over the test.
fn tools() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    std::env::var_os("PASSPORT_TEST_TOOLS").map_or_else(|| target.join("tools"), PathBuf::from)
}

fn run(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}; `./check tools` installs it"));
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

struct Issued {
    _issuer: Issuer,
    _folder: tempfile::TempDir,
    token: String,
    url: String,
    jwks: Value,
}

fn issued() -> Issued {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = Issuer::start(&folder.path().join("data"));
    let admin = issuer.admin();
    admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"], "constraints": {"amount": {"max": "500.00"}}}]);
    let answer =
        admin.post("/v1/passports", &json!({"agentId": "ollie", "audience": ["https://shop.example"], "grants": grants, "expiresIn": 600}));
    let token = answer["passport"].as_str().expect("a token").to_owned();
    let jwks = admin.get("/.well-known/jwks.json");
    let url = issuer.url();
    Issued { _issuer: issuer, _folder: folder, token, url, jwks }
}

fn input(issued: &Issued) -> String {
    json!({"token": issued.token, "jwks": issued.jwks, "issuer": issued.url, "audience": "https://shop.example"}).to_string()
}

const PYTHON: &str = r#"
import json, sys, jwt
given = json.load(sys.stdin)
keys = jwt.PyJWKSet.from_dict(given["jwks"])
header = jwt.get_unverified_header(given["token"])
key = next(key for key in keys.keys if key.key_id == header["kid"])
def decode(token, audience):
    return jwt.decode(token, key, algorithms=["EdDSA"], audience=audience, issuer=given["issuer"])
claims = decode(given["token"], given["audience"])
start, payload, signature = given["token"].split(".")
for token, audience in [(given["token"], "https://other.example"), (start + "." + payload + "." + signature[::-1], given["audience"])]:
    try:
        decode(token, audience)
    except jwt.InvalidTokenError:
        continue
    sys.exit("PyJWT accepted what it must refuse")
print(claims["sub"], claims["authorization_details"][0]["constraints"]["amount"]["max"])
"#;

#[test]
fn pyjwt_verifies_our_passport_with_our_published_keys() {
    let issued = issued();
    let told = run(Command::new(tools().join("python/bin/python")).args(["-c", PYTHON]), &input(&issued));
    assert_eq!(told.trim(), "ollie 500.00");
}

const NODE: &str = r#"
import { createLocalJWKSet, jwtVerify } from "jose";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const given = JSON.parse(text);
const options = { issuer: given.issuer, audience: given.audience, typ: "passport+jwt", algorithms: ["EdDSA"] };
const { payload } = await jwtVerify(given.token, createLocalJWKSet(given.jwks), options);
let refused = false;
try {
  await jwtVerify(given.token, createLocalJWKSet(given.jwks), { ...options, audience: "https://other.example" });
} catch {
  refused = true;
}
if (!refused) throw new Error("jose accepted what it must refuse");
console.log(payload.sub, payload.authorization_details[0].constraints.amount.max);
"#;

#[test]
fn jose_for_npm_verifies_our_passport_with_our_published_keys() {
    let issued = issued();
    let told = run(Command::new("node").args(["--input-type=module", "-e", NODE]).current_dir(tools().join("node")), &input(&issued));
    assert_eq!(told.trim(), "ollie 500.00");
}

#[test]
fn openssl_reads_our_exported_key_and_verifies_our_signature() {
    let issued = issued();
    let set = KeySet::parse(issued.jwks.to_string().as_bytes()).expect("a key set");
    let (signed, signature) = issued.token.rsplit_once('.').expect("dots");
    let header: Value =
        serde_json::from_slice(&jose::decode(signed.split('.').next().expect("a header")).expect("base64url")).expect("json");
    let key = set.keys.iter().find(|key| header["kid"] == key.id.as_str()).expect("the key that signed is published");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| -> PathBuf {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    };
    let public = file("public.pem", passport_keys::public_pem(key).expect("pem").as_bytes());
    let message = file("message", signed.as_bytes());
    let good = file("signature", &jose::decode(signature).expect("base64url"));
    let verify = |signature: &Path| {
        let mut command = Command::new("openssl");
        command
            .args(["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey"])
            .arg(&public)
            .arg("-in")
            .arg(&message)
            .arg("-sigfile")
            .arg(signature);
        command.output().expect("openssl runs").status.success()
    };
    assert!(verify(&good));
    assert!(!verify(&file("forged", &[7; 64])));
    assert!(run(Command::new("openssl").args(["pkey", "-pubin", "-noout", "-text", "-in"]).arg(&public), "").contains("ED25519"));
}
