//! `takeApart`: what a token says, nothing in it proved.

use passport_shared::jose::{self, Compact, TokenType};
use passport_shared::judge::{LEEWAY, check_times};
use passport_shared::limits::{TOKEN_BYTES, TOKEN_BYTES_MAX};
use passport_shared::passport::{Passport, StatusRef};
use passport_shared::time;
use serde::{Deserialize, Serialize};

use crate::explain::GrantInWords;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TakeApart {
    token: String,
    now: i64,
}

/// Everything that can be read, however far that is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Apart {
    /// Bytes of the token, and how many are accepted unless a verifier is set otherwise.
    bytes: usize,
    max_bytes: usize,
    /// What stands between the dots.
    parts: Vec<Part>,
    /// What kind of token its header says it is; `None` for one that is not ours.
    kind: Option<&'static str>,
    /// The key that it says signed it, where the header is that of a passport.
    key_id: Option<String>,
    /// Its claims, where they are those of a passport.
    passport: Option<Claims>,
    /// The first thing for which it is no passport.
    problem: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    bytes: usize,
    /// Decoded, where it is unpadded base64url of UTF-8.
    text: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Claims {
    passport_id: String,
    agent_id: String,
    issuer: String,
    audience: Vec<String>,
    issued_at: i64,
    not_before: Option<i64>,
    expires_at: i64,
    /// Why it is not good at that time; `None` where it is.
    untimely: Option<Untimely>,
    on_behalf_of: Option<String>,
    needs_proof: bool,
    status: Option<StatusRef>,
    grants: Vec<GrantInWords>,
    /// What it keeps from the audit log, in sentences; none where it is nothing.
    hides: Vec<String>,
    /// The whole as sentences for an agent's instructions.
    prompt: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Untimely {
    reason: passport_shared::decision::Reason,
    message: String,
}

impl TakeApart {
    pub(crate) fn answer(&self) -> Apart {
        let token = self.token.as_bytes();
        let mut apart = Apart {
            bytes: token.len(),
            max_bytes: TOKEN_BYTES,
            parts: Vec::new(),
            kind: None,
            key_id: None,
            passport: None,
            problem: None,
        };
        if token.len() > TOKEN_BYTES_MAX {
            apart.problem = Some(format!("the token has {} bytes, more than the {TOKEN_BYTES_MAX} that any verifier accepts", token.len()));
            return apart;
        }
        let decoded = |text: &str| jose::decode(text).and_then(|bytes| String::from_utf8(bytes).ok());
        // A token of any form: more parts than this are no more telling.
        apart.parts = self.token.split('.').take(6).map(|text| Part { bytes: text.len(), text: decoded(text) }).collect();
        match Self::read(token, &mut apart) {
            Ok(passport) => apart.passport = Some(Claims::of(&passport, self.now)),
            Err(why) => apart.problem = Some(why),
        }
        apart
    }

    fn read(token: &[u8], apart: &mut Apart) -> Result<Passport, String> {
        let compact = Compact::split(token, TOKEN_BYTES_MAX).map_err(|error| error.to_string())?;
        apart.kind = TokenType::ALL.into_iter().find(|kind| compact.key_id(*kind).is_ok()).map(TokenType::name);
        apart.key_id = Some(compact.key_id(TokenType::Passport).map_err(|error| error.to_string())?);
        Passport::read(&compact.payload).map_err(|error| error.to_string())
    }
}

impl Claims {
    fn of(passport: &Passport, now: i64) -> Self {
        let untimely = match time::in_range(now) {
            true => check_times(passport, now, LEEWAY),
            false => None,
        };
        Self {
            passport_id: passport.id.to_string(),
            agent_id: passport.agent_id.to_string(),
            issuer: passport.issuer.to_string(),
            audience: passport.audience.iter().map(ToString::to_string).collect(),
            issued_at: passport.issued_at,
            not_before: passport.not_before,
            expires_at: passport.expires_at,
            untimely: untimely.map(|refusal| Untimely { reason: refusal.reason, message: refusal.message }),
            on_behalf_of: passport.on_behalf_of.as_ref().map(ToString::to_string),
            needs_proof: passport.needs_proof,
            status: passport.status.clone(),
            grants: passport.grants.iter().map(|(index, grant)| GrantInWords::of(*index, grant, now)).collect(),
            hides: passport.hidden.as_ref().map(|hidden| hidden.describe()).unwrap_or_default(),
            prompt: passport.to_prompt(now),
        }
    }
}
