//! What a store does: each act of [`Store`] is one statement of this folder, in a transaction of the writer's or of the
//! reader's. The three that are a database's own (`probe`, `end`, `told`) stand beside its type, [`Own`].

use async_trait::async_trait;
use passport_shared::log::merkle::Hash;
use tokio::sync::watch;

use super::{
    Own, agents, approvals, audit, console, deliveries, hiding, key_uses, keys, lineages, passports, revocations, templates, trust,
    webhooks,
};
use crate::store::{
    AdminEvent, Agent, AgentFilter, AppendOutcome, Approval, ApprovalFilter, AuditEvent, AuditFilter, Batch, ConsoleKey, Count,
    CountFilter, DeletedTemplate, Delivery, DeliveryCounts, DeliveryFilter, Difference, DifferenceFilter, Disabled, Dropped, EventOf,
    Finding, FindingFilter, Key, KeyUse, LiveFilter, LogHead, LogHold, LogState, Maker, MatchedPassports, NewAgent, NewApproval, NewKey,
    NewPassport, NewTemplate, NewWebhook, Page, Passport, PassportFilter, Redecided, Replay, Reporter, ReporterChain, RevokeKey,
    RevokedPassport, RevokedPassports, RotateKeys, SecretSeed, Sent, SignedCheckpoint, StatusList, Store, StoreError, Template,
    TrustSnapshot, Vote, Webhook, WebhookChange, WentWithKey,
};

#[async_trait]
impl Store for Own {
    async fn ping(&self) -> Result<(), StoreError> {
        self.probe().await
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.end().await
    }

    async fn bind_issuer(&self, issuer: &str) -> Result<(), StoreError> {
        let issuer = issuer.to_owned();
        self.writer.write(move |conn| Box::pin(async move { trust::bind_issuer(conn, &issuer).await })).await
    }

    async fn bound_issuer(&self) -> Result<Option<String>, StoreError> {
        self.reader.read(|conn| Box::pin(trust::bound_issuer(conn))).await
    }

    async fn trust_sequence(&self) -> Result<i64, StoreError> {
        self.reader.read(|conn| Box::pin(trust::sequence(conn))).await
    }

    fn changes(&self) -> Option<watch::Receiver<i64>> {
        self.told()
    }

    fn written(&self) -> watch::Receiver<()> {
        self.writer.written()
    }

    async fn trust_snapshot(&self) -> Result<TrustSnapshot, StoreError> {
        self.reader.read(|conn| Box::pin(trust::snapshot(conn))).await
    }

    async fn create_agent(&self, agent: NewAgent, event: AdminEvent) -> Result<Agent, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(agents::create(conn, agent))).await
    }

    async fn agent(&self, agent_id: &str) -> Result<Agent, StoreError> {
        let agent_id = agent_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { agents::get(conn, &agent_id).await })).await
    }

    async fn agents(&self, filter: AgentFilter) -> Result<Page<Agent, String>, StoreError> {
        self.reader.read(move |conn| Box::pin(agents::list(conn, filter))).await
    }

    async fn disable_agent(&self, agent_id: &str, reason: &str, now: i64, event: AdminEvent) -> Result<Disabled, StoreError> {
        let (agent_id, reason) = (agent_id.to_owned(), reason.to_owned());
        self.writer.admin(event, move |conn| Box::pin(async move { agents::disable(conn, &agent_id, &reason, now).await })).await
    }

    async fn enable_agent(&self, agent_id: &str, event: AdminEvent) -> Result<bool, StoreError> {
        let agent_id = agent_id.to_owned();
        self.writer.admin(event, move |conn| Box::pin(async move { agents::enable(conn, &agent_id).await })).await
    }

    async fn insert_passport(&self, passport: NewPassport, event: AdminEvent) -> Result<(), StoreError> {
        self.writer.admin(event, move |conn| Box::pin(passports::insert(conn, passport))).await
    }

    async fn passport(&self, passport_id: &str) -> Result<Passport, StoreError> {
        let passport_id = passport_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { passports::get(conn, &passport_id).await })).await
    }

    async fn passports(&self, filter: PassportFilter) -> Result<Page<Passport, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(passports::list(conn, filter))).await
    }

    async fn revoke_passport(
        &self,
        passport_id: &str,
        reason: Option<&str>,
        now: i64,
        maker: Option<Maker>,
        event: EventOf<MatchedPassports>,
    ) -> Result<RevokedPassport, StoreError> {
        let (passport_id, reason) = (passport_id.to_owned(), reason.map(str::to_owned));
        let tell = move |done: &RevokedPassport| event(&done.matched);
        self.writer
            .admin_of(maker, Box::new(tell), move |conn| {
                Box::pin(async move { lineages::revoke(conn, &passport_id, reason.as_deref(), now).await })
            })
            .await
    }

    async fn find_passports(&self, filter: LiveFilter) -> Result<MatchedPassports, StoreError> {
        self.reader.read(move |conn| Box::pin(async move { revocations::find(conn, &filter).await })).await
    }

    async fn revoke_passports(
        &self,
        filter: LiveFilter,
        reason: &str,
        maker: Option<Maker>,
        event: EventOf<MatchedPassports>,
    ) -> Result<RevokedPassports, StoreError> {
        let reason = reason.to_owned();
        let tell = move |done: &RevokedPassports| event(&done.matched);
        self.writer
            .admin_of(maker, Box::new(tell), move |conn| Box::pin(async move { revocations::revoke(conn, &filter, &reason).await }))
            .await
    }

    async fn save_template(&self, template: NewTemplate, maker: Option<Maker>, event: EventOf<Template>) -> Result<Template, StoreError> {
        self.writer.admin_of(maker, event, move |conn| Box::pin(templates::save(conn, template))).await
    }

    async fn template(&self, name: &str) -> Result<Template, StoreError> {
        let name = name.to_owned();
        self.reader.read(move |conn| Box::pin(async move { templates::get(conn, &name).await })).await
    }

    async fn template_revision(&self, name: &str, revision: i64) -> Result<Template, StoreError> {
        let name = name.to_owned();
        self.reader.read(move |conn| Box::pin(async move { templates::revision(conn, &name, revision).await })).await
    }

    async fn templates(&self, after: Option<&str>, limit: u32) -> Result<Page<Template, String>, StoreError> {
        let after = after.map(str::to_owned);
        self.reader.read(move |conn| Box::pin(templates::list(conn, after, limit))).await
    }

    async fn delete_template(
        &self,
        name: &str,
        now: i64,
        maker: Option<Maker>,
        event: EventOf<DeletedTemplate>,
    ) -> Result<DeletedTemplate, StoreError> {
        let name = name.to_owned();
        self.writer.admin_of(maker, event, move |conn| Box::pin(async move { templates::delete(conn, &name, now).await })).await
    }

    async fn status_lists(&self) -> Result<Vec<StatusList>, StoreError> {
        self.reader.read(|conn| Box::pin(trust::lists(conn))).await
    }

    async fn create_status_list(&self, list: i64, size: i64) -> Result<i64, StoreError> {
        self.writer.write(move |conn| Box::pin(trust::create_list(conn, list, size))).await
    }

    async fn revoked_indexes(&self, list: i64) -> Result<Vec<i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(trust::revoked_indexes(conn, list))).await
    }

    async fn keys(&self) -> Result<Vec<Key>, StoreError> {
        self.reader.read(|conn| Box::pin(keys::list(conn))).await
    }

    async fn insert_first_keys(&self, active: NewKey, next: NewKey, event: AdminEvent) -> Result<i64, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(keys::insert_first(conn, active, next))).await
    }

    async fn rotate_keys(&self, rotation: RotateKeys, event: AdminEvent) -> Result<i64, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(keys::rotate(conn, rotation))).await
    }

    async fn revoke_key(&self, plan: RevokeKey, event: AdminEvent) -> Result<i64, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(keys::revoke(conn, plan))).await
    }

    async fn passports_of_key(&self, key_id: &str, now: i64, after: Option<i64>, limit: u32) -> Result<Page<WentWithKey, i64>, StoreError> {
        let key_id = key_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { key_uses::passports(conn, &key_id, now, after, limit).await })).await
    }

    async fn key_uses(&self, now: i64) -> Result<Vec<KeyUse>, StoreError> {
        self.reader.read(move |conn| Box::pin(key_uses::counts(conn, now))).await
    }

    async fn latest_expiry(&self, key_id: &str) -> Result<Option<i64>, StoreError> {
        let key_id = key_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { keys::latest_expiry(conn, &key_id).await })).await
    }

    async fn ask_approval(&self, approval: NewApproval, most: u32, event: AdminEvent) -> Result<Approval, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(approvals::ask(conn, approval, most))).await
    }

    async fn approval(&self, approval_id: &str, now: i64) -> Result<Approval, StoreError> {
        let approval_id = approval_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { approvals::get(conn, &approval_id, now).await })).await
    }

    async fn approvals(&self, filter: ApprovalFilter) -> Result<Page<Approval, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(approvals::list(conn, filter))).await
    }

    async fn decide_approval(&self, vote: Vote, event: AdminEvent) -> Result<Approval, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(approvals::decide(conn, vote))).await
    }

    async fn append_events(&self, batch: Batch) -> Result<AppendOutcome, StoreError> {
        self.intake.append(batch).await
    }

    async fn drop_bodies(&self, before: i64, event: EventOf<Dropped>) -> Result<Dropped, StoreError> {
        self.writer.admin_of(None, event, move |conn| Box::pin(audit::drop_bodies(conn, before))).await
    }

    async fn log_from(&self, after: i64, limit: u32) -> Result<Page<AuditEvent, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(audit::log_from(conn, after, limit))).await
    }

    async fn events_of_request(&self, request_id: &str) -> Result<Vec<AuditEvent>, StoreError> {
        let request_id = request_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { audit::of_request(conn, &request_id).await })).await
    }

    async fn log_head(&self) -> Result<LogHead, StoreError> {
        self.reader.read(|conn| Box::pin(audit::log_head(conn))).await
    }

    async fn tiles(&self, wanted: Vec<(i64, i64)>) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.reader.read(move |conn| Box::pin(async move { audit::tiles(conn, &wanted).await })).await
    }

    async fn log_state(&self) -> Result<LogState, StoreError> {
        self.reader.read(|conn| Box::pin(audit::log_state(conn))).await
    }

    async fn keep_log_key(&self, verifier_key: &str, now: i64, event: AdminEvent) -> Result<String, StoreError> {
        let key = verifier_key.to_owned();
        self.writer.admin(event, move |conn| Box::pin(async move { audit::keep_key(conn, &key, now).await })).await
    }

    async fn keep_checkpoint(&self, checkpoint: SignedCheckpoint, root: Hash) -> Result<SignedCheckpoint, StoreError> {
        self.writer.write(move |conn| Box::pin(async move { audit::keep(conn, &checkpoint, &root).await })).await
    }

    async fn checkpoints(&self, after: i64, limit: u32) -> Result<Page<SignedCheckpoint, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(audit::checkpoints(conn, after, limit))).await
    }

    async fn hold_log(&self, hold: LogHold, event: AdminEvent) -> Result<bool, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(async move { audit::hold(conn, &hold).await })).await
    }

    async fn resume_log(&self, event: AdminEvent) -> Result<bool, StoreError> {
        self.writer.admin(event, |conn| Box::pin(audit::resume(conn))).await
    }

    async fn counts(&self, filter: CountFilter) -> Result<Vec<Count>, StoreError> {
        self.reader.read(move |conn| Box::pin(async move { audit::counts(conn, &filter).await })).await
    }

    async fn findings(&self, filter: FindingFilter) -> Result<Page<Finding, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(async move { audit::findings(conn, &filter).await })).await
    }

    async fn reporters(&self, after: Option<&str>, limit: u32) -> Result<Page<Reporter, String>, StoreError> {
        let after = after.map(str::to_owned);
        self.reader.read(move |conn| Box::pin(async move { audit::reporters(conn, after.as_deref(), limit).await })).await
    }

    async fn chains(&self, reporter: &str, limit: u32) -> Result<Vec<ReporterChain>, StoreError> {
        let reporter = reporter.to_owned();
        self.reader.read(move |conn| Box::pin(async move { audit::chains(conn, &reporter, limit).await })).await
    }

    async fn create_webhook(&self, webhook: NewWebhook, most: u32, event: AdminEvent) -> Result<Webhook, StoreError> {
        self.writer.admin(event, move |conn| Box::pin(webhooks::create(conn, webhook, most))).await
    }

    async fn webhook(&self, webhook_id: &str) -> Result<Webhook, StoreError> {
        let webhook_id = webhook_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { webhooks::get(conn, &webhook_id).await })).await
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        self.reader.read(|conn| Box::pin(webhooks::list(conn))).await
    }

    async fn change_webhook(&self, webhook_id: &str, change: WebhookChange, event: AdminEvent) -> Result<Webhook, StoreError> {
        let webhook_id = webhook_id.to_owned();
        self.writer.admin(event, move |conn| Box::pin(async move { webhooks::change(conn, &webhook_id, change).await })).await
    }

    async fn delete_webhook(&self, webhook_id: &str, event: AdminEvent) -> Result<(), StoreError> {
        let webhook_id = webhook_id.to_owned();
        self.writer.admin(event, move |conn| Box::pin(async move { webhooks::delete(conn, &webhook_id).await })).await
    }

    async fn replay_webhook(&self, webhook_id: &str, replay: Replay, event: AdminEvent) -> Result<i64, StoreError> {
        let webhook_id = webhook_id.to_owned();
        self.writer.admin(event, move |conn| Box::pin(async move { webhooks::replay(conn, &webhook_id, replay).await })).await
    }

    async fn webhook_key(&self) -> Result<Option<String>, StoreError> {
        self.reader.read(|conn| Box::pin(webhooks::key(conn))).await
    }

    async fn keep_webhook_key(&self, key_id: &str) -> Result<String, StoreError> {
        let key_id = key_id.to_owned();
        self.writer.write(move |conn| Box::pin(async move { webhooks::keep_key(conn, &key_id).await })).await
    }

    async fn hiding_seed(&self) -> Result<Option<SecretSeed>, StoreError> {
        self.reader.read(|conn| Box::pin(hiding::seed(conn))).await
    }

    async fn keep_hiding_seed(&self, seed: SecretSeed) -> Result<SecretSeed, StoreError> {
        self.writer.write(move |conn| Box::pin(async move { hiding::keep(conn, seed.clone()).await })).await
    }

    async fn lead_webhooks(&self, holder: &str, now: i64, until: i64) -> Result<bool, StoreError> {
        let holder = holder.to_owned();
        self.writer.write(move |conn| Box::pin(async move { webhooks::lead(conn, &holder, now, until).await })).await
    }

    async fn record_sent(&self, sent: Sent, event: EventOf<i64>) -> Result<i64, StoreError> {
        self.writer.admin_of(None, event, move |conn| Box::pin(deliveries::record(conn, sent))).await
    }

    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Page<Delivery, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(deliveries::list(conn, filter))).await
    }

    async fn due_deliveries(&self, webhook_id: &str, now: i64, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let webhook_id = webhook_id.to_owned();
        self.reader.read(move |conn| Box::pin(async move { deliveries::due(conn, &webhook_id, now, limit).await })).await
    }

    async fn due_webhooks(&self, now: i64) -> Result<Vec<String>, StoreError> {
        self.reader.read(move |conn| Box::pin(deliveries::due_webhooks(conn, now))).await
    }

    async fn delivery_counts(&self) -> Result<DeliveryCounts, StoreError> {
        self.reader.read(|conn| Box::pin(deliveries::counts(conn))).await
    }

    async fn console_session(&self, hash: &str) -> Result<Option<ConsoleKey>, StoreError> {
        let hash = hash.to_owned();
        self.reader.read(move |conn| Box::pin(async move { console::session(conn, &hash).await })).await
    }

    async fn console_link(&self, hash: &str) -> Result<Option<ConsoleKey>, StoreError> {
        let hash = hash.to_owned();
        self.reader.read(move |conn| Box::pin(async move { console::link(conn, &hash).await })).await
    }

    async fn make_console_link(&self, link: ConsoleKey, event: AdminEvent) -> Result<(), StoreError> {
        self.writer.admin(event, move |conn| Box::pin(console::make_link(conn, link))).await
    }

    async fn open_console_session(&self, session: ConsoleKey, by_link: Option<String>, event: AdminEvent) -> Result<(), StoreError> {
        self.writer.admin(event, move |conn| Box::pin(console::open(conn, session, by_link))).await
    }

    async fn close_console_session(&self, hash: &str, event: AdminEvent) -> Result<bool, StoreError> {
        let hash = hash.to_owned();
        self.writer.admin(event, move |conn| Box::pin(async move { console::close(conn, &hash).await })).await
    }

    async fn take_redecide(&self, holder: &str, now: i64, until: i64) -> Result<Option<i64>, StoreError> {
        let holder = holder.to_owned();
        self.writer.write(move |conn| Box::pin(async move { audit::redecided::take(conn, &holder, now, until).await })).await
    }

    async fn keep_redecided(&self, done: Redecided) -> Result<(), StoreError> {
        self.writer.write(move |conn| Box::pin(async move { audit::redecided::keep(conn, &done).await })).await
    }

    async fn differences(&self, filter: DifferenceFilter) -> Result<Page<Difference, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(async move { audit::redecided::differences(conn, &filter).await })).await
    }

    async fn events(&self, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, StoreError> {
        self.reader.read(move |conn| Box::pin(audit::list(conn, filter))).await
    }
}
