//! The contract's own examples and prose, as whole decisions.

use super::*;

mod grants;
mod malformed;
mod requests;
mod tokens;

const NOW: i64 = 1_795_456_800; // 2026-11-23T18:00:00Z
const KEYS: &[(&str, KeyState)] = &[("good", KeyState::Known), ("bad", KeyState::Revoked)];

fn world() -> World<'static> {
    World {
        issuer: "https://issuer.example",
        audience: "https://shop.example",
        keys: KEYS,
        keys_age: None,
        status: StatusAnswer::Valid,
        max_token_bytes: 8192,
        leeway: 30,
        require_resource: false,
    }
}

/// Claims with the members given put behind the usual ones; a member given takes the usual one's place.
fn claims(members: &[(&str, &str)]) -> String {
    let iat = NOW.to_string();
    let exp = (NOW + 3600).to_string();
    let usual = [
        ("iss", r#""https://issuer.example""#),
        ("sub", r#""agent_ollie""#),
        ("aud", r#"["https://shop.example"]"#),
        ("iat", iat.as_str()),
        ("exp", exp.as_str()),
        ("jti", r#""pp_01""#),
        ("authorization_details", "[]"),
    ];
    let kept = usual.iter().filter(|(name, _)| !members.iter().any(|(given, _)| given == name));
    let all: Vec<String> =
        kept.chain(members).filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", all.join(","))
}

/// A grant: its resource, then its other members as JSON.
fn grant(resource: &str, rest: &str) -> String {
    format!(r#"{{"type":"permission_passport","resource":"{resource}",{rest}}}"#)
}

fn with_grants(grants: &[&str]) -> String {
    claims(&[("authorization_details", &format!("[{}]", grants.join(",")))])
}

fn ask(claims: &str, request: &str) -> Verdict {
    decide_claims(&world(), claims.as_bytes(), request.as_bytes(), NOW)
}

fn reason(grants: &[&str], request: &str) -> &'static str {
    ask(&with_grants(grants), request).reason
}

fn unmet(grant: usize, attribute: &str, operator: &str) -> Unmet {
    Unmet { grant, attribute: attribute.into(), operator: Some(operator.into()) }
}
