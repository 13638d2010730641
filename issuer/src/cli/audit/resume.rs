//! `passport audit resume`: an audit log that signs no checkpoints signs again.

use clap::Args;
use serde::Serialize;

use crate::cli::error::{DONE, Ended};
use crate::cli::issuer_data::{DataDir, DataPlan, IssuerData, block_on, check_issuer, close, failed, no_issuer};
use crate::cli::{Session, core_dumps};
use crate::config::DataSettings;
use crate::service::Settings;

/// Have an audit log that is held sign checkpoints again
///
/// A log that may have lost events that it had signed for, such as one out of a backup, signs no more, for what it would
/// sign could contradict what others have seen. Compare it first with the checkpoints that others keep:
/// passport audit verify --checkpoint FILE. The issuer has to be stopped meanwhile.
#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// For an issuer that is started with --dev: keys may rest unsealed, http is allowed
    // A flag and nothing else, as with `serve`.
    #[arg(long)]
    dev: bool,
    #[command(flatten)]
    data: DataSettings,
}

#[derive(Serialize)]
struct Resumed {
    resumed: bool,
}

impl Resume {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        core_dumps::forbid(session.out);
        let plan = DataPlan::make(session.settings.data(&self.data), self.dev, std::env::var_os("PASSPORT_PASSPHRASE"))?;
        block_on(async {
            plan.check_used()?;
            let held = DataDir::lock(&plan.path)?;
            let dev = plan.dev;
            let data = IssuerData::open(plan, &held).await?;
            let Some(url) = data.bound().map(str::to_owned) else {
                return Err(no_issuer(held.path(), "its database belongs to none"));
            };
            check_issuer(&url, dev)?;
            let (issuer, _) = data.start(Settings::new(url)).await?;
            let resumed = issuer.resume_log().await.map_err(|error| failed("have the audit log go on", &error));
            close(&issuer).await?;
            let resumed = resumed?;
            match session.out.is_json() {
                true => session.out.json(&Resumed { resumed })?,
                false if resumed => session.out.text("the audit log signs checkpoints again; its log says that it was told to")?,
                false => session.out.text("the audit log was not held: nothing was changed")?,
            }
            Ok(DONE)
        })
    }
}
