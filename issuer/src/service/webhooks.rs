//! Webhooks (docs/format.md F11.1 to F11.9): create, list, change, delete, replay. What sends is in [`deliver`].

mod deliver;
pub(super) mod secret;
mod worker;

use passport_shared::api::Page;
use passport_shared::api::webhooks::{
    CreateWebhook, DeletedWebhook, Delivery, DisableWebhook, ReplayWebhook, ReplayedWebhook, Webhook, WebhookFilter,
};
use passport_shared::fault::{Faults, Place};
use passport_shared::text::quote;
use serde_json::json;
use ureq::http::Uri;

use super::change::to_json;
use super::ids::Id;
use super::{Caller, Issuer, ServiceError, check, paging};
use crate::store::{self, DeliveryFilter, DeliveryState, NewWebhook, Replay, WebhookChange};
use crate::webhooks::signature::Secret;
use crate::webhooks::subscription::{Subscription, is_pattern};

/// Webhooks of one issuer: each reads the log for itself.
const MOST: u32 = 64;

/// Types of events that one is for.
const MOST_EVENTS: usize = 32;

/// Bytes of a URL: what servers take.
const URL_BYTES: usize = 2_048;

/// For how many seconds an old secret signs beside the new one: a day.
const OLD_SIGNS: i64 = 86_400;

impl Issuer {
    /// Creates a webhook, which is told of what happens from now on. Its secret is given back here and never again.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], with everything that is wrong; [`ServiceError::Conflict`] if there are 64 already.
    pub async fn create_webhook(&self, caller: &Caller, body: CreateWebhook) -> Result<Webhook, ServiceError> {
        self.check_webhook(&body)?;
        let (seed, secret) = self.new_secret().await?;
        let filter = body.filter.unwrap_or_default();
        let new = NewWebhook {
            webhook_id: self.new_id(Id::Webhook),
            events: to_json(&body.events)?,
            filter: to_json(&filter)?,
            description: body.description,
            secret: seed,
            created_at: self.now(),
            created_by: caller.agent_id().to_owned(),
            url: body.url,
        };
        // Of the URL only where it goes: the rest may hold a secret.
        let change = json!({
            "type": "webhook_created", "webhookId": new.webhook_id, "host": host(&new.url), "events": body.events, "filter": filter,
        });
        let event = self.admin_event(caller.author(), &change)?;
        shown(self.store().create_webhook(new, MOST, event).await?, Some(&secret), self.now())
    }

    fn check_webhook(&self, body: &CreateWebhook) -> Result<(), ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        if body.url.len() > URL_BYTES {
            faults.note::<()>(&root.name("url"), format!("it must have at most {URL_BYTES} bytes; it has {}", body.url.len()));
        } else if let Some(fault) = self.settings().webhooks_to.fault(&body.url) {
            faults.note::<()>(&root.name("url"), fault);
        }
        let place = root.name("events");
        if !(1..=MOST_EVENTS).contains(&body.events.len()) {
            faults.note::<()>(&place, format!("it must name 1 to {MOST_EVENTS} types of events; it names {}", body.events.len()));
        }
        for (index, event) in body.events.iter().enumerate().filter(|(_, event)| !is_pattern(event)) {
            let known = "`decision.denied`, `approval.requested`, `admin.passport_revoked`, `decision.*` or `*`";
            faults.note::<()>(&place.index(index), format!("{} is no type of event; it looks like {known}", quote(event)));
        }
        let place = root.name("filter");
        let WebhookFilter { agent_id, passport_id, reporter, action, resource } = body.filter.clone().unwrap_or_default();
        for (name, value) in
            [("agentId", agent_id), ("passportId", passport_id), ("reporter", reporter), ("action", action), ("resource", resource)]
        {
            check::optional_name(value.as_deref(), &place.name(name), &mut faults);
        }
        check::description(body.description.as_deref(), &root.name("description"), &mut faults);
        check::done(faults)
    }

    /// All webhooks. They are on one page.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn webhooks(&self) -> Result<Page<Webhook>, ServiceError> {
        let now = self.now();
        let items = self.store().webhooks().await?.into_iter().map(|webhook| shown(webhook, None, now)).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: None })
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn webhook(&self, id: &str) -> Result<Webhook, ServiceError> {
        shown(self.store().webhook(id).await?, None, self.now())
    }

    /// Gives a webhook another secret, which is given back here and never again. The one before signs beside it for a day.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn rotate_webhook_secret(&self, caller: &Caller, id: &str) -> Result<Webhook, ServiceError> {
        self.store().webhook(id).await?;
        let (seed, secret) = self.new_secret().await?;
        let old_until = self.now().saturating_add(OLD_SIGNS);
        let change = WebhookChange::Rotate { secret: seed, old_until };
        let changed = self.change_webhook(caller, id, change, "webhook_secret_rotated", None).await?;
        shown(changed, Some(&secret), self.now())
    }

    /// Has a webhook sent to again, from where it stopped: nothing of what happened meanwhile is left out.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn enable_webhook(&self, caller: &Caller, id: &str) -> Result<Webhook, ServiceError> {
        shown(self.change_webhook(caller, id, WebhookChange::Enable, "webhook_enabled", None).await?, None, self.now())
    }

    /// Has a webhook sent nothing from now on. What is under way ends.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Invalid`].
    pub async fn disable_webhook(&self, caller: &Caller, id: &str, body: DisableWebhook) -> Result<Webhook, ServiceError> {
        let mut faults = Faults::default();
        check::optional_name(body.reason.as_deref(), &Place::root("").name("reason"), &mut faults);
        check::done(faults)?;
        let why = body.reason.clone().unwrap_or_else(|| format!("by {}", caller.agent_id()));
        let change = WebhookChange::Disable { at: self.now(), why };
        shown(self.change_webhook(caller, id, change, "webhook_disabled", body.reason.as_deref()).await?, None, self.now())
    }

    async fn change_webhook(
        &self,
        caller: &Caller,
        id: &str,
        change: WebhookChange,
        kind: &'static str,
        reason: Option<&str>,
    ) -> Result<store::Webhook, ServiceError> {
        let told = json!({ "type": kind, "webhookId": id, "reason": reason });
        let event = self.admin_event(caller.author(), &told)?;
        Ok(self.store().change_webhook(id, change, event).await?)
    }

    /// Deletes a webhook, with all that waits for it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn delete_webhook(&self, caller: &Caller, id: &str) -> Result<DeletedWebhook, ServiceError> {
        let event = self.admin_event(caller.author(), &json!({ "type": "webhook_deleted", "webhookId": id }))?;
        self.store().delete_webhook(id, event).await?;
        Ok(DeletedWebhook { webhook_id: id.to_owned() })
    }

    /// Has what was given up, or everything since a sequence, sent again. Each message has the id that it had.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Invalid`].
    pub async fn replay_webhook(&self, caller: &Caller, id: &str, body: ReplayWebhook) -> Result<ReplayedWebhook, ServiceError> {
        let replay = match body.since {
            Some(since) if since < 1 => return Err(ServiceError::invalid("/since", "it must be at least 1: the first event of the log")),
            Some(since) => Replay::Since(since),
            None => Replay::Dead { now: self.now() },
        };
        let told = json!({ "type": "webhook_replayed", "webhookId": id, "since": body.since });
        let event = self.admin_event(caller.author(), &told)?;
        let replayed = self.store().replay_webhook(id, replay, event).await?;
        Ok(ReplayedWebhook { webhook_id: id.to_owned(), replayed })
    }

    /// Deliveries of a webhook that did not come about at once, the newest event first.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::InvalidQuery`].
    pub async fn webhook_deliveries(
        &self,
        id: &str,
        state: Option<String>,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<Page<Delivery>, ServiceError> {
        let state = state.map(|text| {
            DeliveryState::parse(&text).ok_or_else(|| ServiceError::InvalidQuery {
                name: "state",
                detail: format!("it is {}; it can be `pending`, `done` or `dead`", quote(&text)),
            })
        });
        let filter = DeliveryFilter {
            webhook_id: id.to_owned(),
            state: state.transpose()?,
            cursor: paging::number(cursor.as_deref())?,
            limit: paging::limit(limit)?,
        };
        let page = self.store().deliveries(filter).await?;
        let items = page.items.into_iter().map(|delivery| Delivery {
            message_id: delivery.message_id,
            sequence: delivery.sequence,
            state: delivery.state.as_str().to_owned(),
            attempts: delivery.attempts,
            tried_at: check::shown(delivery.tried_at),
            next_at: (delivery.state == DeliveryState::Pending).then(|| check::shown(delivery.next_at)),
            last_error: delivery.last_error,
        });
        Ok(Page { items: items.collect(), next_cursor: page.next.map(|cursor| cursor.to_string()) })
    }
}

/// Host and port of a URL.
fn host(url: &str) -> Option<String> {
    url.parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string))
}

/// What a webhook is for.
fn subscription(webhook: &store::Webhook) -> Result<Subscription, ServiceError> {
    let damaged = |error| ServiceError::internal("read a webhook", error);
    Ok(Subscription {
        webhook_id: webhook.made.webhook_id.clone(),
        events: serde_json::from_str(&webhook.made.events).map_err(damaged)?,
        filter: serde_json::from_str(&webhook.made.filter).map_err(damaged)?,
    })
}

fn shown(webhook: store::Webhook, secret: Option<&Secret>, now: i64) -> Result<Webhook, ServiceError> {
    let Subscription { webhook_id, events, filter } = subscription(&webhook)?;
    let (since, why) = webhook.disabled.unzip();
    Ok(Webhook {
        webhook_id,
        events,
        filter,
        url: webhook.made.url,
        description: webhook.made.description,
        secret: secret.map(Secret::reveal),
        old_secret_until: webhook.old.map(|(_, until)| until).filter(|until| *until > now).map(check::shown),
        sequence: webhook.cursor,
        created_at: check::shown(webhook.made.created_at),
        created_by: webhook.made.created_by,
        disabled_at: since.map(check::shown),
        disabled_because: why,
    })
}

#[cfg(test)]
mod tests;
