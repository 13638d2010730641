//! `passport trust`: what verifiers without a network decide by.

mod fetch;
mod file;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use passport_shared::key_set::KeyId;
use passport_shared::text::escape;
use serde::Serialize;

pub(crate) use self::file::{Bundle, TrustFile};
use super::Session;
use super::error::{DONE, Ended};
use super::output::facts;
use super::words::{shown, when};

/// Fetch and read what verifiers trust
#[derive(Debug, Subcommand)]
pub(crate) enum TrustCommand {
    Fetch(fetch::Fetch),
    Show(Show),
}

impl TrustCommand {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::Fetch(fetch) => fetch.run(session),
            Self::Show(show) => show.run(session),
        }
    }
}

/// Show what a file of trust says
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// A trust bundle, or a JWK set together with --issuer
    file: PathBuf,
    /// The issuer whose keys a JWK set holds
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
}

impl Show {
    fn run(&self, session: &Session) -> Ended {
        let file = TrustFile::read(&self.file, self.issuer.as_deref())?;
        let summary = Summary::of(&file);
        match session.out.is_json() {
            true => session.out.json(&summary)?,
            false => session.out.text(&summary.to_text(session.clock.now()))?,
        }
        Ok(DONE)
    }
}

/// What is told of trust.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary {
    issuer: String,
    key_ids: Vec<KeyId>,
    #[serde(flatten)]
    bundle: Option<BundleSummary>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BundleSummary {
    revoked_keys: Vec<KeyId>,
    sequence: i64,
    issued_at: String,
    expires_at: String,
    signed_by: String,
    status_lists: usize,
    #[serde(skip)]
    issued: i64,
    #[serde(skip)]
    expires: i64,
}

impl Summary {
    pub(crate) fn of(file: &TrustFile) -> Self {
        let summary = |bundle: &Bundle| BundleSummary {
            revoked_keys: bundle.claims.revoked_keys.clone(),
            sequence: bundle.claims.sequence,
            issued_at: shown(bundle.claims.issued_at),
            expires_at: shown(bundle.claims.expires_at),
            signed_by: bundle.signed_by.clone(),
            status_lists: bundle.claims.status_lists.len(),
            issued: bundle.claims.issued_at,
            expires: bundle.claims.expires_at,
        };
        Self { issuer: file.trust.issuer().to_owned(), key_ids: file.trust.key_ids().collect(), bundle: file.bundle.as_ref().map(summary) }
    }

    /// For a person.
    pub(crate) fn to_text(&self, now: i64) -> String {
        let keys = |keys: &[KeyId]| match keys {
            [] => "none".to_owned(),
            keys => keys.iter().map(KeyId::as_str).collect::<Vec<_>>().join(" "),
        };
        let mut rows = vec![("issuer", escape(&self.issuer)), ("keys", keys(&self.key_ids))];
        match &self.bundle {
            Some(bundle) => rows.extend([
                ("revoked keys", keys(&bundle.revoked_keys)),
                ("signed by", escape(&bundle.signed_by)),
                ("sequence", bundle.sequence.to_string()),
                ("issued", when(bundle.issued, now)),
                ("expires", when(bundle.expires, now)),
                ("status lists", bundle.status_lists.to_string()),
            ]),
            None => rows.push(("kind", "a JWK set: it has no age and knows of no revocation".to_owned())),
        }
        facts(&rows)
    }
}
