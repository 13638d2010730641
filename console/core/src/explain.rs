//! `explain` and `describe`: grants in words, and what each says to a request, on claims that nobody has verified.

use passport_shared::decision::{Outcome, Reason, Unmet, Verdict};
use passport_shared::explain::{Explained, explain};
use passport_shared::grant::Grant;
use passport_shared::judge::{ResourcePolicy, judge};
use passport_shared::limits::REQUEST_BYTES;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use passport_shared::time;
use passport_shared::unverified::UnverifiedPassport;
use serde::{Deserialize, Serialize};

use crate::Failed;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Explain {
    token: Option<String>,
    /// A JSON list of grants, for one that has no token: those of a passport in an issuer's list, or of a draft.
    grants: Option<String>,
    request: String,
    now: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Describe {
    grants: String,
    now: i64,
}

/// One grant, as JSON and in words.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GrantInWords {
    grant: usize,
    json: Grant,
    understood: bool,
    live: bool,
    /// What it allows; `None` where it allows nothing.
    may: Option<String>,
    /// What it forbids; `None` where it forbids nothing.
    must_not: Option<String>,
}

impl GrantInWords {
    pub(crate) fn of(index: usize, grant: &Grant, now: i64) -> Self {
        let words = grant.describe(now);
        Self {
            grant: index,
            json: grant.clone(),
            understood: grant.understood,
            live: grant.is_live(now),
            may: words.may,
            must_not: words.must_not,
        }
    }
}

/// What a service would probably answer, and why.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Preview {
    allowed: bool,
    outcome: Outcome,
    reason: Reason,
    message: String,
    details: Vec<Unmet>,
    grant: Option<usize>,
    grants: Vec<Explained>,
}

impl Explain {
    pub(crate) fn answer(&self) -> Result<Preview, Failed> {
        if self.request.len() > REQUEST_BYTES {
            return Err(Failed::new(format!("the request has more than {REQUEST_BYTES} bytes")));
        }
        if !time::in_range(self.now) {
            return Err(Failed::new("the time is outside the years 1970 to 9999"));
        }
        let request = Request::parse(self.request.as_bytes());
        let (verdict, grants) = match (&self.token, &self.grants) {
            (Some(token), None) => {
                let passport = UnverifiedPassport::read(token.as_bytes()).map_err(|error| Failed::new(error.to_string()))?;
                (passport.preview(&request, self.now), passport.claims().grants.clone())
            }
            (None, Some(grants)) => {
                // Whoever asks holds them.
                let passport = Passport::holding(request.agent_id().unwrap_or_default(), Grant::read_all(grants, "").map_err(Failed::at)?);
                (judge(&passport, &request, ResourcePolicy::MayOmit, self.now), passport.grants)
            }
            _ => return Err(Failed::new("give either a `token` or `grants`")),
        };
        Ok(Preview {
            allowed: verdict.outcome() == Outcome::Allow,
            outcome: verdict.outcome(),
            reason: Verdict::reason(&verdict),
            message: verdict.message(),
            details: verdict.details().to_vec(),
            grant: verdict.grant(),
            grants: explain(grants.iter().map(|(index, grant)| (*index, grant)), &request, self.now),
        })
    }
}

impl Describe {
    pub(crate) fn answer(&self) -> Result<Vec<GrantInWords>, Failed> {
        let grants = Grant::read_all(&self.grants, "").map_err(Failed::at)?;
        Ok(grants.iter().enumerate().map(|(index, grant)| GrantInWords::of(index, grant, self.now)).collect())
    }
}
