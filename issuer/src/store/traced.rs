//! A store whose acts are spans. A span's name is the act's, and no value is in it.

use std::sync::Arc;

use async_trait::async_trait;
use passport_shared::log::merkle::Hash;
use tokio::sync::watch;

use super::ConsoleKey;
use super::{
    AdminEvent, Agent, AgentFilter, AppendOutcome, Approval, ApprovalFilter, AuditEvent, AuditFilter, Batch, Count, CountFilter,
    DeletedTemplate, Disabled, Dropped, EventOf, Finding, FindingFilter, Key, KeyUse, LiveFilter, LogHead, LogHold, LogState, Maker,
    MatchedPassports, NewAgent, NewApproval, NewKey, NewPassport, NewTemplate, Page, Passport, PassportFilter, Reporter, ReporterChain,
    RevokeKey, RevokedPassport, RevokedPassports, RotateKeys, SecretSeed, SignedCheckpoint, StatusList, Store, StoreError, Template,
    TrustSnapshot, Vote, WentWithKey,
};
use super::{Delivery, DeliveryCounts, DeliveryFilter, NewWebhook, Replay, Sent, Webhook, WebhookChange};
use super::{Difference, DifferenceFilter, Redecided};
use crate::traces;

/// Another store, with a span for each act that a traced request waits for.
#[derive(Debug)]
pub struct TracedStore(Arc<dyn Store>);

impl TracedStore {
    /// `store`, traced.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self(store)
    }
}

/// Whether the store itself is at fault. That something is not there, or does not fit, is an answer.
fn failed(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_) | StoreError::Corrupt { .. } | StoreError::Poisoned | StoreError::Closed)
}

macro_rules! acts {
    ($($act:ident($($name:ident: $kind:ty),*) -> $gives:ty;)*) => {
        #[async_trait]
        impl Store for TracedStore {
            $(async fn $act(&self $(, $name: $kind)*) -> Result<$gives, StoreError> {
                let work = self.0.$act($($name),*);
                traces::child(concat!("store.", stringify!($act)), work, |done, _| done.as_ref().is_err_and(failed)).await
            })*

            fn changes(&self) -> Option<watch::Receiver<i64>> {
                self.0.changes()
            }

            fn written(&self) -> watch::Receiver<()> {
                self.0.written()
            }
        }
    };
}

acts! {
    ping() -> ();
    close() -> ();
    bind_issuer(issuer: &str) -> ();
    bound_issuer() -> Option<String>;
    trust_sequence() -> i64;
    trust_snapshot() -> TrustSnapshot;
    create_agent(agent: NewAgent, event: AdminEvent) -> Agent;
    agent(agent_id: &str) -> Agent;
    agents(filter: AgentFilter) -> Page<Agent, String>;
    disable_agent(agent_id: &str, reason: &str, now: i64, event: AdminEvent) -> Disabled;
    enable_agent(agent_id: &str, event: AdminEvent) -> bool;
    insert_passport(passport: NewPassport, event: AdminEvent) -> ();
    passport(passport_id: &str) -> Passport;
    passports(filter: PassportFilter) -> Page<Passport, i64>;
    revoke_passport(passport_id: &str, reason: Option<&str>, now: i64, maker: Option<Maker>, event: EventOf<MatchedPassports>) -> RevokedPassport;
    find_passports(filter: LiveFilter) -> MatchedPassports;
    revoke_passports(filter: LiveFilter, reason: &str, maker: Option<Maker>, event: EventOf<MatchedPassports>) -> RevokedPassports;
    save_template(template: NewTemplate, maker: Option<Maker>, event: EventOf<Template>) -> Template;
    template(name: &str) -> Template;
    template_revision(name: &str, revision: i64) -> Template;
    templates(after: Option<&str>, limit: u32) -> Page<Template, String>;
    delete_template(name: &str, now: i64, maker: Option<Maker>, event: EventOf<DeletedTemplate>) -> DeletedTemplate;
    status_lists() -> Vec<StatusList>;
    create_status_list(list: i64, size: i64) -> i64;
    revoked_indexes(list: i64) -> Vec<i64>;
    keys() -> Vec<Key>;
    insert_first_keys(active: NewKey, next: NewKey, event: AdminEvent) -> i64;
    rotate_keys(rotation: RotateKeys, event: AdminEvent) -> i64;
    revoke_key(plan: RevokeKey, event: AdminEvent) -> i64;
    passports_of_key(key_id: &str, now: i64, after: Option<i64>, limit: u32) -> Page<WentWithKey, i64>;
    key_uses(now: i64) -> Vec<KeyUse>;
    latest_expiry(key_id: &str) -> Option<i64>;
    ask_approval(approval: NewApproval, most: u32, event: AdminEvent) -> Approval;
    approval(approval_id: &str, now: i64) -> Approval;
    approvals(filter: ApprovalFilter) -> Page<Approval, i64>;
    decide_approval(vote: Vote, event: AdminEvent) -> Approval;
    append_events(batch: Batch) -> AppendOutcome;
    log_from(after: i64, limit: u32) -> Page<AuditEvent, i64>;
    events_of_request(request_id: &str) -> Vec<AuditEvent>;
    log_head() -> LogHead;
    tiles(wanted: Vec<(i64, i64)>) -> Vec<Option<Vec<u8>>>;
    log_state() -> LogState;
    keep_log_key(verifier_key: &str, now: i64, event: AdminEvent) -> String;
    keep_checkpoint(checkpoint: SignedCheckpoint, root: Hash) -> SignedCheckpoint;
    checkpoints(after: i64, limit: u32) -> Page<SignedCheckpoint, i64>;
    hold_log(hold: LogHold, event: AdminEvent) -> bool;
    resume_log(event: AdminEvent) -> bool;
    counts(filter: CountFilter) -> Vec<Count>;
    findings(filter: FindingFilter) -> Page<Finding, i64>;
    drop_bodies(before: i64, event: EventOf<Dropped>) -> Dropped;
    reporters(after: Option<&str>, limit: u32) -> Page<Reporter, String>;
    chains(reporter: &str, limit: u32) -> Vec<ReporterChain>;
    create_webhook(webhook: NewWebhook, most: u32, event: AdminEvent) -> Webhook;
    webhook(webhook_id: &str) -> Webhook;
    webhooks() -> Vec<Webhook>;
    change_webhook(webhook_id: &str, change: WebhookChange, event: AdminEvent) -> Webhook;
    delete_webhook(webhook_id: &str, event: AdminEvent) -> ();
    replay_webhook(webhook_id: &str, replay: Replay, event: AdminEvent) -> i64;
    console_session(hash: &str) -> Option<ConsoleKey>;
    console_link(hash: &str) -> Option<ConsoleKey>;
    make_console_link(link: ConsoleKey, event: AdminEvent) -> ();
    open_console_session(session: ConsoleKey, by_link: Option<String>, event: AdminEvent) -> ();
    close_console_session(hash: &str, event: AdminEvent) -> bool;
    webhook_key() -> Option<String>;
    keep_webhook_key(key_id: &str) -> String;
    hiding_seed() -> Option<SecretSeed>;
    keep_hiding_seed(seed: SecretSeed) -> SecretSeed;
    lead_webhooks(holder: &str, now: i64, until: i64) -> bool;
    record_sent(sent: Sent, event: EventOf<i64>) -> i64;
    deliveries(filter: DeliveryFilter) -> Page<Delivery, i64>;
    due_deliveries(webhook_id: &str, now: i64, limit: u32) -> Vec<Delivery>;
    due_webhooks(now: i64) -> Vec<String>;
    delivery_counts() -> DeliveryCounts;
    take_redecide(holder: &str, now: i64, until: i64) -> Option<i64>;
    keep_redecided(done: Redecided) -> ();
    differences(filter: DifferenceFilter) -> Page<Difference, i64>;
    events(filter: AuditFilter) -> Page<AuditEvent, i64>;
}
