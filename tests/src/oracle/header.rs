//! The header's members (step 2).

use super::json::{Json, Members};

/// The key id, if the header has exactly the members `alg`, `typ` and `kid`, each with a value that is supported.
pub(super) fn key_id(members: &Members) -> Option<String> {
    let mut found = (false, false, None);
    for (name, value) in members {
        let Json::Text(text) = value else { return None };
        match name.as_str() {
            "alg" if text == "EdDSA" || text == "Ed25519" => found.0 = true,
            "typ" if is_passport_type(text) => found.1 = true,
            "kid" if (1..=256).contains(&text.len()) => found.2 = Some(text.clone()),
            _ => return None,
        }
    }
    match found {
        (true, true, kid) => kid,
        _ => None,
    }
}

fn is_passport_type(text: &str) -> bool {
    text.eq_ignore_ascii_case("passport+jwt") || text.eq_ignore_ascii_case("application/passport+jwt")
}
