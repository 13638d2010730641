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
use crate::cache::{Cache, Hit};
use crate::decision::{Circumstances, Decision, Denied, Seen};
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
        self.decide_bytes(token.as_ref(), request, now)
    }

    /// Not generic, so that it is compiled here, as one piece with all that it calls.
    fn decide_bytes<'r>(&self, token: &[u8], request: &'r Request, now: i64) -> Decision<'r> {
        let trust = self.load();
        let asked = Circumstances { request: Some(request), now, trust: trust.sequence() };
        if let Some(hit) = self.find(token, now)
            && let Some(signed) = hit.get()
        {
            return match self.check_again(&trust, signed, now) {
                Ok(()) => {
                    let verdict = self.judge(&signed.claims, request, now);
                    self.answer(asked, || Seen::Cached(hit), request, verdict)
                }
                Err(refusal) => self.answer_refused(asked, self.refused_remembered(&trust, hit, refusal, now), token),
            };
        }
        match self.check_token(&trust, token, now) {
            Ok(seen) => match seen.claims() {
                Some(claims) => {
                    let verdict = self.judge(claims, request, now);
                    self.answer(asked, || seen, request, verdict)
                }
                None => asked.deny(Seen::Nothing, refuse(Reason::InternalError, "the passport is not there any more")).into(),
            },
            Err(refused) => self.answer_refused(asked, refused, token),
        }
    }

    /// Steps 9 to 13, but for an approval.
    #[inline]
    pub(crate) fn judge(&self, passport: &Passport, request: &Request, now: i64) -> Verdict {
        judge(passport, request, self.settings.resource, now)
    }

    /// The answer by the grants. An allow is put together in its place, what was seen included: what was just written cannot
    /// be moved on at once, and a processor then waits for as long as looking at a grant takes.
    #[inline]
    pub(crate) fn answer<'r>(
        &self,
        asked: Circumstances<'r>,
        seen: impl FnOnce() -> Seen<'r>,
        request: &'r Request,
        verdict: Verdict,
    ) -> Decision<'r> {
        match verdict {
            Verdict::Allow { grant } => Decision::allow(asked, seen(), grant),
            verdict => self.answer_otherwise(asked, seen(), request, verdict),
        }
    }

    #[cold]
    fn answer_otherwise<'r>(&self, asked: Circumstances<'r>, seen: Seen<'r>, request: &'r Request, verdict: Verdict) -> Decision<'r> {
        match (&verdict, request.approval(), seen.claims()) {
            (Verdict::NeedsApproval { grant, approvers }, Some(token), Some(passport)) => {
                let (verdict, approval) = self.redeem(passport, request, (*grant, *approvers), token, asked.now);
                asked.decide(seen, verdict, approval)
            }
            _ => asked.decide(seen, verdict, None),
        }
    }

    /// The answer where steps 1 to 8 refuse.
    #[cold]
    fn answer_refused<'r>(&self, asked: Circumstances<'r>, Refused { seen, refusal }: Refused, token: &[u8]) -> Decision<'r> {
        let unread = seen.claims().is_none().then(|| self.unread(token)).flatten();
        asked.deny(seen, refusal).keeping(unread).into()
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
        self.verify_bytes(token.as_ref(), now)
    }

    fn verify_bytes(&self, token: &[u8], now: i64) -> Result<VerifiedPassport, Denied<'static>> {
        let trust = self.load();
        let denied = |seen, refusal| Circumstances { request: None, now, trust: trust.sequence() }.deny(seen, refusal);
        match self.check(&trust, token, now) {
            Ok(seen) => match seen.into_shared() {
                Some(signed) => Ok(VerifiedPassport::new(self.clone(), signed)),
                None => Err(denied(Seen::Nothing, refuse(Reason::InternalError, "the passport is not there any more"))),
            },
            Err(refused) => Err(denied(refused.seen, refused.refusal)),
        }
    }

    /// Steps 1 to 8, by what is remembered or by the token itself. The answer is the same.
    fn check(&self, trust: &Trust, token: &[u8], now: i64) -> Result<Seen<'static>, Refused> {
        if let Some(hit) = self.find(token, now)
            && let Some(signed) = hit.get()
        {
            return match self.check_again(trust, signed, now) {
                Ok(()) => Ok(Seen::Cached(hit)),
                Err(refusal) => Err(self.refused_remembered(trust, hit, refusal, now)),
            };
        }
        self.check_token(trust, token, now)
    }

    /// The passport of a token that was verified before. Under a clock that is not to be trusted there is none.
    #[inline]
    fn find(&self, token: &[u8], now: i64) -> Option<Hit> {
        let cache = self.cache.as_ref().filter(|_| time::in_range(now) && token.len() <= self.settings.max_token_bytes)?;
        cache.find(token, now)
    }

    /// As of a token that is not remembered: nothing of it is seen while its key is not believed.
    #[cold]
    fn refused_remembered(&self, trust: &Trust, hit: Hit, refusal: Box<Refusal>, now: i64) -> Refused {
        let believed = hit.get().is_some_and(|signed| self.check_key(trust, &signed.key_id, now).is_ok());
        Refused { seen: if believed { Seen::Cached(hit) } else { Seen::Nothing }, refusal }
    }

    /// Steps 1 to 8 of a token that is not remembered.
    #[inline(never)]
    fn check_token(&self, trust: &Trust, token: &[u8], now: i64) -> Result<Seen<'static>, Refused> {
        check_clock(now)?;
        let (key_id, payload) = self.check_signature(trust, token, now)?;
        let mut claims = Passport::read(&payload).map_err(|error| Refused {
            seen: Seen::Signer(Box::new(key_id)),
            refusal: refuse(Reason::MalformedToken, format!("the token is signed, but {error}")),
        })?;
        trust.share_texts(&mut claims);
        let found_again = if self.cache.is_some() { token } else { &[] };
        let signed = Arc::new(SignedPassport::new(found_again, key_id, claims));
        let checked = self.check_claims(trust, &signed, now);
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
    fn check_claims(&self, trust: &Trust, signed: &SignedPassport, now: i64) -> Result<(), Box<Refusal>> {
        let passport = &signed.claims;
        if !same(&passport.issuer, trust.issuer()) {
            return Err(wrong_issuer(passport, trust));
        }
        if !passport.audience.iter().any(|audience| same(audience, &self.shared.audience)) {
            return Err(wrong_audience(passport, &self.shared.audience));
        }
        if let Some(refusal) = check_times(passport, now, self.settings.leeway) {
            return Err(refusal.into());
        }
        let Some(status) = &passport.status else { return Ok(()) };
        match trust.status(status, &signed.list, self.settings.max_status_age, now) {
            Status::Valid => Ok(()),
            Status::Revoked => Err(revoked(passport)),
            Status::Unavailable(_) if self.settings.status == StatusPolicy::AllowUnavailable => Ok(()),
            Status::Unavailable(why) => Err(unavailable(why)),
        }
    }

    /// Everything that can have changed since the signature was good: keys, audience, times and status, as they are now.
    #[inline]
    pub(crate) fn check_again(&self, trust: &Trust, signed: &SignedPassport, now: i64) -> Result<(), Box<Refusal>> {
        check_clock(now)?;
        self.check_key(trust, &signed.key_id, now)?;
        self.check_claims(trust, signed, now)
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

/// Boxed, so that the way to an allow carries a pointer and no more; and cold, as all that words a refusal, so that this way
/// is short.
#[cold]
fn refuse(reason: Reason, message: impl Into<String>) -> Box<Refusal> {
    Box::new(Refusal::new(reason, message))
}

/// The second half of step 3.
#[cold]
fn not_trusted(trust: &Trust, kid: &str) -> Box<Refusal> {
    match trust.is_revoked(kid) {
        true => refuse(Reason::KeyRevoked, "the key that signed the token was revoked"),
        false => refuse(Reason::UnknownKey, "the token is signed by a key that is not trusted here"),
    }
}

#[cold]
fn wrong_issuer(passport: &Passport, trust: &Trust) -> Box<Refusal> {
    let message = format!("the passport is from {}, and {} is trusted here", quote(&passport.issuer), quote(trust.issuer()));
    refuse(Reason::WrongIssuer, message)
}

#[cold]
fn wrong_audience(passport: &Passport, here: &str) -> Box<Refusal> {
    let shown = passport.audience.iter().take(3).map(|audience| quote(audience)).collect::<Vec<_>>().join(", ");
    refuse(Reason::WrongAudience, format!("the passport is for {shown}, and this is {}", quote(here)))
}

#[cold]
fn revoked(passport: &Passport) -> Box<Refusal> {
    refuse(Reason::Revoked, format!("the passport {} was revoked", quote(&passport.id)))
}

#[cold]
fn unavailable(why: &str) -> Box<Refusal> {
    refuse(Reason::StatusUnavailable, format!("whether the passport was revoked cannot be known: {why}"))
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
