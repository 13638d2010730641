//! What becomes of a bundle, wherever it came from: it is believed and given to the verifier, or refused and told.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use passport_shared::key_set::KeyId;
use ureq::http::HeaderValue;

use super::desk::Desk;
use super::saved::{SavedTrust, SavedTrustError};
use super::settings::OnAlarm;
use super::{RefreshError, Refreshed};
use crate::guard::{Clock, LatestTime};
use crate::trust::{Trust, TrustError};
use crate::verifier::Verifier;

/// Believes for one verifier. The threads of a refresher share it.
pub(super) struct Believer {
    pub(super) verifier: Verifier,
    pub(super) desk: Arc<Desk>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) pin: Option<KeyId>,
    /// Whether a first bundle that nobody pinned is believed by its own key.
    pub(super) vouched: bool,
    pub(super) store: Option<PathBuf>,
    pub(super) on_alarm: Option<OnAlarm>,
    pub(super) latest: LatestTime,
    /// Held while a bundle is judged and put in place, so that of two the older never comes last.
    pub(super) last: Mutex<Last>,
}

/// The bundle that was last believed.
#[derive(Debug, Default)]
pub(super) struct Last {
    /// Its entity tag, where it was served with one.
    etag: Option<HeaderValue>,
    /// Kept only where there is a store, to be saved again with a later time.
    token: Option<Vec<u8>>,
}

/// Which trust there was when a fetch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub(super) sequence: Option<i64>,
    issued_at: Option<i64>,
}

impl Believer {
    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time: never earlier than one seen before, here or by an earlier run.
    pub(super) fn now(&self) -> i64 {
        let now = self.clock.now();
        self.latest.raise(now);
        now.max(self.latest.seconds())
    }

    /// The present trust, to be told from what there is after a fetch.
    pub(super) fn before(&self) -> Before {
        let trust = self.verifier.trust();
        Before { sequence: trust.sequence(), issued_at: trust.issued_at() }
    }

    /// The entity tag of the present bundle, while that is younger than so many seconds.
    pub(super) fn etag(&self, young: i64) -> Option<HeaderValue> {
        let issued_at = self.verifier.trust().issued_at()?;
        self.last().etag.clone().filter(|_| self.now().saturating_sub(issued_at) < young)
    }

    /// Believes `token`, which was fetched while the trust was `before`, or refuses it, and says so.
    pub(super) fn take(&self, token: Vec<u8>, etag: Option<HeaderValue>, before: Before) -> Result<Refreshed, RefreshError> {
        let mut last = self.last();
        if self.desk.is_stopped() {
            return Err(RefreshError::Stopped);
        }
        let trust = self.verifier.trust();
        let next = match self.believe(&trust, &token) {
            Ok(next) => next,
            // Meanwhile another has come, and this one is no older than what there was: nobody tried a rollback.
            Err(_) if self.before() != before => return Ok(Refreshed::Unchanged),
            Err(error) => {
                drop(last);
                self.desk.count_refused();
                self.alarm(&error);
                return Err(error);
            }
        };
        let (sequence, issued_at) = (next.sequence(), next.issued_at());
        self.verifier.replace_trust(next);
        self.desk.trusts(sequence, issued_at);
        *last = Last { etag, token: self.store.is_some().then_some(token) };
        drop(last);
        self.save();
        Ok(Refreshed::Replaced { sequence })
    }

    fn believe(&self, trust: &Trust, token: &[u8]) -> Result<Trust, RefreshError> {
        let now = self.now();
        if trust.has_keys() {
            return Ok(trust.successor(token, now)?);
        }
        let first = match &self.pin {
            Some(pin) => Trust::from_pinned_bundle(token, pin, now)?,
            None if self.vouched => Trust::from_bundle(token, now)?,
            None => return Err(RefreshError::NoPin),
        };
        match first.issuer() == trust.issuer() {
            true => Ok(first),
            false => Err(TrustError::WrongIssuer { found: first.issuer().to_owned(), expected: trust.issuer().to_owned() }.into()),
        }
    }

    /// Begins with what an earlier run saved, if anything. What is not believed is told, and nothing of it is used.
    pub(super) fn recall(&self) {
        let trust = self.verifier.trust();
        self.desk.trusts(trust.sequence(), trust.issued_at());
        let Some(path) = &self.store else { return };
        let recalled = SavedTrust::read(path).and_then(|saved| saved.map_or(Ok(()), |saved| self.recall_from(saved, &trust)));
        if let Err(error) = recalled {
            self.desk.count_refused();
            self.alarm(&error.into());
        }
    }

    fn recall_from(&self, saved: SavedTrust, present: &Trust) -> Result<(), SavedTrustError> {
        self.latest.raise(saved.latest_time);
        let now = self.now();
        // What the service was given by hand is not given up for something older.
        let next = match (&saved.bundle, present.has_keys()) {
            (Some(bundle), true) => Some(present.successor(bundle, now)?),
            _ => saved.trust(present.issuer(), self.pin.as_ref(), now)?,
        };
        if let Some(next) = next {
            self.desk.trusts(next.sequence(), next.issued_at());
            self.verifier.replace_trust(next);
            self.last().token = saved.bundle;
        }
        Ok(())
    }

    /// Keeps what is believed, and the time, for the next start.
    pub(super) fn save(&self) {
        let last = self.last();
        // After the end the file may be another's.
        let written = if self.desk.is_stopped() { Ok(()) } else { self.write(&last) };
        drop(last);
        if let Err(error) = &written {
            self.alarm(error);
        }
    }

    /// Believes and saves nothing from now on, and saves once more before.
    pub(super) fn close(&self) {
        let last = self.last();
        let written = self.write(&last);
        self.desk.stop();
        drop(last);
        if let Err(error) = &written {
            self.alarm(error);
        }
    }

    fn write(&self, last: &Last) -> Result<(), RefreshError> {
        let Some(path) = &self.store else { return Ok(()) };
        let saved = SavedTrust { latest_time: self.now().max(0), pin: self.pin, bundle: last.token.clone() };
        let written = saved.write(path).map_err(RefreshError::from);
        self.desk.saved(&written);
        written
    }

    fn alarm(&self, error: &RefreshError) {
        if let Some(tell) = &self.on_alarm {
            tell(error);
        }
    }
}
