//! The verifier: pure, total, without a clock.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use passport_shared::decision::{Reason, Refusal, Verdict};
use passport_shared::jose::{Compact, CompactError, TokenType};
use passport_shared::judge::{LEEWAY, ResourcePolicy, check_times, judge};
use passport_shared::key_set::KeyId;
use passport_shared::limits::{TOKEN_BYTES, TOKEN_BYTES_MAX};
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::text::quote;
use passport_shared::time;

use crate::decision::{Context, Decision, Denied};
use crate::strict::SignatureMethod;
use crate::trust::{Status, Trust};
use crate::verified::VerifiedPassport;

/// How old something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxAge {
    /// At most so many seconds.
    Seconds(i64),
    /// However old.
    Unlimited,
}

impl MaxAge {
    pub(crate) fn allows(self, age: i64) -> bool {
        match self {
            Self::Seconds(max) => age <= max,
            Self::Unlimited => true,
        }
    }
}

/// What to do with a passport whose status cannot be had, or is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusPolicy {
    /// Deny it.
    #[default]
    DenyUnavailable,
    /// Take it for valid. A revocation then reaches this verifier only with the next fresh list: choose it only where
    /// passports live for minutes.
    AllowUnavailable,
}

#[derive(Clone, Copy, Debug)]
struct Settings {
    max_token_bytes: usize,
    max_key_age: MaxAge,
    max_status_age: MaxAge,
    leeway: i64,
    status: StatusPolicy,
    resource: ResourcePolicy,
    signatures: SignatureMethod,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_token_bytes: TOKEN_BYTES,
            max_key_age: MaxAge::Seconds(24 * 3_600),
            max_status_age: MaxAge::Seconds(3_600),
            leeway: LEEWAY,
            status: StatusPolicy::default(),
            resource: ResourcePolicy::default(),
            signatures: SignatureMethod::default(),
        }
    }
}

/// Checks passports for one service, offline.
///
/// Cloning is cheap, and clones share one trust. Every decision is total: no panic, no I/O, no lock, no clock.
///
/// ```
/// use passport_verifier::{Decision, Request, Trust, Verifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let jwks = br#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
/// # let (token, now) = ("", 1_800_000_000);
/// let trust = Trust::from_key_set("https://issuer.example", jwks)?;
/// let verifier = Verifier::new(trust, "https://shop.example");
/// let request = Request::new("purchase").on("commerce").with("vendor", "coachella.com").with("amount", 742);
///
/// match verifier.decide(token, &request, now) {
///     Decision::Allow(granted) => println!("go ahead, by grant {}", granted.grant()),
///     Decision::NeedsApproval(pending) => println!("ask a person: grant {} would allow it", pending.grant()),
///     Decision::Deny(denied) => println!("{}: {}", denied.reason(), denied.message()),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    shared: Arc<Shared>,
    settings: Settings,
}

#[derive(Debug)]
struct Shared {
    trust: ArcSwap<Trust>,
    audience: String,
}

impl Verifier {
    /// A verifier that believes `trust` and accepts passports whose audience has `audience`, compared exactly.
    #[must_use]
    pub fn new(trust: Trust, audience: impl Into<String>) -> Self {
        let shared = Shared { trust: ArcSwap::from_pointee(trust), audience: audience.into() };
        Self { shared: Arc::new(shared), settings: Settings::default() }
    }

    /// Longest token accepted, in bytes; 8,192 unless set, never over 65,536.
    #[must_use]
    pub fn with_max_token_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_token_bytes = bytes.min(TOKEN_BYTES_MAX);
        self
    }

    /// How old keys may be before everything is denied with `keys_unavailable`; 24 hours unless set.
    #[must_use]
    pub fn with_max_key_age(mut self, age: MaxAge) -> Self {
        self.settings.max_key_age = age;
        self
    }

    /// How old a status list may be before its passports are denied with `status_unavailable`; 1 hour unless set.
    #[must_use]
    pub fn with_max_status_age(mut self, age: MaxAge) -> Self {
        self.settings.max_status_age = age;
        self
    }

    /// How many seconds a passport may be early (`nbf`, `iat`); 30 unless set. Being late is never forgiven.
    #[must_use]
    pub fn with_leeway(mut self, seconds: u32) -> Self {
        self.settings.leeway = i64::from(seconds);
        self
    }

    /// What to do with a passport whose status cannot be had.
    #[must_use]
    pub fn with_status_policy(mut self, policy: StatusPolicy) -> Self {
        self.settings.status = policy;
        self
    }

    /// Whether every request has to name a resource. [`ResourcePolicy::MustName`] is recommended.
    #[must_use]
    pub fn with_resource_policy(mut self, policy: ResourcePolicy) -> Self {
        self.settings.resource = policy;
        self
    }

    /// How signatures are checked. Every way accepts exactly the same; another than the default is for who does not
    /// want arithmetic of ours between a token and the library.
    #[must_use]
    pub fn with_signature_method(mut self, method: SignatureMethod) -> Self {
        self.settings.signatures = method;
        self
    }

    /// Replaces what is believed, whole. Decisions that are under way end on the old snapshot; readers never wait.
    pub fn replace_trust(&self, trust: Trust) {
        self.shared.trust.store(Arc::new(trust));
    }

    /// What is believed now.
    #[must_use]
    pub fn trust(&self) -> Arc<Trust> {
        self.shared.trust.load_full()
    }

    /// The audience that passports must name.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.shared.audience
    }

    /// Decides whether the holder of `token` may do what `request` says at `now`, in seconds since 1970
    /// (contract section 3). Total: any bytes, any request and any time give one of the three.
    pub fn decide<'r>(&self, token: impl AsRef<[u8]>, request: &'r Request, now: i64) -> Decision<'r> {
        match self.verify(token, now) {
            Ok(passport) => passport.judge(request, now),
            Err(denied) => denied.about(request).into(),
        }
    }

    /// Steps 1 to 8 alone: verify once, decide many times. The passport that comes back looks at expiry, revocation
    /// and keys again for each decision.
    pub fn verify(&self, token: impl AsRef<[u8]>, now: i64) -> Result<VerifiedPassport, Denied<'static>> {
        let mut context = Context { now, ..Context::default() };
        if let Err(refusal) = check_clock(now) {
            return Err(context.deny(refusal));
        }
        let trust = self.load();
        let signed = match self.check_signature(&trust, token.as_ref(), now) {
            Ok(signed) => signed,
            Err(refusal) => return Err(context.deny(refusal)),
        };
        context.key_id = Some(signed.key_id);
        let passport = match Passport::read(&signed.payload) {
            Ok(passport) => Arc::new(passport),
            Err(error) => return Err(context.deny(Refusal::new(Reason::MalformedToken, format!("the token is signed, but {error}")))),
        };
        context.passport = Some(Arc::clone(&passport));
        match self.check_claims(&trust, &passport, now) {
            Ok(()) => Ok(VerifiedPassport::new(self.clone(), passport, signed.key_id)),
            Err(refusal) => Err(context.deny(refusal)),
        }
    }

    pub(crate) fn load(&self) -> Guard<Arc<Trust>> {
        self.shared.trust.load()
    }

    /// Steps 1 to 4.
    fn check_signature(&self, trust: &Trust, token: &[u8], now: i64) -> Result<Signed, Refusal> {
        let compact = Compact::split(token, self.settings.max_token_bytes).map_err(unreadable)?;
        let kid = compact.key_id(TokenType::Passport).map_err(unreadable)?;
        self.check_keys(trust, now)?;
        let Some(key) = trust.key(&kid) else {
            return Err(match trust.is_revoked(&kid) {
                true => Refusal::new(Reason::KeyRevoked, "the key that signed the token was revoked"),
                false => Refusal::new(Reason::UnknownKey, "the token is signed by a key that is not trusted here"),
            });
        };
        if !key.verifies(compact.signing_input, &compact.signature, self.settings.signatures) {
            return Err(Refusal::new(Reason::BadSignature, "the token's signature does not hold"));
        }
        Ok(Signed { key_id: key.id(), payload: compact.payload })
    }

    /// The first half of step 3: whether there are keys to go by.
    fn check_keys(&self, trust: &Trust, now: i64) -> Result<(), Refusal> {
        if !trust.has_keys() {
            return Err(Refusal::new(Reason::KeysUnavailable, "no keys are loaded"));
        }
        let fresh = trust.issued_at().is_none_or(|issued_at| self.settings.max_key_age.allows(now.saturating_sub(issued_at)));
        match fresh {
            true => Ok(()),
            false => Err(Refusal::new(Reason::KeysUnavailable, "the keys loaded are too old; load a fresh trust bundle")),
        }
    }

    /// Steps 6 to 8.
    fn check_claims(&self, trust: &Trust, passport: &Passport, now: i64) -> Result<(), Refusal> {
        if passport.issuer != trust.issuer() {
            let message = format!("the passport is from {}, and {} is trusted here", quote(&passport.issuer), quote(trust.issuer()));
            return Err(Refusal::new(Reason::WrongIssuer, message));
        }
        if !passport.audience.iter().any(|audience| *audience == self.shared.audience) {
            let shown = passport.audience.iter().take(3).map(|audience| quote(audience)).collect::<Vec<_>>().join(", ");
            let message = format!("the passport is for {shown}, and this is {}", quote(&self.shared.audience));
            return Err(Refusal::new(Reason::WrongAudience, message));
        }
        if let Some(refusal) = check_times(passport, now, self.settings.leeway) {
            return Err(refusal);
        }
        let Some(status) = &passport.status else { return Ok(()) };
        match trust.status(status, self.settings.max_status_age, now) {
            Status::Valid => Ok(()),
            Status::Revoked => Err(Refusal::new(Reason::Revoked, format!("the passport {} was revoked", quote(&passport.id)))),
            Status::Unavailable(_) if self.settings.status == StatusPolicy::AllowUnavailable => Ok(()),
            Status::Unavailable(why) => {
                Err(Refusal::new(Reason::StatusUnavailable, format!("whether the passport was revoked cannot be known: {why}")))
            }
        }
    }

    /// Everything that can have changed since the signature was good: keys, audience, times and status, as they are now.
    pub(crate) fn check_again(&self, passport: &Passport, key_id: KeyId, now: i64) -> Result<(), Refusal> {
        check_clock(now)?;
        let trust = self.load();
        self.check_keys(&trust, now)?;
        if trust.key(key_id.as_str()).is_none() {
            return Err(match trust.is_revoked(key_id.as_str()) {
                true => Refusal::new(Reason::KeyRevoked, "the key that signed the passport was revoked"),
                false => Refusal::new(Reason::UnknownKey, "the key that signed the passport is no longer trusted here"),
            });
        }
        self.check_claims(&trust, passport, now)
    }

    /// Steps 9 to 13.
    pub(crate) fn judge(&self, passport: &Passport, request: &Request, now: i64) -> Verdict {
        judge(passport, request, self.settings.resource, now)
    }
}

/// What is left of a token once its signature is good.
struct Signed {
    key_id: KeyId,
    payload: Vec<u8>,
}

fn check_clock(now: i64) -> Result<(), Refusal> {
    match time::in_range(now) {
        true => Ok(()),
        false => Err(Refusal::new(Reason::ClockUntrusted, "the time given is outside the years 1970 to 9999")),
    }
}

fn unreadable(error: CompactError) -> Refusal {
    let reason = match error {
        CompactError::TooLong { .. } | CompactError::Malformed(_) => Reason::MalformedToken,
        CompactError::Unsupported(_) => Reason::UnsupportedToken,
    };
    Refusal::new(reason, error.to_string())
}

#[cfg(test)]
mod tests;
