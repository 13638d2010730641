//! One stint of sending for one webhook: what is to be tried again, then what comes next in the log.
//!
//! The log is the outbox. A stint reads it from the cursor on, in its order, sends what the webhook is for, and then moves the
//! cursor in the transaction that notes what failed. Whatever happens in between, the next stint begins at the old cursor: nothing
//! is left out, and a message that comes twice has the same id.

use passport_shared::jose;
use serde_json::json;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use super::super::change::to_json;
use super::super::{Issuer, ServiceError, check, events};
use super::subscription;
use super::worker::{Known, Tools};
use crate::metrics;
use crate::store::{AuditEvent, Delivery, DeliveryState, EventOf, Sent, StoreError, Webhook, WebhookChange};
use crate::webhooks::post::{Answer, Message};
use crate::webhooks::retry;
use crate::webhooks::signature::{self, Secret};
use crate::webhooks::subscription::Subscription;

/// Events that are read at once.
const PAGE: u32 = 512;

/// Messages of one stint, of each kind: then what became of them is noted.
const MESSAGES: usize = 32;

/// Events that nobody wants after which the cursor is moved all the same.
const UNNOTED: i64 = 4_096;

/// Deliveries of one webhook that may be pending. Of more, the oldest are given up.
const MOST_PENDING: u32 = 10_000;

/// A stint under way.
struct Stint<'s> {
    issuer: &'s Issuer,
    tools: &'s Tools,
    webhook: &'s Webhook,
    subscription: Subscription,
    /// Empty until there is something to sign.
    secrets: Vec<Secret>,
    known: Known,
    /// What failed, or had failed before.
    deliveries: Vec<Delivery>,
    sent: usize,
    gone: bool,
}

impl Issuer {
    /// Sends for a webhook, from where it is known to be. Gives where it is then.
    pub(super) async fn send_for(&self, tools: &Tools, webhook: &Webhook, known: Known) -> Result<Known, ServiceError> {
        let subscription = subscription(webhook)?;
        let mut stint =
            Stint { issuer: self, tools, webhook, subscription, secrets: Vec::new(), known, deliveries: Vec::new(), sent: 0, gone: false };
        stint.again().await?;
        if !stint.ends() {
            let page = self.store().log_from(stint.known.read, PAGE).await?;
            for event in page.items {
                if let Some(kind) = stint.subscription.wants(&event) {
                    if stint.sent >= MESSAGES {
                        break;
                    }
                    stint.first(&event, &kind).await?;
                }
                if stint.gone {
                    break;
                }
                stint.known.read = event.sequence;
                if stint.ends() {
                    break;
                }
            }
        }
        stint.note().await
    }
}

impl Stint<'_> {
    fn id(&self) -> &str {
        &self.webhook.made.webhook_id
    }

    /// Whether the receiver is to be left alone.
    fn ends(&self) -> bool {
        self.gone || self.known.rest_until > self.issuer.now()
    }

    /// Tries again what is due.
    async fn again(&mut self) -> Result<(), ServiceError> {
        let due = self.issuer.store().due_deliveries(self.id(), self.issuer.now(), u32::try_from(MESSAGES).unwrap_or(u32::MAX)).await?;
        for delivery in due {
            let page = self.issuer.store().log_from(delivery.sequence.saturating_sub(1), 1).await?;
            let event = page.items.into_iter().find(|event| event.sequence == delivery.sequence);
            let Some((event, kind)) = event.and_then(|event| self.subscription.wants(&event).map(|kind| (event, kind))) else {
                self.deliveries.push(Delivery {
                    state: DeliveryState::Dead,
                    last_error: Some("its event is not in the log any more".to_owned()),
                    ..delivery
                });
                continue;
            };
            self.attempt(&event, &kind, Some(delivery)).await?;
            if self.ends() {
                break;
            }
        }
        Ok(())
    }

    /// Sends an event for the first time.
    async fn first(&mut self, event: &AuditEvent, kind: &str) -> Result<(), ServiceError> {
        self.sent += 1;
        self.attempt(event, kind, None).await
    }

    async fn attempt(&mut self, event: &AuditEvent, kind: &str, before: Option<Delivery>) -> Result<(), ServiceError> {
        let id = message_id(self.id(), &event.event.event_id);
        let at = self.issuer.now();
        // One that cannot be read (damage, or a body that is kept no longer) does not hold up what follows.
        let Ok(body) = body(event, kind) else {
            self.deliveries.push(Delivery {
                webhook_id: self.id().to_owned(),
                sequence: event.sequence,
                message_id: id,
                state: DeliveryState::Dead,
                attempts: before.map_or(0, |delivery| delivery.attempts),
                tried_at: at,
                next_at: at,
                last_error: Some("its event cannot be read any more".to_owned()),
            });
            return Ok(());
        };
        if self.secrets.is_empty() {
            self.secrets = self.issuer.secrets(self.webhook, at).await?;
        }
        let signature = signature::header(&self.secrets, &id, at, body.as_bytes());
        let message = Message { url: self.webhook.made.url.clone(), id: id.clone(), at, signature, body: body.into_bytes() };
        let answer = self.tools.post(message).await?;
        let now = self.issuer.now();
        let count = |result: &'static str| ::metrics::counter!(metrics::WEBHOOK_ATTEMPTS, "result" => result).increment(1);
        let before_attempts = before.as_ref().map_or(0, |delivery| delivery.attempts);
        match answer {
            Answer::Taken => {
                count("delivered");
                self.known.failures = 0;
                self.deliveries.extend(before.map(|delivery| Delivery {
                    state: DeliveryState::Done,
                    attempts: delivery.attempts.saturating_add(1),
                    tried_at: now,
                    ..delivery
                }));
            }
            Answer::Gone => {
                count("gone");
                self.gone = true;
            }
            Answer::Failed { why, retry_after } => {
                let attempts = before_attempts.saturating_add(1);
                let next = retry::after(attempts, retry_after, &*self.issuer.inner.parts.entropy);
                count(if next.is_some() { "failed" } else { "given_up" });
                self.known.failures = self.known.failures.saturating_add(1);
                self.known.rest_until = now.saturating_add(retry::rest(self.known.failures, retry_after));
                tracing::warn!(
                    webhook = self.id(),
                    sequence = event.sequence,
                    attempts,
                    again = next.is_some(),
                    why,
                    "a webhook was not delivered"
                );
                self.deliveries.push(Delivery {
                    webhook_id: self.id().to_owned(),
                    sequence: event.sequence,
                    message_id: id,
                    state: if next.is_some() { DeliveryState::Pending } else { DeliveryState::Dead },
                    attempts,
                    tried_at: now,
                    next_at: now.saturating_add(next.unwrap_or(0)),
                    last_error: Some(why),
                });
            }
        }
        Ok(())
    }

    /// Notes what has come of it.
    async fn note(mut self) -> Result<Known, ServiceError> {
        let unnoted = self.known.read.saturating_sub(self.known.noted);
        if !self.deliveries.is_empty() || (self.sent > 0 && unnoted > 0) || unnoted >= UNNOTED {
            let sent = Sent {
                webhook_id: self.id().to_owned(),
                holder: self.tools.holder.clone(),
                from: self.known.noted,
                to: self.known.read,
                deliveries: std::mem::take(&mut self.deliveries),
                most: MOST_PENDING,
            };
            self.issuer.store().record_sent(sent, self.given_up()).await?;
            self.known.noted = self.known.read;
        }
        if self.gone {
            let why = "it answered 410 Gone".to_owned();
            let change = json!({ "type": "webhook_disabled", "webhookId": self.id(), "reason": why });
            let author = self.author("the receiver wants nothing more")?;
            let event = self.issuer.admin_event(&author, &change)?;
            let change = WebhookChange::Disable { at: self.issuer.now(), why };
            self.issuer.store().change_webhook(self.id(), change, event).await?;
            tracing::warn!(webhook = self.id(), "a webhook answered 410 Gone and is disabled");
        }
        Ok(self.known)
    }

    fn author(&self, message: &str) -> Result<super::super::change::Author, ServiceError> {
        self.issuer.inner.parts.own_author(&self.issuer.settings().issuer, "webhooks.send", message)
    }

    /// What tells that deliveries were given up because too many were pending.
    fn given_up(&self) -> EventOf<i64> {
        let (parts, id, author) = (self.issuer.inner.parts.clone(), self.id().to_owned(), self.author("too many deliveries are pending"));
        Box::new(move |count| {
            let failed = |error| StoreError::Unavailable(Box::new(error));
            ::metrics::counter!(metrics::WEBHOOK_ATTEMPTS, "result" => "given_up").increment(u64::try_from(*count).unwrap_or(0));
            tracing::warn!(webhook = id, count, "too many deliveries of a webhook were pending; the oldest are given up");
            let change = json!({ "type": "webhook_deliveries_given_up", "webhookId": id, "count": count });
            parts.admin_event(&author.map_err(failed)?, &change).map_err(failed)
        })
    }
}

/// What a receiver knows a message by: the same for one webhook and one event, however often it is sent.
fn message_id(webhook_id: &str, event_id: &str) -> String {
    format!("msg_{}", jose::encode(Sha256::digest(format!("{webhook_id}\n{event_id}"))))
}

/// What is sent: made of the event alone, so that each attempt sends the same.
fn body(event: &AuditEvent, kind: &str) -> Result<String, ServiceError> {
    #[derive(serde::Serialize)]
    struct Body<'b> {
        #[serde(rename = "type")]
        kind: &'b str,
        timestamp: String,
        data: Box<RawValue>,
    }
    let at = event.event.evaluated_at.unwrap_or(event.event.received_at);
    to_json(&Body { kind, timestamp: check::shown(at), data: events::shown(event.clone())? })
}
