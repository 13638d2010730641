//! What `inspect` tells, for people and for programs.

use passport_shared::decision::{Outcome, Reason, Unmet, Verdict};
use passport_shared::grant::Grant;
use passport_shared::hidden::HiddenAttributes;
use passport_shared::text::escape;
use passport_shared::unverified::UnverifiedPassport;
use serde::Serialize;

use crate::cli::output::{BAD, CARE, GOOD, STRONG, bullets, facts, styled, width, wrap};
use crate::cli::verify::view;
use crate::cli::words::{listed, sentence, shown, when};

/// Everything there is to tell.
pub(super) struct Report<'p> {
    pub(super) passport: &'p UnverifiedPassport,
    pub(super) checked: Option<&'p Checked>,
    pub(super) preview: Option<Preview<'p>>,
    pub(super) now: i64,
}

/// What came of holding it against trust.
#[derive(Debug)]
pub(super) struct Checked {
    /// `granted` where signature, issuer, times and revocation are as they should be.
    pub(super) reason: Reason,
    pub(super) message: String,
    /// Whether the signature was good, whatever was wrong after it.
    pub(super) signature_holds: bool,
    /// Whether there was a status to look up, and it was looked up.
    pub(super) revocation: bool,
}

/// What a service would probably answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Preview<'p> {
    allowed: bool,
    outcome: Outcome,
    reason: Reason,
    message: String,
    details: &'p [Unmet],
    grant: Option<usize>,
}

impl<'p> Preview<'p> {
    pub(super) fn of(verdict: &'p Verdict) -> Self {
        let outcome = verdict.outcome();
        Self {
            allowed: outcome == Outcome::Allow,
            outcome,
            reason: verdict.reason(),
            message: verdict.message(),
            details: verdict.details(),
            grant: verdict.grant(),
        }
    }
}

/// The report for a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Json<'p> {
    /// Whether it was held against trust, and everything was as it should be.
    verified: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Verification<'p>>,
    passport_id: &'p str,
    agent_id: &'p str,
    issuer: &'p str,
    audience: Vec<&'p str>,
    key_id: &'p str,
    issued_at: String,
    not_before: Option<String>,
    expires_at: String,
    expired: bool,
    on_behalf_of: Option<&'p str>,
    needs_proof: bool,
    status: Option<&'p passport_shared::passport::StatusRef>,
    grants: Vec<JsonGrant<'p>>,
    /// What it keeps from the audit log, as signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden_attributes: Option<&'p HiddenAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preview: Option<&'p Preview<'p>>,
}

#[derive(Serialize)]
struct Verification<'p> {
    reason: Reason,
    message: &'p str,
}

#[derive(Serialize)]
struct JsonGrant<'p> {
    index: usize,
    understood: bool,
    #[serde(flatten)]
    grant: &'p Grant,
}

/// The passport as sentences, for a program.
#[derive(Serialize)]
pub(super) struct Prompt {
    verified: bool,
    prompt: String,
}

impl Report<'_> {
    fn is_verified(&self) -> bool {
        self.checked.is_some_and(|checked| checked.reason == Reason::Granted)
    }

    pub(super) fn prompt(&self) -> Prompt {
        Prompt { verified: self.is_verified(), prompt: self.passport.claims().to_prompt(self.now) }
    }

    pub(super) fn to_json(&self) -> Json<'_> {
        let claims = self.passport.claims();
        Json {
            verified: self.is_verified(),
            verification: self.checked.map(|checked| Verification { reason: checked.reason, message: &checked.message }),
            passport_id: &claims.id,
            agent_id: &claims.agent_id,
            issuer: &claims.issuer,
            audience: claims.audience.iter().map(AsRef::as_ref).collect(),
            key_id: self.passport.key_id(),
            issued_at: shown(claims.issued_at),
            not_before: claims.not_before.map(shown),
            expires_at: shown(claims.expires_at),
            expired: claims.expires_at <= self.now,
            on_behalf_of: claims.on_behalf_of.as_deref(),
            needs_proof: claims.needs_proof,
            status: claims.status.as_ref(),
            grants: claims.grants.iter().map(|(index, grant)| JsonGrant { index: *index, understood: grant.understood, grant }).collect(),
            hidden_attributes: claims.hidden.as_deref(),
            preview: self.preview.as_ref(),
        }
    }

    /// For a person.
    pub(super) fn to_text(&self) -> String {
        let mut parts = vec![self.headline(), facts(&self.facts()), self.grants()];
        parts.extend(self.preview.as_ref().map(|preview| self.tried(preview)));
        parts.join("\n\n")
    }

    /// How much of it is proved.
    fn headline(&self) -> String {
        let lines = |text: String| wrap(&text, width()).join("\n");
        match self.checked {
            None => format!(
                "{}\nThe signature was not checked: anyone can have written this.\nTo have it checked, say whom you trust: --trust FILE",
                styled(CARE, "UNVERIFIED")
            ),
            Some(checked) if checked.reason == Reason::Granted => {
                let revocation = match checked.revocation {
                    true => "times and revocation",
                    false => "times; it has no status that could be looked up",
                };
                let audience = "Not checked: whether it is meant for you (`passport verify --audience`).";
                format!("{}\n{}\n{audience}", styled(GOOD, "VERIFIED"), lines(format!("Checked: signature, issuer, {revocation}.")))
            }
            Some(checked) => {
                let signature = match checked.signature_holds {
                    true => "The signature holds, and still it is not valid",
                    false => "Nothing below is proved",
                };
                let why = lines(format!("{signature}: {}.", checked.message));
                format!("{}  {}\n{why}", styled(BAD, "NOT VALID"), checked.reason)
            }
        }
    }

    fn facts(&self) -> Vec<(&'static str, String)> {
        let claims = self.passport.claims();
        let mut rows = vec![
            ("passport", escape(&claims.id)),
            ("agent", escape(&claims.agent_id)),
            ("issuer", escape(&claims.issuer)),
            ("audience", listed(&claims.audience)),
            ("issued", when(claims.issued_at, self.now)),
        ];
        rows.extend(claims.not_before.map(|not_before| ("starts", when(not_before, self.now))));
        let ends = if claims.expires_at <= self.now { "expired" } else { "expires" };
        rows.push((ends, when(claims.expires_at, self.now)));
        rows.extend(claims.on_behalf_of.as_ref().map(|principal| ("on behalf of", escape(principal))));
        rows.push(("key", escape(self.passport.key_id())));
        rows.extend(claims.status.as_ref().map(|status| ("status", format!("{} of {}", status.index, escape(&status.uri)))));
        if claims.needs_proof {
            rows.push(("proof", "needed: it is never accepted as a plain bearer token".to_owned()));
        }
        rows
    }

    fn grants(&self) -> String {
        let claims = self.passport.claims();
        let words: Vec<_> = claims.grants.iter().map(|(_, grant)| grant.describe(self.now)).collect();
        let may: Vec<String> = words.iter().filter_map(|words| words.may.clone()).collect();
        let must_not: Vec<String> = words.iter().filter_map(|words| words.must_not.clone()).collect();
        let mut parts = Vec::new();
        match may.is_empty() {
            true => parts.push(styled(STRONG, "It allows nothing.")),
            false => parts.push(format!("{}\n{}", styled(STRONG, "It allows"), bullets(&may))),
        }
        if !must_not.is_empty() {
            parts.push(format!("{}\n{}", styled(STRONG, "It forbids, whatever else is allowed"), bullets(&must_not)));
        }
        if let Some(hidden) = &claims.hidden {
            parts.push(format!("{}\n{}", styled(STRONG, "From the audit log, it"), bullets(&hidden.describe())));
        }
        let note = |count: usize, what: &str| (count > 0).then(|| format!("{count} of its grants {what}."));
        parts.extend(note(claims.grants.iter().filter(|(_, grant)| !grant.understood).count(), "cannot be understood and allow nothing"));
        parts.extend(note(claims.grants.iter().filter(|(_, grant)| !grant.is_live(self.now)).count(), "have ended"));
        parts.join("\n\n")
    }

    fn tried(&self, preview: &Preview<'_>) -> String {
        let on = match self.is_verified() {
            true => "a preview; the service decides",
            false => "a preview on unverified claims; the service decides",
        };
        let message = wrap(&format!("{}.", sentence(&preview.message)), width()).join("\n");
        let mut text = format!("{} ({on})\n{}  {}\n{message}", styled(STRONG, "Tried"), view::outcome(preview.outcome), preview.reason);
        if !preview.details.is_empty() {
            text.push_str(&format!("\n\n{}", view::details(preview.details)));
        }
        text
    }
}
