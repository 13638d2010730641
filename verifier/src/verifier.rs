//! The verifier: pure, total, without a clock.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};
use passport_shared::decision::{Reason, Refusal, Verdict};
use passport_shared::hidden::HiddenAttributes;
use passport_shared::jose::{Compact, CompactError, TokenType};
use passport_shared::judge::{check_times, judge};
use passport_shared::key_set::KeyId;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::text::{quote, same};
use passport_shared::time;

use crate::approvals::{Asked, Used};
use crate::cache::Cache;
use crate::decision::{Context, Decision, Denied, Seen};
use crate::signed::SignedPassport;
use crate::trust::{Status, Trust};
use crate::verified::VerifiedPassport;

#[cfg(feature = "guard")]
mod ages;
#[cfg(feature = "kept")]
mod kept;
mod settings;

use settings::{CACHE_BYTES, CACHE_ENTRIES, Settings};
pub use settings::{MaxAge, StatusPolicy};

/// Checks passports for one service, offline.
///
/// Cloning is cheap, and clones share one trust and one cache. Every decision is total: no panic, no I/O, no lock that
/// anybody waits for, no clock.
///
/// Passports that were verified are remembered, so that the next check of the same token costs no signature: nothing but
/// "this signature is good, these are the claims". Expiry, keys, revocation, audience and grants are looked at each time.
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
    cache: Option<Arc<Cache>>,
    settings: Settings,
}

#[derive(Debug)]
struct Shared {
    trust: ArcSwap<Trust>,
    audience: String,
    used: Used,
}

impl Verifier {
    /// A verifier that believes `trust` and accepts passports whose audience has `audience`, compared exactly.
    #[must_use]
    pub fn new(trust: Trust, audience: impl Into<String>) -> Self {
        let shared = Shared { trust: ArcSwap::from_pointee(trust), audience: audience.into(), used: Used::default() };
        let cache = Some(Arc::new(Cache::new(CACHE_ENTRIES, CACHE_BYTES)));
        Self { shared: Arc::new(shared), cache, settings: Settings::default() }
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

    /// What the cache holds now.
    #[must_use]
    pub fn cache_stats(&self) -> CacheStats {
        let (passports, bytes) = self.cache.as_ref().map_or((0, 0), |cache| cache.size());
        CacheStats { passports, bytes }
    }

    /// Decides whether the holder of `token` may do what `request` says at `now`, in seconds since 1970
    /// (contract section 3). Total: any bytes, any request and any time give one of the three.
    pub fn decide<'r>(&self, token: impl AsRef<[u8]>, request: &'r Request, now: i64) -> Decision<'r> {
        let trust = self.load();
        let sequence = trust.sequence();
        let context = |seen| Context { request: Some(request), seen, now, trust: sequence, ..Context::default() };
        match self.check(&trust, token.as_ref(), now) {
            Ok(seen) => match seen.claims() {
                Some(claims) => {
                    let (verdict, approval) = self.judge(claims, request, now);
                    context(seen).decide(verdict, approval)
                }
                None => context(Seen::Nothing).deny(refuse(Reason::InternalError, "the passport is not there any more")).into(),
            },
            Err(refused) => {
                let unread = refused.seen.claims().is_none().then(|| self.unread(token.as_ref())).flatten();
                Context { unread, ..context(refused.seen) }.deny(refused.refusal).into()
            }
        }
    }

    /// What a token that is refused unread keeps from the log: its signature may be good, by a key that is not here. It is
    /// believed for that alone, and for nothing that would show more.
    #[cold]
    pub(crate) fn unread(&self, token: &[u8]) -> Option<Box<HiddenAttributes>> {
        if cfg!(not(feature = "report")) {
            return None;
        }
        let compact = Compact::split(token, self.settings.max_token_bytes).ok()?;
        Passport::hidden_by(&compact.payload).map(Box::new)
    }

    /// Steps 1 to 8 alone: verify once, decide many times. The passport that comes back looks at expiry, revocation
    /// and keys again for each decision.
    pub fn verify(&self, token: impl AsRef<[u8]>, now: i64) -> Result<VerifiedPassport, Denied<'static>> {
        let trust = self.load();
        let denied = |seen, refusal| Context { seen, now, trust: trust.sequence(), ..Context::default() }.deny(refusal);
        match self.check(&trust, token.as_ref(), now) {
            Ok(seen) => match seen.into_shared() {
                Some(signed) => Ok(VerifiedPassport::new(self.clone(), signed)),
                None => Err(denied(Seen::Nothing, refuse(Reason::InternalError, "the passport is not there any more"))),
            },
            Err(refused) => Err(denied(refused.seen, refused.refusal)),
        }
    }

    /// Steps 1 to 8, by what is remembered or by the token itself. The answer is the same.
    fn check(&self, trust: &Trust, token: &[u8], now: i64) -> Result<Seen<'static>, Refused> {
        check_clock(now)?;
        if let Some(cache) = &self.cache
            && token.len() <= self.settings.max_token_bytes
            && let Some(hit) = cache.find(token, now)
            && let Some(signed) = hit.get()
        {
            self.check_key(trust, &signed.key_id, now)?;
            return match self.check_claims(trust, &signed.claims, now) {
                Ok(()) => Ok(Seen::Cached(hit)),
                Err(refusal) => Err(Refused { seen: Seen::Cached(hit), refusal }),
            };
        }
        let (key_id, payload) = self.check_signature(trust, token, now)?;
        let mut claims = Passport::read(&payload).map_err(|error| Refused {
            seen: Seen::Signer(Box::new(key_id)),
            refusal: refuse(Reason::MalformedToken, format!("the token is signed, but {error}")),
        })?;
        trust.share_texts(&mut claims);
        let checked = self.check_claims(trust, &claims, now);
        let found_again = if self.cache.is_some() { token } else { &[] };
        let signed = Arc::new(SignedPassport::new(found_again, key_id, claims));
        if let Err(refusal) = checked {
            return Err(Refused { seen: Seen::Fresh(signed), refusal });
        }
        if let Some(cache) = &self.cache {
            cache.keep(&signed, now);
        }
        Ok(Seen::Fresh(signed))
    }

    #[inline]
    pub(crate) fn load(&self) -> Guard<Arc<Trust>> {
        self.shared.trust.load()
    }

    /// Steps 1 to 4: the key that signed, and the payload.
    fn check_signature(&self, trust: &Trust, token: &[u8], now: i64) -> Result<(KeyId, Vec<u8>), Box<Refusal>> {
        let compact = Compact::split(token, self.settings.max_token_bytes).map_err(unreadable)?;
        let key = match trust.key_of_header(compact.header) {
            // Its header is to the letter what an issuer writes for that key.
            Some(key) => {
                self.check_keys(trust, now)?;
                key
            }
            None => {
                let kid = compact.key_id(TokenType::Passport).map_err(unreadable)?;
                self.check_keys(trust, now)?;
                trust.key(&kid).ok_or_else(|| not_trusted(trust, &kid))?
            }
        };
        match key.verifies(compact.signing_input, &compact.signature, self.settings.signatures) {
            true => Ok((key.id(), compact.payload)),
            false => Err(refuse(Reason::BadSignature, "the token's signature does not hold")),
        }
    }

    /// The first half of step 3: whether there are keys to go by.
    #[inline]
    fn check_keys(&self, trust: &Trust, now: i64) -> Result<(), Box<Refusal>> {
        if !trust.has_keys() {
            return Err(refuse(Reason::KeysUnavailable, "no keys are loaded"));
        }
        let fresh = trust.issued_at().is_none_or(|issued_at| self.settings.max_key_age.allows(now.saturating_sub(issued_at)));
        match fresh {
            true => Ok(()),
            false => Err(refuse(Reason::KeysUnavailable, "the keys loaded are too old; load a fresh trust bundle")),
        }
    }

    /// Steps 6 to 8.
    #[inline]
    fn check_claims(&self, trust: &Trust, passport: &Passport, now: i64) -> Result<(), Box<Refusal>> {
        if !same(&passport.issuer, trust.issuer()) {
            let message = format!("the passport is from {}, and {} is trusted here", quote(&passport.issuer), quote(trust.issuer()));
            return Err(refuse(Reason::WrongIssuer, message));
        }
        if !passport.audience.iter().any(|audience| same(audience, &self.shared.audience)) {
            let shown = passport.audience.iter().take(3).map(|audience| quote(audience)).collect::<Vec<_>>().join(", ");
            let message = format!("the passport is for {shown}, and this is {}", quote(&self.shared.audience));
            return Err(refuse(Reason::WrongAudience, message));
        }
        if let Some(refusal) = check_times(passport, now, self.settings.leeway) {
            return Err(refusal.into());
        }
        let Some(status) = &passport.status else { return Ok(()) };
        match trust.status(status, self.settings.max_status_age, now) {
            Status::Valid => Ok(()),
            Status::Revoked => Err(refuse(Reason::Revoked, format!("the passport {} was revoked", quote(&passport.id)))),
            Status::Unavailable(_) if self.settings.status == StatusPolicy::AllowUnavailable => Ok(()),
            Status::Unavailable(why) => {
                Err(refuse(Reason::StatusUnavailable, format!("whether the passport was revoked cannot be known: {why}")))
            }
        }
    }

    /// Everything that can have changed since the signature was good: keys, audience, times and status, as they are now.
    pub(crate) fn check_again(&self, trust: &Trust, signed: &SignedPassport, now: i64) -> Result<(), Box<Refusal>> {
        check_clock(now)?;
        self.check_key(trust, &signed.key_id, now)?;
        self.check_claims(trust, &signed.claims, now)
    }

    /// Step 3 for a passport whose signature was good before.
    #[inline]
    fn check_key(&self, trust: &Trust, key_id: &KeyId, now: i64) -> Result<(), Box<Refusal>> {
        self.check_keys(trust, now)?;
        match trust.key_named(key_id) {
            Some(_) => Ok(()),
            None => Err(not_trusted(trust, key_id.as_str())),
        }
    }

    /// Steps 9 to 13: the verdict, and the id of the approval that it has used up.
    #[inline]
    pub(crate) fn judge(&self, passport: &Passport, request: &Request, now: i64) -> (Verdict, Option<Box<str>>) {
        let verdict = judge(passport, request, self.settings.resource, now);
        match (&verdict, request.approval()) {
            (Verdict::NeedsApproval { grant, approvers }, Some(token)) => self.redeem(passport, request, (*grant, *approvers), token, now),
            _ => (verdict, None),
        }
    }

    /// Step 13, where an approval is needed and one is given.
    #[cold]
    fn redeem(
        &self,
        passport: &Passport,
        request: &Request,
        (grant, approvers): (usize, u8),
        token: &str,
        now: i64,
    ) -> (Verdict, Option<Box<str>>) {
        let Settings { leeway, signatures, .. } = self.settings;
        let asked = Asked { passport, request, approvers, audience: &self.shared.audience, leeway, signatures, now };
        match self.shared.used.redeem(&self.load(), &asked, token) {
            Ok(id) => (Verdict::Allow { grant }, Some(id.into())),
            Err(refusal) => (Verdict::Deny(refusal), None),
        }
    }
}

/// Why steps 1 to 8 refuse, and what was seen of the token by then.
struct Refused {
    seen: Seen<'static>,
    refusal: Box<Refusal>,
}

/// Before the signature was good, nothing of the token was seen.
impl From<Box<Refusal>> for Refused {
    fn from(refusal: Box<Refusal>) -> Self {
        Self { seen: Seen::Nothing, refusal }
    }
}

/// What a verifier's cache holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Verified passports.
    pub passports: usize,
    /// The bytes that they hold in memory.
    pub bytes: usize,
}

/// Boxed, so that the way to an allow carries a pointer and no more.
fn refuse(reason: Reason, message: impl Into<String>) -> Box<Refusal> {
    Box::new(Refusal::new(reason, message))
}

/// The second half of step 3.
fn not_trusted(trust: &Trust, kid: &str) -> Box<Refusal> {
    match trust.is_revoked(kid) {
        true => refuse(Reason::KeyRevoked, "the key that signed the token was revoked"),
        false => refuse(Reason::UnknownKey, "the token is signed by a key that is not trusted here"),
    }
}

#[inline]
fn check_clock(now: i64) -> Result<(), Box<Refusal>> {
    match time::in_range(now) {
        true => Ok(()),
        false => Err(refuse(Reason::ClockUntrusted, "the time given is outside the years 1970 to 9999")),
    }
}

fn unreadable(error: CompactError) -> Box<Refusal> {
    let reason = match error {
        CompactError::TooLong { .. } | CompactError::Malformed(_) => Reason::MalformedToken,
        CompactError::Unsupported(_) => Reason::UnsupportedToken,
    };
    refuse(reason, error.to_string())
}

#[cfg(test)]
mod tests;
