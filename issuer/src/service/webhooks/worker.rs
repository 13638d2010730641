//! What sends for all webhooks: a stint for each that has something to send, side by side, on one issuer of those that share a
//! database.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::task::JoinSet;

use super::super::ids::Id;
use super::super::{Issuer, ServiceError};
use crate::metrics;
use crate::store::Webhook;
use crate::webhooks::post::{Answer, Caller, Message};

/// How often it looks whether there is anything to send.
const LOOK: Duration = Duration::from_millis(500);

/// For how many seconds an issuer that sends is the only one, unless it says so again.
const HELD: i64 = 15;

/// After how many seconds it says so again, and counts, or asks again.
const RENEWED: i64 = 5;

/// Seconds after which a webhook is looked at again for which something of our own failed.
const PAUSE: i64 = 30;

/// What a stint works with.
#[derive(Clone)]
pub(super) struct Tools {
    caller: Caller,
    /// This issuer's name among those that share the database.
    pub(super) holder: String,
}

impl Tools {
    /// Sends it. Of each webhook one message is under way at a time, so there are as many at once as webhooks, and none waits for
    /// another's receiver.
    pub(super) async fn post(&self, message: Message) -> Result<Answer, ServiceError> {
        let caller = self.caller.clone();
        let posted = tokio::task::spawn_blocking(move || caller.post(&message)).await;
        posted.map_err(|error| ServiceError::internal("send to a webhook", error))
    }
}

/// What is known of a webhook between two stints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The cursor as the store has it.
    pub(super) noted: i64,
    /// The last event that was looked at.
    pub(super) read: i64,
    /// How often sending has failed since it last went well.
    pub(super) failures: u32,
    /// Until when nothing is sent.
    pub(super) rest_until: i64,
}

/// The worker.
pub(super) struct Worker {
    issuer: Issuer,
    tools: Tools,
    known: HashMap<String, Known>,
    busy: HashSet<String>,
    stints: JoinSet<(String, Result<Known, ServiceError>)>,
    /// When it last asked whether it is the one that sends, and whether it is.
    asked: Option<(i64, bool)>,
}

impl Issuer {
    /// Sends to webhooks for as long as it is polled. What fails is logged, and tried again.
    pub async fn keep_webhooks(&self) {
        let mut worker = Worker::new(self.clone());
        loop {
            if let Err(error) = worker.look().await {
                tracing::warn!(%error, "webhooks could not be looked at");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                // There may be more to send at once.
                () = worker.one() => {}
            }
        }
    }
}

impl Worker {
    pub(super) fn new(issuer: Issuer) -> Self {
        let caller = Caller::new(issuer.settings().webhooks_to.clone());
        // Where no other can be on the database, one that ended without a word is followed at once.
        let alone = issuer.store().changes().is_none();
        let holder = if alone { issuer.settings().issuer.clone() } else { issuer.new_id(Id::Sender) };
        let tools = Tools { caller, holder };
        Self { issuer, tools, known: HashMap::new(), busy: HashSet::new(), stints: JoinSet::new(), asked: None }
    }

    /// Begins a stint for each webhook that has something to send and rests not. Gives how many were begun.
    pub(super) async fn look(&mut self) -> Result<usize, ServiceError> {
        let (store, now) = (self.issuer.inner.parts.store.clone(), self.issuer.now());
        let webhooks = store.webhooks().await?;
        if webhooks.is_empty() || !self.leads(now).await? {
            return Ok(0);
        }
        let (size, due) = (store.log_head().await?.size, store.due_webhooks(now).await?);
        self.known.retain(|id, _| webhooks.iter().any(|webhook| webhook.made.webhook_id == *id));
        let mut begun = 0;
        for webhook in webhooks.into_iter().filter(|webhook| webhook.disabled.is_none()) {
            let id = webhook.made.webhook_id.clone();
            let known = self.known_of(&webhook);
            let anything = known.read < size || due.contains(&id);
            if self.busy.contains(&id) || !anything || known.rest_until > now {
                continue;
            }
            begun += 1;
            self.busy.insert(id.clone());
            let (issuer, tools) = (self.issuer.clone(), self.tools.clone());
            self.stints.spawn(async move {
                let known = issuer.send_for(&tools, &webhook, known).await;
                (id, known)
            });
        }
        Ok(begun)
    }

    /// Where a webhook is: as it was left, unless it was moved since.
    fn known_of(&self, webhook: &Webhook) -> Known {
        let left = self.known.get(&webhook.made.webhook_id).copied().unwrap_or_default();
        match left.noted == webhook.cursor && left.read >= webhook.cursor {
            true => left,
            false => Known { noted: webhook.cursor, read: webhook.cursor, ..left },
        }
    }

    /// Waits for a stint to end; for ever, where there is none.
    async fn one(&mut self) {
        match self.stints.join_next().await {
            None => std::future::pending().await,
            Some(Ok((id, known))) => {
                self.busy.remove(&id);
                match known {
                    Ok(known) => {
                        self.known.insert(id, known);
                    }
                    // It was replayed or deleted meanwhile, or another issuer sends: it begins at the cursor that there is now.
                    Err(ServiceError::Conflict { .. }) => {
                        self.known.remove(&id);
                    }
                    Err(_) => {
                        let rest_until = self.issuer.now().saturating_add(PAUSE);
                        self.known.insert(id, Known { rest_until, noted: -1, ..Known::default() });
                    }
                }
            }
            Some(Err(error)) => {
                // Which one it was is not known: all that are not under way are looked at again.
                tracing::error!(%error, "sending to a webhook broke off");
                self.stints.detach_all();
                self.busy.clear();
            }
        }
    }

    /// Waits for all stints that were begun.
    #[cfg(test)]
    pub(super) async fn all(&mut self) {
        while !self.stints.is_empty() {
            self.one().await;
        }
    }

    /// Whether this issuer is the one that sends.
    async fn leads(&mut self, now: i64) -> Result<bool, ServiceError> {
        if let Some((at, leads)) = self.asked
            && (at..at.saturating_add(RENEWED)).contains(&now)
        {
            return Ok(leads);
        }
        let leads = self.issuer.store().lead_webhooks(&self.tools.holder, now, now.saturating_add(HELD)).await?;
        self.asked = Some((now, leads));
        if leads {
            self.count().await?;
        } else {
            self.known.clear();
        }
        Ok(leads)
    }

    async fn count(&self) -> Result<(), ServiceError> {
        let (counts, size) = (self.issuer.store().delivery_counts().await?, self.issuer.store().log_head().await?.size);
        ::metrics::gauge!(metrics::WEBHOOK_PENDING).set(metrics::gauge(counts.pending));
        ::metrics::gauge!(metrics::WEBHOOK_DEAD).set(metrics::gauge(counts.dead));
        let read = self.known.values().map(|known| known.read).min();
        ::metrics::gauge!(metrics::WEBHOOK_LAG).set(metrics::gauge(read.map_or(0, |read| size.saturating_sub(read))));
        Ok(())
    }
}
