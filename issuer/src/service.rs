//! What the issuer does: one file an act. No HTTP and no SQL here; the HTTP API and the command call [`Issuer`] alone.
//!
//! Three rules hold for every act:
//!
//! - **Nobody acts without a [`Caller`]**, and only the gate ([`Issuer::authorize`]) makes one: it is the project's own
//!   verifier, asked about the issuer's own API.
//! - **A change and its audit event are one transaction.** The event is the gate's own decision, with what was changed.
//!   The store looks at the maker's passport again in it: one that was revoked or has expired since the gate makes no
//!   change ([`ServiceError::Unauthorized`], which any act with a [`Caller`] that writes can give).
//! - **What the issuer answers with is what it believes itself.** After a change of trust (a revocation, a rotation) the
//!   published documents and the gate are made anew before the change is answered.
//!
//! Clock and randomness come from [`Parts`]. The clock is taken as it is: if it steps back, passports that have been
//! issued ahead of it are refused as not valid yet, and ones that had expired would be accepted again until they have
//! expired a second time. Keep the issuer's machine on network time.

mod agents;
mod approvals;
mod bootstrap;
mod change;
mod check;
mod console;
mod counts;
mod credential;
mod error;
mod events;
mod follow;
mod gate;
mod hiding;
mod holder;
mod ids;
mod ingest;
mod introspect;
mod issue;
mod key_numbers;
mod keys;
mod log;
mod metadata;
mod others;
mod paging;
mod passports;
mod presets;
mod publish;
mod receipt;
mod redecide;
mod reporters;
mod retention;
mod revocations;
mod schedule;
mod splice;
mod status_index;
mod subset;
mod tail;
mod templates;
#[cfg(test)]
pub(crate) mod testing;
mod verify;
mod webhooks;
mod why;

use std::sync::Arc;

use passport_keys::KeyVault;
use passport_shared::hidden::Names;
use passport_shared::jose::Algorithm;
use passport_verifier::Verifier;

pub use agents::AgentQuery;
pub use approvals::ApprovalQuery;
pub use console::{Entrant, Permission, SignedIn};
pub use credential::{Credential, SessionKey};
pub use error::{ServiceError, StartError};
pub use events::{EventsPage, stored_events};
pub use follow::Followed;
pub use gate::{Caller, Denial};
pub use holder::Holder;
pub use passports::PassportQuery;
pub use presets::{PRESETS, preset};
pub use publish::Published;
pub use subset::check_renewed;
pub use tail::{Tail, TailEvent};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::Store;
use crate::webhooks::Reach;

/// The issuer. Cloning is cheap, and clones are the same issuer.
#[derive(Clone)]
pub struct Issuer {
    inner: Arc<Inner>,
}

/// What an issuer is put together from.
#[derive(Clone)]
pub struct Parts {
    /// Where everything is remembered.
    pub store: Arc<dyn Store>,
    /// Where the secret keys are.
    pub vault: Arc<dyn KeyVault>,
    /// What tells the time.
    pub clock: Arc<dyn Clock>,
    /// What randomness comes from.
    pub entropy: Arc<dyn Entropy>,
}

/// What can be chosen about an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Its URL, 1 to 200 bytes without a slash at the end: the `iss` of its passports, and the audience of its own API.
    pub issuer: String,
    /// The name that signatures give their algorithm.
    pub algorithm: Algorithm,
    /// The longest life of a passport, in seconds; 90 days unless set.
    pub max_passport_life: i64,
    /// Places in one status list, 8 to 8,388,608 and a multiple of 8; 65,536 unless set. Only lists made from now on
    /// have it.
    pub status_list_size: i64,
    /// For how many seconds a published trust bundle or status list can be used; 7 days unless set.
    pub trust_life: i64,
    /// For how many seconds a copy of a status list may be kept before it is asked for again (`ttl`); 300 unless set.
    pub status_ttl: i64,
    /// For how many seconds a request waits for people to approve it, a minute to a week; an hour unless set. People need
    /// the one, and what was asked for a week ago is not what they would be deciding on.
    pub approval_wait: i64,
    /// How long a key lives, in seconds, an hour to ten years: in the last sixth of it the next one takes over. 90 days
    /// unless set; `None`: keys are rotated by hand alone.
    pub key_life: Option<i64>,
    /// For how many seconds the body of an audit event is kept, a day at least; for good unless set. Its hash stays.
    pub audit_retention: Option<i64>,
    /// The private networks that webhooks may go to; none unless set.
    pub webhooks_to: Reach,
    /// How many reported decisions a second are decided again, to see whether they agree; 1,000 unless set, `None`: none.
    pub redecide: Option<u32>,
    /// For how many seconds a session of the console lasts, five minutes to seven days; 8 hours unless set, `None`: there is no
    /// console.
    pub console: Option<i64>,
    /// The attributes of requests that are hidden when events are taken in; none unless set.
    pub hidden: Names,
}

impl Settings {
    /// The settings of an issuer at this URL, everything else as it is unless set.
    #[must_use]
    pub fn new(issuer: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            algorithm: Algorithm::default(),
            max_passport_life: 90 * 86_400,
            status_list_size: 65_536,
            trust_life: 7 * 86_400,
            status_ttl: 300,
            approval_wait: 3_600,
            key_life: Some(90 * 86_400),
            audit_retention: None,
            webhooks_to: Reach::default(),
            redecide: Some(1_000),
            console: Some(8 * 3_600),
            hidden: Names::default(),
        }
    }
}

struct Inner {
    parts: Parts,
    settings: Settings,
    /// The issuer's own verifier, on what the issuer itself publishes.
    gate: Verifier,
    press: publish::Press,
    log: log::Logbook,
    receipts: receipt::Desk,
    /// How often an approval was asked for here: tells those who wait for one.
    asked: tokio::sync::watch::Sender<u64>,
    hiding: hiding::Hiding,
    /// How often something was approved or denied here: tells those who wait for it.
    decided: tokio::sync::watch::Sender<u64>,
}

impl Issuer {
    /// What was chosen.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The time, in seconds since 1970, as the issuer sees it.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.inner.parts.clock.now()
    }

    /// Ends the store in order. Every later act is [`ServiceError::Unavailable`]. Closing twice is fine.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] if the store could not be ended in order; what was acknowledged is on disk all the same.
    pub async fn close(&self) -> Result<(), ServiceError> {
        Ok(self.store().close().await?)
    }

    /// Whether everything is there that answering takes: the store reads and would write, and what is published is
    /// fresh. For `/readyz`.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] if not.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        self.store().ping().await?;
        self.edition().await.map(|_| ())
    }

    fn store(&self) -> &dyn Store {
        &*self.inner.parts.store
    }
}

impl std::fmt::Debug for Issuer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuer").field("settings", &self.inner.settings).finish_non_exhaustive()
    }
}
