//! `passport renew`: a fresh passport for the one that is given. The token alone goes to standard output.

use std::path::PathBuf;

use clap::Args;
use passport_shared::api::passports::{IssuedPassport, RenewPassport};

use super::client::Remote;
use super::error::Ended;
use super::hand_over::hand_over;
use super::{Session, input, issue};

/// Exchange a passport for a fresh one
///
/// Its maker must have allowed it (`passport issue --renew-until`). The fresh one has the same grants, or fewer, and
/// lives as long as the old one did, unless less is asked for. The old one stays good until it ends; to revoke one is to
/// revoke both.
///
/// The passport alone is written to standard output, once: the issuer does not keep it.
#[derive(Debug, Args)]
pub(crate) struct Renew {
    /// What it allows, no more than the old one: a grant as JSON; repeatable
    #[arg(long, value_name = "JSON")]
    grant: Vec<String>,
    /// A file with a JSON list of grants, no more than the old ones; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with = "grant")]
    grants: Option<PathBuf>,
    /// How long it lives: 90s, 30m, 1h, 7d [default: as long as the old one]
    #[arg(long, value_name = "DURATION", value_parser = input::duration)]
    expires_in: Option<u64>,
    /// Write the passport to a file that its owner alone can read; it may be the old one's
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    remote: Remote,
}

impl Renew {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let grants = match (self.grant.as_slice(), self.grants.as_deref()) {
            ([], None) => None,
            (grants, file) => Some(issue::read_grants(grants, file)?),
        };
        let body = RenewPassport { grants, expires_in: self.expires_in, expires_at: None };
        let answer = self.remote.client(session)?.post("/v1/passports/renew", &body)?;
        let issued: IssuedPassport = answer.read_json()?;
        let about = "the old one stays good until it ends; to revoke one of them is to revoke both";
        hand_over(&issued, answer.body(), self.output.as_deref(), about, session)
    }
}
