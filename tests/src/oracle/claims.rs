//! The payload (step 5): section 1's table of claims. `None` anywhere is `malformed_token`.

use super::LAST_SECOND;
use super::grant::Grant;
use super::json::{self, Json, Members, member};

/// What the claims say.
#[derive(Debug)]
pub(super) struct Passport {
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) audience: Vec<String>,
    pub(super) issued_at: i64,
    pub(super) expires_at: i64,
    pub(super) not_before: Option<i64>,
    pub(super) has_status: bool,
    pub(super) has_cnf: bool,
    /// Each grant with its index in `authorization_details`, where entries of other types count too.
    pub(super) grants: Vec<(usize, Grant)>,
}

/// Reads a payload.
pub(super) fn read(bytes: &[u8]) -> Option<Passport> {
    let claims = json::read_without_controls(bytes)?;

    short_text(member(&claims, "jti")?)?;
    if let Some(value) = member(&claims, "onBehalfOf") {
        short_text(value)?;
    }
    if let Some(value) = member(&claims, "status") {
        check_status(value)?;
    }
    if let Some(value) = member(&claims, "cnf") {
        match value {
            Json::Object(members) if !members.is_empty() => {}
            _ => return None,
        }
    }

    Some(Passport {
        issuer: short_text(member(&claims, "iss")?)?,
        subject: short_text(member(&claims, "sub")?)?,
        audience: audience(member(&claims, "aud")?)?,
        issued_at: seconds(member(&claims, "iat")?)?,
        expires_at: seconds(member(&claims, "exp")?)?,
        not_before: match member(&claims, "nbf") {
            Some(value) => Some(seconds(value)?),
            None => None,
        },
        has_status: member(&claims, "status").is_some(),
        has_cnf: member(&claims, "cnf").is_some(),
        grants: grants(member(&claims, "authorization_details")?)?,
    })
}

/// A string of 1 to 256 bytes: every string that sections 1 and 2 name.
pub(super) fn short_text(value: &Json) -> Option<String> {
    match value {
        Json::Text(text) if (1..=256).contains(&text.len()) => Some(text.clone()),
        _ => None,
    }
}

fn audience(value: &Json) -> Option<Vec<String>> {
    match value {
        Json::Text(_) => Some(vec![short_text(value)?]),
        Json::List(items) if (1..=128).contains(&items.len()) => items.iter().map(short_text).collect(),
        _ => None,
    }
}

/// An integer from 0 to the last second of 9999, without fraction, exponent or minus.
fn seconds(value: &Json) -> Option<i64> {
    plain_integer(value, LAST_SECOND)
}

fn plain_integer(value: &Json, most: i64) -> Option<i64> {
    let Json::Number(text) = value else { return None };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number| *number <= most)
}

fn check_status(value: &Json) -> Option<()> {
    let Json::Object(status) = value else { return None };
    let Json::Object(list) = member(status, "status_list")? else { return None };
    // Of any size: one beyond every list is out of range, not malformed.
    let Json::Number(index) = member(list, "idx")? else { return None };
    if !index.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    short_text(member(list, "uri")?)?;
    Some(())
}

fn grants(value: &Json) -> Option<Vec<(usize, Grant)>> {
    let Json::List(entries) = value else { return None };
    if entries.len() > 64 {
        return None;
    }
    let mut grants = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let Json::Object(members) = entry else { return None };
        if is_grant(members)? {
            grants.push((index, Grant::read(members)?));
        }
    }
    Some(grants)
}

fn is_grant(members: &Members) -> Option<bool> {
    Some(short_text(member(members, "type")?)? == "permission_passport")
}
