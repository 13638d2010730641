//! Signatures held against vectors that nobody here wrote.

use passport_shared::key_set::PublicKey;
use serde_json::Value;

use super::TrustedKey;
use super::differential::verdicts;

/// CI always has the vectors beside the checkout; elsewhere a missing file is said and passed over.
#[expect(clippy::disallowed_methods, reason = "a test reads its vectors")]
fn vectors(name: &str) -> Option<Value> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors").join(name);
    match std::fs::read_to_string(&path) {
        Ok(text) => Some(serde_json::from_str(&text).expect("json")),
        Err(error) if std::env::var_os("CI").is_some() => panic!("{}: {error}", path.display()),
        Err(error) => {
            eprintln!("passed over: {}: {error}", path.display());
            None
        }
    }
}

fn hex(value: &Value) -> Vec<u8> {
    let nibble = |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok()).expect("hex");
    value.as_str().expect("hex").as_bytes().chunks(2).map(|pair| nibble(pair[0]) << 4 | nibble(pair[1])).collect()
}

/// Whether a verifier would take the key into trust and then accept the signature, whichever way it is checked.
fn accepts(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
    let Some(key) = TrustedKey::new(&PublicKey::new(key)) else { return false };
    let [library, listed, tabled] = verdicts(&key, message, signature);
    assert_eq!([listed, tabled], [library; 2]);
    library
}

#[test]
fn wycheproof_is_accepted_and_refused_as_labelled() {
    let Some(data) = vectors("wycheproof-ed25519/ed25519_test.json") else { return };
    let mut count = 0;
    for group in data["testGroups"].as_array().expect("groups") {
        let key = hex(&group["publicKey"]["pk"]);
        for test in group["tests"].as_array().expect("tests") {
            let accepted = accepts(&key, &hex(&test["msg"]), &hex(&test["sig"]));
            assert_eq!(accepted, test["result"] == "valid", "test {}: {}", test["tcId"], test["comment"]);
            count += 1;
        }
    }
    assert_eq!(count, 151);
}

#[test]
fn of_the_speccheck_only_the_row_that_strict_rules_accept_is_accepted() {
    let Some(data) = vectors("ed25519-speccheck/cases.json") else { return };
    let cases = data.as_array().expect("cases");
    assert_eq!(cases.len(), 12);
    for (row, case) in cases.iter().enumerate() {
        let accepted = accepts(&hex(&case["pub_key"]), &hex(&case["message"]), &hex(&case["signature"]));
        assert_eq!(accepted, row == 3, "row {row}");
    }
}
