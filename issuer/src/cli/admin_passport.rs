//! `passport admin-passport`: another passport for the admin, for who holds the issuer's keys anyway.

use std::path::PathBuf;

use clap::Args;
use passport_shared::api::passports::IssuedPassport;
use passport_shared::text::quote;

use super::error::{CliError, Ended};
use super::hand_over::hand_over;
use super::issuer_data::{DataDir, DataPlan, IssuerData, block_on, check_issuer, close, failed, no_issuer};
use super::{Session, core_dumps};
use crate::config::DataSettings;
use crate::service::{Issuer, Settings};

/// Make a fresh admin passport, from the keys in the data directory
///
/// For when the admin's passport is lost, has expired, or went with the key that signed it. The issuer has to be
/// stopped meanwhile; verifiers go on deciding without it. The passport alone is written to standard output.
#[derive(Debug, Args)]
pub(crate) struct AdminPassport {
    /// For an issuer that is started with --dev: keys may rest unsealed, http is allowed
    // A flag and nothing else, as with `serve`.
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    data: DataSettings,
    /// Write the passport to a file that its owner alone can read
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl AdminPassport {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        core_dumps::forbid(session.out);
        let plan = DataPlan::make(session.settings.data(&self.data), self.dev, std::env::var_os("PASSPORT_PASSPHRASE"))?;
        block_on(async {
            // Before the lock, which leaves a file behind.
            plan.check_used()?;
            let data = DataDir::lock(&plan.path)?;
            let (issuer, issued) = issue(plan, &data).await?;
            let handed = self.hand_over(&issuer, &issued, session);
            let closed = close(&issuer).await;
            let ended = handed?;
            closed.map(|()| ended)
        })
    }

    fn hand_over(&self, issuer: &Issuer, issued: &IssuedPassport, session: &Session) -> Ended {
        let body =
            serde_json::to_string(issued).map_err(|error| CliError::failed(format!("the result cannot be written as JSON: {error}")))?;
        let about = format!(
            "it may do everything at {}: put it where nobody else can read it\n\
             the admin's older passports stay valid until they expire or are revoked",
            quote(&issuer.settings().issuer)
        );
        hand_over(issued, &body, self.output.as_deref(), &about, session)
    }
}

/// The issuer whose data this is, and one passport for its admin.
async fn issue(plan: DataPlan, held: &DataDir) -> Result<(Issuer, IssuedPassport), CliError> {
    let dev = plan.dev;
    let data = IssuerData::open(plan, held).await?;
    let Some(url) = data.bound().map(str::to_owned) else {
        return Err(no_issuer(held.path(), "its database belongs to none"));
    };
    check_issuer(&url, dev)?;
    let (issuer, first) = data.start(Settings::new(url)).await?;
    // A first start that was cut short is taken up again here, and makes the passport itself.
    let issued = match first {
        Some(issued) => issued,
        None => issuer.admin_passport().await.map_err(|error| failed("issue the admin's passport", &error))?,
    };
    Ok((issuer, issued))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{PassportFilter, SqliteStore, Store as _};

    #[tokio::test]
    async fn a_first_start_that_was_cut_short_gives_one_passport_and_not_two() {
        let directory = tempfile::tempdir().expect("a directory");
        let settings = DataSettings { data: Some(directory.path().join("data")), ..DataSettings::default() };
        let plan = || DataPlan::make(settings.clone(), true, None).expect("a plan");
        let held = DataDir::lock(&plan().path).expect("locked");
        assert!(issue(plan(), &held).await.is_err(), "nobody has started an issuer here");

        // Cut short once it had chosen its URL.
        let database = held.path().join("passport.db");
        let store = SqliteStore::open(&database).await.expect("opened");
        store.bind_issuer("http://127.0.0.1:1").await.expect("bound");
        store.close().await.expect("closed");
        for passports in 1..=2 {
            let (issuer, issued) = issue(plan(), &held).await.expect("issued");
            assert_eq!(issued.agent_id, "admin");
            close(&issuer).await.expect("closed");
            let store = SqliteStore::open(&database).await.expect("opened");
            let filter = PassportFilter { now: 0, limit: 10, ..PassportFilter::default() };
            assert_eq!(store.passports(filter).await.expect("listed").items.len(), passports);
            store.close().await.expect("closed");
        }
    }
}
