//! `decide`: a token held against trust, step by step, and a request decided on it, as a service would.

use passport_shared::decision::{Reason, Refusal};
use passport_shared::explain::{Explained, explain};
use passport_shared::limits::REQUEST_BYTES;
use passport_shared::unverified::UnverifiedPassport;
use passport_verifier::{MaxAge, Request, ResourcePolicy, Trust, Verifier};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::Failed;
use crate::trust::{Told, TrustText};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Decide {
    token: String,
    trust: String,
    issuer: Option<String>,
    /// Who decides. Without it, the first service that the passport names.
    audience: Option<String>,
    now: i64,
    /// Whether `now` was given by a person: the age of keys and the end of a bundle then say nothing (F8.8).
    #[serde(default)]
    by_hand: bool,
    /// Without it, steps 1 to 8 alone.
    request: Option<String>,
    #[serde(default)]
    require_resource: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Decided {
    trust: Told,
    /// Who decided.
    audience: Option<String>,
    /// Whether that was looked at, and not only taken from the passport.
    audience_given: bool,
    /// Steps 1 to 8: whether the passport is good.
    verified: bool,
    /// Whether the signature was good, whatever was wrong after it.
    signature_holds: bool,
    /// What came of steps 1 to 8.
    reason: Reason,
    message: String,
    steps: Vec<Step>,
    /// The decision on the request, as every service answers it (section 3).
    decision: Option<Box<RawValue>>,
    /// The HTTP status that a service would answer with.
    http_status: Option<u16>,
    /// What each grant said; only where the passport was good, so that they were looked at.
    grants: Vec<Explained>,
}

/// One of the steps 1 to 8.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    step: u8,
    checked: &'static str,
    came: Came,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Came {
    Passed,
    Failed,
    /// A step before it had failed.
    NotReached,
    /// There was nothing to look at.
    NotLookedAt,
}

impl Decide {
    pub(crate) fn answer(&self) -> Result<Decided, Failed> {
        if self.request.as_ref().is_some_and(|request| request.len() > REQUEST_BYTES) {
            return Err(Failed::new(format!("the request has more than {REQUEST_BYTES} bytes")));
        }
        let text = TrustText::read(&self.trust, self.issuer.as_deref())?;
        let told = text.told(self.now);
        let claimed = UnverifiedPassport::read(self.token.as_bytes()).ok();
        let first = || claimed.as_ref().and_then(|passport| passport.claims().audience.first()).map(ToString::to_string);
        let audience = self.audience.clone().or_else(first);
        let has_status = claimed.as_ref().is_some_and(|passport| passport.claims().status.is_some());
        let revocation_known = has_status && text.knows_of_revocation();
        let expired = !self.by_hand && text.expired(self.now);
        let trust = if expired { Trust::none(text.trust.issuer()) } else { text.trust };
        let verifier = self.verifier(trust, audience.clone().unwrap_or_default());
        let (refused, signature_holds) = match verifier.verify(&self.token, self.now) {
            Ok(_) => (None, true),
            Err(denied) => {
                let holds = denied.record().key_id.is_some();
                (Some(Refusal::new(denied.reason(), denied.message())), holds)
            }
        };
        let refused = refused.map(|refusal| match expired && refusal.reason == Reason::KeysUnavailable {
            true => Refusal::new(Reason::KeysUnavailable, "the trust bundle has expired, so none of its keys is believed: fetch a new one"),
            false => refusal,
        });
        let steps = steps(refused.as_ref().map(|refusal| refusal.reason), signature_holds, revocation_known);
        let mut decided = Decided {
            trust: told,
            audience,
            audience_given: self.audience.is_some(),
            verified: refused.is_none(),
            signature_holds,
            reason: refused.as_ref().map_or(Reason::Granted, |refusal| refusal.reason),
            message: refused.map(|refusal| refusal.message).unwrap_or_default(),
            steps,
            decision: None,
            http_status: None,
            grants: Vec::new(),
        };
        if let Some(request) = &self.request {
            let request = Request::parse(request.as_bytes());
            let decision = verifier.decide(&self.token, &request, self.now);
            decided.http_status = Some(decision.reason().http_status());
            let record = serde_json::value::to_raw_value(&decision.record());
            decided.decision = Some(record.map_err(|_| Failed::new("the decision cannot be written"))?);
            // What stands in the token is believed now: its signature was good.
            if let Some(passport) = claimed.filter(|_| decided.verified) {
                let grants = passport.claims().grants.iter().map(|(index, grant)| (*index, grant));
                decided.grants = explain(grants, &request, self.now);
            }
        }
        Ok(decided)
    }

    fn verifier(&self, trust: Trust, audience: String) -> Verifier {
        let resource = if self.require_resource { ResourcePolicy::MustName } else { ResourcePolicy::MayOmit };
        let verifier = Verifier::new(trust, audience).with_resource_policy(resource).without_cache();
        match self.by_hand {
            true => verifier.with_max_key_age(MaxAge::Unlimited),
            false => verifier,
        }
    }
}

/// What became of each step, from the one that failed.
fn steps(refused: Option<Reason>, signature_holds: bool, revocation_known: bool) -> Vec<Step> {
    let failed = refused.map_or(u8::MAX, |reason| failed_step(reason, signature_holds));
    let came = |step: u8| match step.cmp(&failed) {
        std::cmp::Ordering::Less if step == 8 && !revocation_known => Came::NotLookedAt,
        std::cmp::Ordering::Less => Came::Passed,
        std::cmp::Ordering::Equal => Came::Failed,
        std::cmp::Ordering::Greater => Came::NotReached,
    };
    STEPS.iter().map(|(step, checked)| Step { step: *step, checked, came: came(*step) }).collect()
}

const STEPS: [(u8, &str); 8] = [
    (1, "the form: size, three parts, a header of sound JSON"),
    (2, "the header: algorithm, type, nothing else in it"),
    (3, "the key: it is trusted, fresh and not revoked"),
    (4, "the signature"),
    (5, "the claims and grants can be read"),
    (6, "the issuer and the audience"),
    (7, "the times: begun, and not over"),
    (8, "revocation"),
];

/// The step of section 3 that fails with `reason`.
fn failed_step(reason: Reason, signature_holds: bool) -> u8 {
    match reason {
        Reason::ClockUntrusted => 0,
        Reason::MalformedToken if signature_holds => 5,
        Reason::MalformedToken => 1,
        Reason::UnsupportedToken => 2,
        Reason::KeysUnavailable | Reason::UnknownKey | Reason::KeyRevoked => 3,
        Reason::BadSignature => 4,
        Reason::WrongIssuer | Reason::WrongAudience => 6,
        Reason::NotYetValid | Reason::Expired => 7,
        Reason::StatusUnavailable | Reason::Revoked => 8,
        // What is refused later was not asked here.
        _ => 0,
    }
}
