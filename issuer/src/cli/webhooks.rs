//! `passport webhooks`: who is told of what happens.

use clap::{Args, Subcommand};
use passport_shared::api::Page;
use passport_shared::api::webhooks::{
    CreateWebhook, DeletedWebhook, Delivery, DisableWebhook, ReplayWebhook, ReplayedWebhook, Webhook, WebhookFilter,
};
use passport_shared::text::escape;
use serde_json::json;

use super::client::{Answer, Remote, escaped};
use super::error::{DONE, Ended};
use super::output::{facts, table};
use super::words::{listed, relative_text, whole};
use super::{Session, page};

/// Create, list, change and replay webhooks
#[derive(Debug, Subcommand)]
pub(crate) enum Webhooks {
    Create(Create),
    /// List webhooks
    List(All),
    /// Show one webhook
    Show(One),
    /// Delete a webhook, with all that waits for it
    Delete(One),
    /// Give a webhook another secret; the one before signs beside it for a day
    RotateSecret(One),
    /// Enable a webhook; it goes on where it stopped
    Enable(One),
    Disable(Disable),
    Deliveries(Deliveries),
    Replay(Replay),
}

/// Create a webhook; its secret is shown here and never again
#[derive(Debug, Args)]
#[command(after_help = "\
Types of events: decision.allowed, decision.denied, decision.approval_required,
decision.gap, approval.requested, approval.decided, admin.passport_revoked and
the other changes that the audit log tells of; decision.*, approval.*, admin.*")]
pub(crate) struct Create {
    /// Where it goes, as in https://alerts.example/passport
    #[arg(value_name = "URL")]
    to: String,
    /// A type of events that it is for; give it once for each
    #[arg(long = "event", value_name = "TYPE", required = true)]
    events: Vec<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Of this agent alone
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// On this passport alone
    #[arg(long, value_name = "ID")]
    passport: Option<String>,
    /// Reported by this verifier alone
    #[arg(long, value_name = "ID")]
    reporter: Option<String>,
    /// Of this action alone
    #[arg(long)]
    action: Option<String>,
    /// On this resource alone
    #[arg(long)]
    resource: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct All {
    #[command(flatten)]
    remote: Remote,
}

#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its id
    id: String,
    #[command(flatten)]
    remote: Remote,
}

/// Disable a webhook: nothing more is sent
#[derive(Debug, Args)]
pub(crate) struct Disable {
    /// Its id
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    remote: Remote,
}

/// List deliveries that did not come about at once
#[derive(Debug, Args)]
pub(crate) struct Deliveries {
    /// The webhook's id
    id: String,
    /// In this state: pending, done or dead
    #[arg(long)]
    state: Option<String>,
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

/// Send again what was given up, or everything since an event
///
/// Each message has the id that it had, so that a receiver can tell what it has already.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The webhook's id
    id: String,
    /// Everything from this sequence of the log on [default: what was given up]
    #[arg(long, value_name = "SEQUENCE")]
    since: Option<i64>,
    #[command(flatten)]
    remote: Remote,
}

impl Webhooks {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::Create(create) => create.run(session),
            Self::List(all) => list(&all.remote.client(session)?.get("/v1/webhooks", &[])?, session),
            Self::Show(one) => tell(&one.remote.client(session)?.get(&path(&one.id, ""), &[])?, session),
            Self::Delete(one) => deleted(&one.remote.client(session)?.delete(&path(&one.id, ""))?, session),
            Self::RotateSecret(one) => one.post("/rotate-secret", session),
            Self::Enable(one) => one.post("/enable", session),
            Self::Disable(disable) => {
                let body = DisableWebhook { reason: disable.reason.clone() };
                tell(&disable.remote.client(session)?.post(&path(&disable.id, "/disable"), &body)?, session)
            }
            Self::Deliveries(deliveries) => deliveries.run(session),
            Self::Replay(replay) => replay.run(session),
        }
    }
}

fn path(id: &str, act: &str) -> String {
    format!("/v1/webhooks/{}{act}", escaped(id))
}

impl One {
    fn post(&self, act: &str, session: &Session) -> Ended {
        tell(&self.remote.client(session)?.post(&path(&self.id, act), &json!({}))?, session)
    }
}

impl Create {
    fn run(&self, session: &Session) -> Ended {
        let filter = WebhookFilter {
            agent_id: self.agent.clone(),
            passport_id: self.passport.clone(),
            reporter: self.reporter.clone(),
            action: self.action.clone(),
            resource: self.resource.clone(),
        };
        let body = CreateWebhook {
            url: self.to.clone(),
            events: self.events.clone(),
            filter: (filter != WebhookFilter::default()).then_some(filter),
            description: self.description.clone(),
        };
        tell(&self.remote.client(session)?.post("/v1/webhooks", &body)?, session)
    }
}

impl Deliveries {
    fn run(&self, session: &Session) -> Ended {
        let [limit, cursor] = self.page.query();
        let answer = self.remote.client(session)?.get(&path(&self.id, "/deliveries"), &[("state", self.state.clone()), limit, cursor])?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let deliveries: Page<Delivery> = answer.read_json()?;
        let now = session.clock.now();
        let rows = deliveries.items.iter().map(|delivery| {
            vec![
                delivery.sequence.to_string(),
                escape(&delivery.state),
                delivery.attempts.to_string(),
                relative_text(&delivery.tried_at, now),
                delivery.next_at.as_deref().map(|at| relative_text(at, now)).unwrap_or_default(),
                delivery.last_error.as_deref().map(whole).unwrap_or_default(),
            ]
        });
        let table = table(&["EVENT", "STATE", "ATTEMPTS", "TRIED", "NEXT", "BECAUSE"], rows);
        page::show(&table, deliveries.items.len(), deliveries.next_cursor.as_deref(), session)
    }
}

impl Replay {
    fn run(&self, session: &Session) -> Ended {
        let body = ReplayWebhook { since: self.since };
        let answer = self.remote.client(session)?.post(&path(&self.id, "/replay"), &body)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let replayed: ReplayedWebhook = answer.read_json()?;
        let what = if self.since.is_some() { "events" } else { "dead letters" };
        session.out.text(&facts(&[("webhook", escape(&replayed.webhook_id)), (what, replayed.replayed.to_string())]))?;
        Ok(DONE)
    }
}

fn list(answer: &Answer, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    let webhooks: Page<Webhook> = answer.read_json()?;
    let rows = webhooks.items.iter().map(|webhook| {
        let state = if webhook.disabled_at.is_some() { "disabled" } else { "enabled" };
        vec![escape(&webhook.webhook_id), escape(&webhook.url), listed(&webhook.events), state.to_owned()]
    });
    let table = table(&["WEBHOOK", "URL", "EVENTS", "STATE"], rows);
    page::show(&table, webhooks.items.len(), webhooks.next_cursor.as_deref(), session)
}

fn deleted(answer: &Answer, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    let deleted: DeletedWebhook = answer.read_json()?;
    session.out.text(&facts(&[("webhook", escape(&deleted.webhook_id)), ("state", "deleted".to_owned())]))?;
    Ok(DONE)
}

fn tell(answer: &Answer, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(answer.body().as_bytes())?;
        return Ok(DONE);
    }
    let webhook: Webhook = answer.read_json()?;
    let mut rows = vec![("webhook", escape(&webhook.webhook_id)), ("url", escape(&webhook.url)), ("events", listed(&webhook.events))];
    let WebhookFilter { agent_id, passport_id, reporter, action, resource } = &webhook.filter;
    let filter = [("agent", agent_id), ("passport", passport_id), ("reporter", reporter), ("action", action), ("resource", resource)];
    rows.extend(filter.into_iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, escape(value)))));
    rows.extend(webhook.description.as_ref().map(|text| ("for", escape(text))));
    rows.push(("looked at", format!("events up to {}", webhook.sequence)));
    rows.extend(webhook.disabled_at.as_ref().map(|at| ("disabled", escape(at))));
    rows.extend(webhook.disabled_because.as_ref().map(|why| ("because", escape(why))));
    rows.extend(webhook.old_secret_until.as_ref().map(|until| ("old secret", format!("signs too until {}", escape(until)))));
    rows.extend(webhook.secret.as_ref().map(|secret| ("secret", escape(secret))));
    session.out.text(&facts(&rows))?;
    if webhook.secret.is_some() {
        session.out.say("\nthe secret is shown this once: give it to the receiver, which checks `webhook-signature` with it");
    }
    Ok(DONE)
}
