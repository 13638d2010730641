//! A person's approval of one request (contract section 6): the claims of its token.

use serde::Serialize;

use crate::json::{Controls, Document, Value};
use crate::limits::{APPROVAL_LIFE, APPROVERS, OPERAND_VALUES, STRING_BYTES, TIME_MAX};

/// The claims of an approval, read and sound. Whether they hold is for a verifier to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalClaims {
    /// `iss`: the issuer's URL.
    pub issuer: String,
    /// `sub`: the agent whose request it is.
    pub agent_id: String,
    /// `aud`: the services that it is good at; `None`: any that the passport is for.
    pub audience: Option<Vec<String>>,
    /// `iat`, in seconds since 1970.
    pub issued_at: i64,
    /// `exp`, in seconds since 1970; at most 900 after `iat`.
    pub expires_at: i64,
    /// `jti`: its name, with the issuer's. It is good once.
    pub id: String,
    /// `passportId`: the passport that the request was made with.
    pub passport_id: String,
    /// `requestHash`: see [`Request::hash`](crate::request::Request::hash).
    pub request_hash: String,
    /// `approvers`: who approved it, 1 to 4 different people.
    pub approvers: Vec<String>,
}

impl ApprovalClaims {
    /// Reads the claims from a token's payload; the error says what is wrong.
    pub fn read(payload: &[u8]) -> Result<Self, &'static str> {
        let document = Document::read(payload, Controls::Refused).map_err(|_| "its claims are not sound JSON")?;
        let root = document.root();
        let text = |name: &str| root.get(name).and_then(short).ok_or("a claim is missing or malformed");
        let time = |name: &str| root.get(name).and_then(|value| value.as_integer(TIME_MAX)).ok_or("a time is missing or malformed");
        let audience = match root.get("aud") {
            None => None,
            Some(value) => Some(texts(value, OPERAND_VALUES).ok_or("`aud` is malformed")?),
        };
        let most = usize::try_from(APPROVERS).map_err(|_| "no approvers can be counted")?;
        let approvers = root.get("approvers").and_then(|value| texts(value, most)).ok_or("`approvers` is missing or malformed")?;
        if approvers.iter().enumerate().any(|(at, name)| approvers.iter().take(at).any(|other| other == name)) {
            return Err("`approvers` names somebody twice");
        }
        let claims = Self {
            issuer: text("iss")?,
            agent_id: text("sub")?,
            audience,
            issued_at: time("iat")?,
            expires_at: time("exp")?,
            id: text("jti")?,
            passport_id: text("passportId")?,
            request_hash: text("requestHash")?,
            approvers,
        };
        match claims.expires_at.saturating_sub(claims.issued_at) {
            1..=APPROVAL_LIFE => Ok(claims),
            _ => Err("it does not live for 1 to 900 seconds"),
        }
    }
}

fn short(value: Value<'_>) -> Option<String> {
    value.as_str().filter(|text| (1..=STRING_BYTES).contains(&text.len())).map(str::to_owned)
}

/// A list of 1 to `most` strings.
fn texts(value: Value<'_>, most: usize) -> Option<Vec<String>> {
    let items = value.items()?;
    if items.clone().nth(most).is_some() {
        return None;
    }
    items.map(short).collect::<Option<Vec<_>>>().filter(|texts| !texts.is_empty())
}

/// The claims of an approval about to be minted. As JSON, they are its payload.
#[derive(Clone, Debug, Serialize)]
pub struct NewApprovalClaims<'a> {
    /// The issuer's URL.
    #[serde(rename = "iss")]
    pub issuer: &'a str,
    /// The agent.
    #[serde(rename = "sub")]
    pub agent_id: &'a str,
    /// The services that it is good at; left out: any.
    #[serde(rename = "aud", skip_serializing_if = "Option::is_none")]
    pub audience: Option<&'a [String]>,
    /// In seconds since 1970.
    #[serde(rename = "iat")]
    pub issued_at: i64,
    /// In seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_at: i64,
    /// The approval's id.
    #[serde(rename = "jti")]
    pub id: &'a str,
    /// The passport's id.
    #[serde(rename = "passportId")]
    pub passport_id: &'a str,
    /// The hash of the request.
    #[serde(rename = "requestHash")]
    pub request_hash: &'a str,
    /// Who approved it.
    pub approvers: &'a [String],
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(life: i64, approvers: &[&str]) -> String {
        let approvers: Vec<String> = approvers.iter().map(|name| (*name).to_owned()).collect();
        let claims = NewApprovalClaims {
            issuer: "https://issuer.example",
            agent_id: "ollie",
            audience: Some(&["https://shop.example".to_owned()]),
            issued_at: 1_000,
            expires_at: 1_000 + life,
            id: "apr_1",
            passport_id: "pp_1",
            request_hash: "h",
            approvers: &approvers,
        };
        serde_json::to_string(&claims).expect("json")
    }

    #[test]
    fn claims_are_written_and_read_back_whole() {
        let read = ApprovalClaims::read(written(900, &["ann", "bob"]).as_bytes()).expect("sound");
        assert_eq!((read.issuer.as_str(), read.agent_id.as_str(), read.id.as_str()), ("https://issuer.example", "ollie", "apr_1"));
        assert_eq!((read.passport_id.as_str(), read.request_hash.as_str()), ("pp_1", "h"));
        assert_eq!((read.issued_at, read.expires_at, read.approvers.len()), (1_000, 1_900, 2));
        assert_eq!(read.audience, Some(vec!["https://shop.example".to_owned()]));
    }

    #[test]
    fn what_is_missing_malformed_or_out_of_bounds_is_no_approval() {
        let sound = written(900, &["ann"]);
        for name in ["iss", "sub", "iat", "exp", "jti", "passportId", "requestHash", "approvers"] {
            assert!(ApprovalClaims::read(sound.replacen(&format!("\"{name}\""), "\"other\"", 1).as_bytes()).is_err(), "{name}");
        }
        for (life, approvers) in
            [(901, &["ann"][..]), (0, &["ann"]), (-1, &["ann"]), (9, &[]), (9, &["a", "a"]), (9, &["a", "b", "c", "d", "e"])]
        {
            assert!(ApprovalClaims::read(written(life, approvers).as_bytes()).is_err(), "{life} {approvers:?}");
        }
        for (from, to) in
            [("[\"https://shop.example\"]", "[]"), ("[\"https://shop.example\"]", "null"), ("1000", "\"1000\""), ("\"apr_1\"", "\"\"")]
        {
            assert!(ApprovalClaims::read(sound.replacen(from, to, 1).as_bytes()).is_err(), "{from}");
        }
    }
}
