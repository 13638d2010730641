//! Step 13: whether the approval that came with a request holds, and that it is used once (contract section 6).
//!
//! What one verifier can know, and what it cannot: it remembers each approval that it has let through until that has
//! expired, so with it an approval is good once. Two verifiers that do not talk to each other each let it through once, and
//! so does one that was started again meanwhile. Where that matters, bind an approval to one service (`audience` when it
//! is asked for), keep it short, and let one process decide on what it is for; every use is reported with the approval's id,
//! so a second one is seen afterwards.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use passport_shared::approval::ApprovalClaims;
use passport_shared::decision::{Reason, Refusal};
use passport_shared::jose::{Compact, TokenType};
use passport_shared::limits::REQUEST_STRING_BYTES;
use passport_shared::passport::Passport;
use passport_shared::request::Request;

use crate::strict::SignatureMethod;
use crate::trust::Trust;

/// How many approvals are remembered at once. Each is there for at most a quarter of an hour; one more than these is refused,
/// and none is forgotten early.
const REMEMBERED: usize = 65_536;

/// The approvals that were let through and have not expired.
#[derive(Debug)]
pub(crate) struct Used {
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    /// Issuer and id, and when it expires.
    until: HashMap<(String, String), i64>,
    /// Uses of approvals that expire by then may be forgotten, so none of those holds any more. `now` is the caller's: it may
    /// have jumped ahead when room was made, and have come back since.
    forgotten: i64,
}

impl Default for Used {
    fn default() -> Self {
        Self { memory: Mutex::new(Memory { until: HashMap::new(), forgotten: i64::MIN }) }
    }
}

/// What an approval is held against.
pub(crate) struct Asked<'a> {
    pub(crate) passport: &'a Passport,
    pub(crate) request: &'a Request,
    /// How many different people the grant asks for.
    pub(crate) approvers: u8,
    pub(crate) audience: &'a str,
    pub(crate) leeway: i64,
    pub(crate) signatures: SignatureMethod,
    pub(crate) now: i64,
}

impl Used {
    /// Uses the approval `token` up, and gives its id. Of two callers at once with the same one, one is refused.
    pub(crate) fn redeem(&self, trust: &Trust, asked: &Asked<'_>, token: &str) -> Result<String, Refusal> {
        let claims = check(trust, asked, token).map_err(|why| refuse(&why))?;
        let id = claims.id.clone();
        self.note((claims.issuer, claims.id), claims.expires_at, asked.now).map_err(refuse)?;
        Ok(id)
    }

    fn note(&self, approval: (String, String), expires_at: i64, now: i64) -> Result<(), &'static str> {
        // It is whole at every moment: one that panicked while it held it has broken nothing.
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.until.contains_key(&approval) {
            return Err("it was used before");
        }
        if memory.until.len() >= REMEMBERED {
            memory.until.retain(|_, expires_at| *expires_at > now);
            memory.forgotten = memory.forgotten.max(now);
        }
        if expires_at <= memory.forgotten {
            return Err("the clock went back, and it is not known any more whether it was used before");
        }
        if memory.until.len() >= REMEMBERED {
            return Err("too many approvals were used in the last minutes to remember one more");
        }
        memory.until.insert(approval, expires_at);
        Ok(())
    }
}

/// All but whether it was used before.
fn check(trust: &Trust, asked: &Asked<'_>, token: &str) -> Result<ApprovalClaims, String> {
    let Asked { passport, request, approvers, audience, leeway, signatures, now } = asked;
    let compact = Compact::split(token.as_bytes(), REQUEST_STRING_BYTES).map_err(|error| error.to_string())?;
    let kid = compact.key_id(TokenType::Approval).map_err(|error| error.to_string())?;
    let key = trust.key(&kid).ok_or("it is signed by a key that is not trusted here")?;
    if !key.verifies(compact.signing_input, &compact.signature, *signatures) {
        return Err("its signature does not hold".to_owned());
    }
    let claims = ApprovalClaims::read(&compact.payload)?;
    let wrong = if claims.issuer != trust.issuer() {
        Some("it is from another issuer")
    } else if claims.audience.as_ref().is_some_and(|audiences| !audiences.iter().any(|one| one == audience)) {
        Some("it is for other services")
    } else if claims.agent_id != passport.agent_id || claims.passport_id != passport.id {
        Some("it is for another passport")
    } else if claims.request_hash != request.hash(&passport.agent_id) {
        Some("it is for another request")
    } else if claims.issued_at > now.saturating_add(*leeway) {
        Some("it is not valid yet")
    } else if claims.expires_at <= *now {
        Some("it has expired")
    } else if claims.approvers.len() < usize::from(*approvers) {
        Some("fewer people have approved it than the grant asks for")
    } else {
        None
    };
    wrong.map_or(Ok(claims), |why| Err(why.to_owned()))
}

fn refuse(why: &str) -> Refusal {
    Refusal::new(Reason::ApprovalInvalid, format!("the approval given does not hold: {why}"))
}

#[cfg(test)]
mod tests;
