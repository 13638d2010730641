//! Attributes that are hidden when an event is taken in, by the setting or by the passport that it is about
//! (docs/audit.md A26 to A29).
//!
//! An issuer that never had anything to hide has no key for it, and does nothing here. Once there is a key, everything that a
//! value could be tried out by is kept in salted form, for good.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use passport_shared::hidden::HiddenAttributes;
use passport_shared::passport::Passport;
use passport_shared::request::Request;
use sha2::{Digest as _, Sha256};

use super::webhooks::secret::Purpose;
use super::{Issuer, ServiceError};
use crate::hiding::{Hider, ReporterHider};
use crate::store::{Approval, Plain, Reported, SecretSeed, StoreError};

/// No token, no checkpoint, and no webhook's secret.
const PURPOSE: Purpose = Purpose { context: b"passport hidden attributes\n", act: "make the key of hidden attributes" };

/// Where several issuers share a database: how often one that knows of no key looks whether another has made it.
const LOOK: Duration = Duration::from_secs(1);

/// How long the first passport that hides anything waits there, so that each of them knows.
const SPREAD: Duration = Duration::from_secs(3);

/// Passports whose rules are remembered; one more, and all are read anew.
const REMEMBERED: usize = 65_536;

/// The key, once there is one, and what passports hide.
pub(super) struct Hiding {
    hider: OnceLock<Hider>,
    passports: Mutex<HashMap<String, Option<Arc<HiddenAttributes>>>>,
    /// Whether other issuers may make the key, and when it was last looked for.
    others: Option<Mutex<Option<Instant>>>,
    /// Whether it was looked for at all.
    looked: AtomicBool,
}

impl Hiding {
    pub(super) fn new(shared: bool) -> Self {
        Self { hider: OnceLock::new(), passports: Mutex::default(), others: shared.then(Mutex::default), looked: AtomicBool::new(false) }
    }
}

impl Issuer {
    /// Gets ready what hides, at a start: where the setting asks for it, or where it once was needed.
    pub(super) async fn start_hiding(&self) -> Result<(), ServiceError> {
        match self.settings().hidden.is_empty() {
            true => self.hider().await.map(|_| ()),
            false => self.ready_to_hide().await,
        }
    }

    /// What hides; `None` where nothing ever had to be hidden.
    pub(super) async fn hider(&self) -> Result<Option<&Hider>, ServiceError> {
        let hiding = &self.inner.hiding;
        if hiding.hider.get().is_none()
            && self.is_time_to_look()
            && let Some(seed) = self.store().hiding_seed().await?
        {
            self.take_up(&seed).await?;
        }
        Ok(hiding.hider.get())
    }

    /// At the start, and then only where others could have made it.
    fn is_time_to_look(&self) -> bool {
        let Some(others) = &self.inner.hiding.others else { return !self.inner.hiding.looked.swap(true, Ordering::Relaxed) };
        let mut looked = others.lock().unwrap_or_else(PoisonError::into_inner);
        let due = looked.is_none_or(|at| at.elapsed() >= LOOK);
        if due {
            *looked = Some(Instant::now());
        }
        due
    }

    /// Sees to it that there is a key. Before anything is issued that hides.
    pub(super) async fn ready_to_hide(&self) -> Result<(), ServiceError> {
        if self.hider().await?.is_some() {
            return Ok(());
        }
        let issuer = self.clone();
        self.see_through(async move {
            let (made, _) = issuer.new_seed(&PURPOSE).await?;
            let kept = issuer.store().keep_hiding_seed(made).await?;
            issuer.take_up(&kept).await?;
            if issuer.inner.hiding.others.is_some() {
                tokio::time::sleep(SPREAD).await;
            }
            Ok(())
        })
        .await
    }

    async fn take_up(&self, seed: &SecretSeed) -> Result<(), ServiceError> {
        let key = self.secrets_key().await?;
        let secret = self.of_seed(key, &PURPOSE, seed).await?;
        let hider = Hider::new(&secret, self.settings().hidden.clone())
            .ok_or_else(|| ServiceError::internal(PURPOSE.act, "it has the wrong length"))?;
        // Another call may have been first, with the same.
        let _ = self.inner.hiding.hider.set(hider);
        Ok(())
    }

    /// Hides what is to be hidden of these events. Gives the key of the reporter's own salts, where any hash was salted.
    pub(super) async fn hide(&self, reporter: &str, events: &mut [Reported]) -> Result<Option<String>, ServiceError> {
        let Some(hider) = self.hider().await? else { return Ok(None) };
        let own = hider.of_reporter(reporter).ok_or_else(|| ServiceError::internal(PURPOSE.act, "no key of a reporter"))?;
        for reported in events {
            let passport = self.hidden_by(reported.event.passport_id.as_deref()).await?;
            hide_event(&own, reported, passport.as_deref())
                .ok_or_else(|| ServiceError::internal("hide attributes", "an event is no object"))?;
        }
        Ok(Some(own.reveal()))
    }

    /// A request to approve as it rests until it is decided.
    pub(super) async fn resting_request(
        &self,
        approval_id: &str,
        text: &str,
        request: &Request,
        passport: Option<&HiddenAttributes>,
    ) -> Result<String, ServiceError> {
        let Some(hider) = self.hider().await? else { return Ok(text.to_owned()) };
        let mut nonce = [0; 12];
        self.inner.parts.entropy.fill(&mut nonce);
        hider.resting(approval_id, nonce, text, request, passport).ok_or_else(|| ServiceError::internal("seal a request", "it cannot be"))
    }

    /// The request that is to be approved, as it was asked.
    pub(super) async fn whole_request(&self, approval: &Approval) -> Result<String, ServiceError> {
        let asked = &approval.asked;
        let Some(hider) = self.hider().await? else { return Ok(asked.request.clone()) };
        let opened = hider.opened(&asked.approval_id, asked.request.clone());
        opened.ok_or_else(|| ServiceError::internal("open a request", "it was sealed by another key"))
    }

    /// The same without what is hidden: what is kept, and shown, once nobody decides on it any more.
    pub(super) async fn decided_request(&self, approval: &Approval) -> Result<String, ServiceError> {
        let whole = self.whole_request(approval).await?;
        let Some(hider) = self.hider().await? else { return Ok(whole) };
        let passport = self.hidden_by(Some(&approval.asked.passport_id)).await?;
        let request = Request::parse(whole.as_bytes());
        let kept = hider.request(&whole, request.resource(), passport.as_deref());
        kept.ok_or_else(|| ServiceError::internal("hide attributes", "a request is no object"))
    }

    /// What the passport of this id hides, if this issuer has issued it.
    pub(super) async fn hidden_by(&self, passport_id: Option<&str>) -> Result<Option<Arc<HiddenAttributes>>, ServiceError> {
        let Some(id) = passport_id else { return Ok(None) };
        let passports = || self.inner.hiding.passports.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = passports().get(id) {
            return Ok(known.clone());
        }
        let hidden = match self.store().passport(id).await {
            Ok(stored) => Passport::hidden_by(stored.claims.as_bytes()).map(Arc::new),
            // Ids are drawn, so that one that is not there now is never issued.
            Err(StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mut passports = passports();
        if passports.len() >= REMEMBERED {
            passports.clear();
        }
        passports.insert(id.to_owned(), hidden.clone());
        Ok(hidden)
    }
}

/// The event as it is stored, told by salted hashes.
fn hide_event(own: &ReporterHider<'_>, reported: &mut Reported, passport: Option<&HiddenAttributes>) -> Option<()> {
    let event = &mut reported.event;
    let (seq, hash) = (event.seq.unwrap_or_default(), event.body_hash);
    let previous = reported.link.and_then(|link| link.previous);
    if let Some(link) = &mut reported.link {
        // The event before has the number before the first that this one takes.
        link.previous = previous.map(|previous| own.reported_hash(seq.saturating_sub(link.count), previous));
    }
    let named = reported.link.and_then(|link| link.previous).map(passport_shared::jose::encode);
    event.body = own.hider.rewrite(&event.body, event.resource.as_deref(), passport, named.as_deref())?;
    event.body_hash = Sha256::digest(&event.body).into();
    event.reported_hash = Some(own.reported_hash(seq, hash));
    reported.plain = Some(Box::new(Plain { hash, previous }));
    Some(())
}

#[cfg(test)]
mod tests;
