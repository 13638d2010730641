//! What the issuer remembers: agents, passports, keys, status lists and the audit log.
//!
//! The service holds an `Arc<dyn Store>` and knows no database. Three rules are built into the trait:
//!
//! - **A change by an admin and its audit event are one transaction.** Every such method takes an [`AdminEvent`], and
//!   there is no other way to write one. A change that turns out to be none (an agent that is disabled already)
//!   writes nothing, its event included.
//! - **Who makes a change is looked at again in that transaction** (see [`Maker`]): one whose passport was revoked or has
//!   expired since the gate let it through makes none. The issuer's own acts name no passport and are not looked at.
//! - **`Ok` means on disk.** After an I/O error on the write handle nothing more is acknowledged on it:
//!   [`StoreError::Poisoned`] until the service is started again.
//!
//! A store reads no clock and draws no random numbers: times (integer seconds since 1970-01-01 UTC), ids and status
//! indexes come as arguments. A write that has begun is finished even if its caller goes away.
//!
//! # How to add a store
//!
//! 1. Add `store/<name>.rs` with a type that implements [`Store`], and `migrations/<name>/`. Take in the files of
//!    `store/statements/` by their path, as `sqlite.rs` and `postgres.rs` do: they are one text for all, in the types that
//!    `driver.rs` beside them names (`Db`, `DbConnection`, `DbRow`), with `$1` parameters, `CAST` where a type has to be
//!    said, and times and booleans as integers. What differs is a constant there (`APPROVED_BY`). What is a database's own
//!    is in its `open.rs`, `writer.rs` and `driver.rs`, and three methods beside the type, which it names `Own`: `probe`, `end`
//!    and `told`. The trait itself is implemented once, in `statements/acts.rs`, and what an admin's act takes in
//!    `statements/acting.rs`.
//! 2. Keep each documented error: the service tells [`StoreError::StatusIndexTaken`] and
//!    [`StoreError::KeyNotActive`] (draw again, sign again) from [`StoreError::Conflict`] (tell the caller).
//! 3. Where SQLite has one writer, take locks: a passport is inserted only while its agent is enabled *and* its key is
//!    active (lock both rows), and keys change by compare and swap.
//! 4. Look at the maker before the change, in its transaction, as `store/statements/makers.rs` does, with a lock on the rows
//!    that it reads.
//! 5. Implement `Backend` in `store/contract_tests.rs` for it and run `contract_suite!`. A store that passes is done;
//!    what it promises beyond that gets tests of its own beside it.

mod attributes;
pub mod check;
mod error;
mod paging;
mod postgres;
mod records;
pub mod sqlite;
mod traced;
mod transfer;

#[cfg(test)]
mod contract_tests;

use async_trait::async_trait;
use passport_shared::log::merkle::Hash;
use tokio::sync::watch;

pub use error::{OpenError, StoreError};
pub use postgres::{Durability, PostgresOptions, PostgresStore, PostgresVault, check_log as check_postgres_log};
pub use records::ConsoleKey;
pub use records::{
    AdminEvent, Agent, AgentFilter, Alarm, AppendOutcome, Approval, ApprovalFilter, ApprovalState, AuditEvent, AuditFilter, Batch, Count,
    CountFilter, Disabled, Dropped, EventKind, Finding, FindingFilter, FindingKind, Key, KeyState, KeyUse, Link, LiveFilter, LogHead,
    LogHold, LogState, Maker, MatchedPassports, NAMED_PASSPORTS, NewAgent, NewApproval, NewEvent, NewKey, NewPassport, Order, Page,
    Passport, PassportFilter, PassportState, Plain, Renews, Reported, Reporter, ReporterChain, RevokeKey, RevokedIndexes, RevokedPassport,
    RevokedPassports, RotateKeys, SignedCheckpoint, StatusList, TrustSnapshot, Vote, WentWithKey,
};
pub use records::{DeletedTemplate, NewTemplate, Template, TemplateUse};
pub use records::{Delivery, DeliveryCounts, DeliveryFilter, DeliveryState, NewWebhook, Replay, SecretSeed, Sent, Webhook, WebhookChange};
pub use records::{Difference, DifferenceFilter, Redecided};
pub use sqlite::SqliteStore;
pub use traced::TracedStore;
pub use transfer::{Proof, TransferError, transfer};

/// The most records that one page holds; a larger `limit` is read as this, and zero as one. It bounds the memory of
/// one request.
pub const MAX_PAGE: u32 = 1_000;

/// The most bytes of bodies that one page of audit events holds, unless its first alone has more: one body may have a
/// megabyte. A page that ends for this has a next one.
pub const MAX_PAGE_BYTES: usize = 8 << 20;

/// The most numbers that are counted out at once.
pub const MAX_COUNTS: usize = 10_000;

/// Makes the event of a change out of what the change came to, inside its transaction. It must not wait for anything.
pub type EventOf<T> = Box<dyn FnOnce(&T) -> Result<AdminEvent, StoreError> + Send>;

/// Everything the issuer remembers. See the [module](self) for the rules and for how to add one.
///
/// Any method may also give [`StoreError::Unavailable`], [`StoreError::Corrupt`] or [`StoreError::Closed`], and any
/// that writes [`StoreError::Poisoned`]; any that takes a maker, in its event or beside it, [`StoreError::MakerRevoked`]
/// and [`StoreError::MakerExpired`]. Below are the errors that say more.
#[async_trait]
pub trait Store: std::fmt::Debug + Send + Sync {
    /// Whether the store can be read and takes writes: what `/readyz` asks. It writes nothing, unless the last write has
    /// failed for the storage's sake (a full disk): then it tries a small write that changes nothing, until one goes well.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Ends all handles in order, the write-ahead log folded into the database. Later calls give
    /// [`StoreError::Closed`]. Closing twice is fine.
    async fn close(&self) -> Result<(), StoreError>;

    /// Ties the database to one issuer URL: stored by the first call, compared exactly by every later one.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another URL is stored.
    async fn bind_issuer(&self, issuer: &str) -> Result<(), StoreError>;

    /// The issuer URL that [`Store::bind_issuer`] has stored, if any.
    async fn bound_issuer(&self) -> Result<Option<String>, StoreError>;

    /// How often trust has changed: keys, revocations, status lists. Starts at 0 and only grows.
    async fn trust_sequence(&self) -> Result<i64, StoreError>;

    /// The trust sequence as other processes on the same database raise it: each change by one of them is told within
    /// two seconds, as is what this one does. `None` where there is no other process. The sender goes with the store.
    fn changes(&self) -> Option<watch::Receiver<i64>>;

    /// Tells of each write of this process once it is on disk: the log may have grown. Another process on the same database is
    /// not heard here. The sender goes with the store.
    fn written(&self) -> watch::Receiver<()>;

    /// All that a trust bundle or a status list is made from, as of one moment.
    async fn trust_snapshot(&self) -> Result<TrustSnapshot, StoreError>;

    /// Adds an enabled agent.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the id is taken.
    async fn create_agent(&self, agent: NewAgent, event: AdminEvent) -> Result<Agent, StoreError>;

    /// One agent.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn agent(&self, agent_id: &str) -> Result<Agent, StoreError>;

    /// Agents, by id.
    async fn agents(&self, filter: AgentFilter) -> Result<Page<Agent, String>, StoreError>;

    /// Disables an agent and revokes, with `reason`, all its passports that are live at `now` (contract section 5).
    /// Disabling again changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn disable_agent(&self, agent_id: &str, reason: &str, now: i64, event: AdminEvent) -> Result<Disabled, StoreError>;

    /// Enables an agent; what was revoked stays revoked. Gives whether that changed anything.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn enable_agent(&self, agent_id: &str, event: AdminEvent) -> Result<bool, StoreError>;

    /// Records a passport that has been signed, and takes its place in the status list. Only after `Ok` may the token
    /// be handed out.
    ///
    /// A renewal comes into the lineage of what it renews, and only while none of that was ever revoked, itself or with its
    /// key.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the agent, the status list or an index outside it;
    /// [`StoreError::AgentDisabled`]; [`StoreError::KeyNotActive`] if the keys were rotated meanwhile (sign again);
    /// [`StoreError::StatusIndexTaken`] (draw another index and sign again); [`StoreError::Conflict`] if the
    /// passport's id is taken, its template has another revision by now, or it renews another agent's;
    /// [`StoreError::NotFound`] if its template was deleted; of a renewal, [`StoreError::MakerRevoked`] and
    /// [`StoreError::TooManyRenewed`].
    async fn insert_passport(&self, passport: NewPassport, event: AdminEvent) -> Result<(), StoreError>;

    /// One passport, never its token.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn passport(&self, passport_id: &str) -> Result<Passport, StoreError>;

    /// Passports, newest first.
    async fn passports(&self, filter: PassportFilter) -> Result<Page<Passport, i64>, StoreError>;

    /// Revokes a passport, and with it all of its lineage that are live at `now`: who stole one can have renewed it.
    /// Revoking again, or revoking what its key's revocation has revoked, changes nothing; an expired passport can be
    /// revoked. `event` and `maker` are as in [`Store::revoke_passports`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn revoke_passport(
        &self,
        passport_id: &str,
        reason: Option<&str>,
        now: i64,
        maker: Option<Maker>,
        event: EventOf<MatchedPassports>,
    ) -> Result<RevokedPassport, StoreError>;

    /// The passports that the filter finds, to be looked at before they are revoked.
    async fn find_passports(&self, filter: LiveFilter) -> Result<MatchedPassports, StoreError>;

    /// Revokes all passports that the filter finds, with one step of the trust sequence and one event. Which they are is
    /// known only in the transaction, so the event is made there: `event` is called once, where any was revoked, and its
    /// failure undoes it all. `maker` is looked at first; it is the one that the event names.
    async fn revoke_passports(
        &self,
        filter: LiveFilter,
        reason: &str,
        maker: Option<Maker>,
        event: EventOf<MatchedPassports>,
    ) -> Result<RevokedPassports, StoreError>;

    /// Keeps a revision of a template: of one that is not there, or of one whose newest revision is the one named. The event
    /// is made of what was kept, since only the transaction knows its number; `maker` is the one that the event names.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for a template that is to be changed; [`StoreError::Conflict`] if one is there that is to be
    /// created, or has another revision.
    async fn save_template(&self, template: NewTemplate, maker: Option<Maker>, event: EventOf<Template>) -> Result<Template, StoreError>;

    /// One template, in its newest revision.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn template(&self, name: &str) -> Result<Template, StoreError>;

    /// A revision of a template, which may be deleted.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn template_revision(&self, name: &str, revision: i64) -> Result<Template, StoreError>;

    /// Templates by name, those after `after`, at most `limit` (see [`MAX_PAGE`]).
    async fn templates(&self, after: Option<&str>, limit: u32) -> Result<Page<Template, String>, StoreError>;

    /// Deletes a template; the passports by it stay, and are counted as of `now`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn delete_template(
        &self,
        name: &str,
        now: i64,
        maker: Option<Maker>,
        event: EventOf<DeletedTemplate>,
    ) -> Result<DeletedTemplate, StoreError>;

    /// All status lists by number, with how many places are taken.
    async fn status_lists(&self) -> Result<Vec<StatusList>, StoreError>;

    /// Adds an empty status list of `size` places and gives the new trust sequence. Housekeeping, not a change by an
    /// admin: it has no event.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the number is taken.
    async fn create_status_list(&self, list: i64, size: i64) -> Result<i64, StoreError>;

    /// The revoked places of a list, ascending: those whose passport is revoked, or whose passport's key is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn revoked_indexes(&self, list: i64) -> Result<Vec<i64>, StoreError>;

    /// All keys, revoked ones included, oldest first.
    async fn keys(&self) -> Result<Vec<Key>, StoreError>;

    /// The first two keys of a new issuer. Gives the new trust sequence.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is any key already.
    async fn insert_first_keys(&self, active: NewKey, next: NewKey, event: AdminEvent) -> Result<i64, StoreError>;

    /// active → retired, next → active, and a fresh key next (contract section 4). Gives the new trust sequence.
    /// The old key stays published until the later of `retire_until` and the last expiry among the passports it has
    /// signed by then, so that one signed a moment before is never denied for it.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the active and the next key are no longer the expected ones, or the fresh id is
    /// taken; nothing is changed then.
    async fn rotate_keys(&self, rotation: RotateKeys, event: AdminEvent) -> Result<i64, StoreError>;

    /// Revokes a key, and with it every passport it has signed, following a plan that the caller has made from the
    /// states it saw. Every live passport of a lineage in which it has signed any falls too, whichever key signed that
    /// one. Gives the new trust sequence.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for the key; [`StoreError::Conflict`] if a state is not what the plan expects, the
    /// fresh id is taken, or two keys would be active or next; nothing is changed then.
    async fn revoke_key(&self, plan: RevokeKey, event: AdminEvent) -> Result<i64, StoreError>;

    /// The passports that this key has signed and that are live at `now` but for a revocation of the key itself, and those
    /// that fell with its revocation as their lineage did. Oldest first, those after `after`, at most `limit` (see [`MAX_PAGE`]).
    async fn passports_of_key(&self, key_id: &str, now: i64, after: Option<i64>, limit: u32) -> Result<Page<WentWithKey, i64>, StoreError>;

    /// What each key that has signed a passport has signed, and how many of them are live at `now`.
    async fn key_uses(&self, now: i64) -> Result<Vec<KeyUse>, StoreError>;

    /// When the last passport signed by this key expires, revoked ones included; `None` if it signed none.
    async fn latest_expiry(&self, key_id: &str) -> Result<Option<i64>, StoreError>;

    /// Records that an agent asks for an approval, unless the same passport waits for one of the same request already: then
    /// it gives that one, and nothing is changed.
    ///
    /// # Errors
    /// [`StoreError::TooManyPending`] if `most` of this passport wait at `asked_at`.
    async fn ask_approval(&self, approval: NewApproval, most: u32, event: AdminEvent) -> Result<Approval, StoreError>;

    /// One approval, as it stands at `now`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn approval(&self, approval_id: &str, now: i64) -> Result<Approval, StoreError>;

    /// Approvals, newest first.
    async fn approvals(&self, filter: ApprovalFilter) -> Result<Page<Approval, i64>, StoreError>;

    /// Records what one person says to an approval, and what comes of it: denied by one, approved by as many as it asks for.
    ///
    /// # Errors
    /// [`StoreError::NotFound`]; [`StoreError::Conflict`] if it is decided already or nobody did in time, or if this
    /// person has approved it before.
    async fn decide_approval(&self, vote: Vote, event: AdminEvent) -> Result<Approval, StoreError>;

    /// Appends what a verifier reports, all or none, on disk before this returns (contract section 7).
    /// One event per (reporter, `request_id`): the same hash again is a duplicate and not written; another hash is
    /// kept beside the first, marked, and counted as a conflict the first time it comes.
    ///
    /// The reporter's chain is looked at: what is wrong with it is recorded, with an event that `alarm` makes, in the same
    /// transaction. What the events say of passports is not looked at.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if as much waits as may.
    async fn append_events(&self, batch: Batch) -> Result<AppendOutcome, StoreError>;

    /// Replaces the bodies of the next events that were received before `before` by empty texts, in the order of acceptance and
    /// some at a time; all else of them stays. `event` is called where the last of them is dropped, and now and then
    /// before: it tells of all since it was called last.
    async fn drop_bodies(&self, before: i64, event: EventOf<Dropped>) -> Result<Dropped, StoreError>;

    /// Audit events in the order of acceptance, those after the sequence `after` (0: from the first on). A page is bounded as
    /// that of [`Store::events`].
    async fn log_from(&self, after: i64, limit: u32) -> Result<Page<AuditEvent, i64>, StoreError>;

    /// The events under this request id, whoever reported them, in the order of acceptance: at most 100.
    async fn events_of_request(&self, request_id: &str) -> Result<Vec<AuditEvent>, StoreError>;

    /// How far the log has come, and the root of its tree.
    async fn log_head(&self) -> Result<LogHead, StoreError>;

    /// Tiles of the tree by level and number, all as of one moment, as far as they are filled: hashes of 32 bytes each.
    /// `None` for one that is not there.
    async fn tiles(&self, wanted: Vec<(i64, i64)>) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Where the log is, and what was signed of it, as of one moment.
    async fn log_state(&self) -> Result<LogState, StoreError>;

    /// Keeps the public half of the log's key, unless there is one already. Gives the one that counts.
    async fn keep_log_key(&self, verifier_key: &str, now: i64, event: AdminEvent) -> Result<String, StoreError>;

    /// Keeps a checkpoint that was signed over `root`, and gives the newest that there is: another one, where that is as
    /// large or larger.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the log is held, does not go on from its last checkpoint, or does not have that root.
    async fn keep_checkpoint(&self, checkpoint: SignedCheckpoint, root: Hash) -> Result<SignedCheckpoint, StoreError>;

    /// Checkpoints by size, those of more than `after` events, at most `limit` (see [`MAX_PAGE`]).
    async fn checkpoints(&self, after: i64, limit: u32) -> Result<Page<SignedCheckpoint, i64>, StoreError>;

    /// Has the log sign no more until [`Store::resume_log`]. Gives whether that changed anything.
    async fn hold_log(&self, hold: LogHold, event: AdminEvent) -> Result<bool, StoreError>;

    /// Has a log that is held sign again, whatever it has signed before. Gives whether that changed anything.
    async fn resume_log(&self, event: AdminEvent) -> Result<bool, StoreError>;

    /// How many decisions there were, by hour, agent, outcome and reason, as the filter sums them up: at most [`MAX_COUNTS`] and
    /// one, which tells that there are more.
    async fn counts(&self, filter: CountFilter) -> Result<Vec<Count>, StoreError>;

    /// What was found wrong with the chains of reporters, newest first.
    async fn findings(&self, filter: FindingFilter) -> Result<Page<Finding, i64>, StoreError>;

    /// Reporters by id, those after `after`, at most `limit` (see [`MAX_PAGE`]).
    async fn reporters(&self, after: Option<&str>, limit: u32) -> Result<Page<Reporter, String>, StoreError>;

    /// The chains of a reporter, the last moved first, at most `limit`.
    async fn chains(&self, reporter: &str, limit: u32) -> Result<Vec<ReporterChain>, StoreError>;

    /// Adds a webhook, which is told of the events after those that there are.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if the id is taken, or there are `most` webhooks.
    async fn create_webhook(&self, webhook: NewWebhook, most: u32, event: AdminEvent) -> Result<Webhook, StoreError>;

    /// One webhook.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn webhook(&self, webhook_id: &str) -> Result<Webhook, StoreError>;

    /// All webhooks, by id.
    async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError>;

    /// Changes a webhook. To disable one that is disabled already, or enable one that is not, changes nothing.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn change_webhook(&self, webhook_id: &str, change: WebhookChange, event: AdminEvent) -> Result<Webhook, StoreError>;

    /// Deletes a webhook, with its deliveries.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn delete_webhook(&self, webhook_id: &str, event: AdminEvent) -> Result<(), StoreError>;

    /// Has what was given up, or all from a sequence on, sent again. Gives how many dead letters, or events of the log, that is;
    /// where it is none, nothing is changed.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn replay_webhook(&self, webhook_id: &str, replay: Replay, event: AdminEvent) -> Result<i64, StoreError>;

    /// The key in the vault that the secrets of webhooks are made of, if there is one yet.
    async fn webhook_key(&self) -> Result<Option<String>, StoreError>;

    /// Keeps this key for that, unless there is one. Gives the one that there is now.
    async fn keep_webhook_key(&self, key_id: &str) -> Result<String, StoreError>;

    /// What the key of hidden attributes is made of, if there is one yet.
    async fn hiding_seed(&self) -> Result<Option<SecretSeed>, StoreError>;

    /// Keeps this for that, unless there is one. Gives the one that there is now.
    async fn keep_hiding_seed(&self, seed: SecretSeed) -> Result<SecretSeed, StoreError>;

    /// Whether `holder` may send to webhooks until `until`, seconds since 1970: nobody else does at `now`.
    async fn lead_webhooks(&self, holder: &str, now: i64, until: i64) -> Result<bool, StoreError>;

    /// Notes what has come of sending, and moves the webhook's cursor. Where more deliveries are pending than may, the oldest
    /// are given up, with an event that `event` makes of their number.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another issuer sends by now, or the cursor is not where it was; nothing is changed then.
    async fn record_sent(&self, sent: Sent, event: EventOf<i64>) -> Result<i64, StoreError>;

    /// Deliveries of a webhook that did not come about at once, the newest event first.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    async fn deliveries(&self, filter: DeliveryFilter) -> Result<Page<Delivery, i64>, StoreError>;

    /// Those that are to be tried again by `now`, the oldest event first, at most `limit`.
    async fn due_deliveries(&self, webhook_id: &str, now: i64, limit: u32) -> Result<Vec<Delivery>, StoreError>;

    /// The webhooks that have any such.
    async fn due_webhooks(&self, now: i64) -> Result<Vec<String>, StoreError>;

    /// How many deliveries are pending and given up.
    async fn delivery_counts(&self) -> Result<DeliveryCounts, StoreError>;

    /// One session of the console, by the SHA-256 of its secret; one that is over is remembered for a day.
    async fn console_session(&self, hash: &str) -> Result<Option<ConsoleKey>, StoreError>;

    /// One link that opens a session, by the SHA-256 of its secret.
    async fn console_link(&self, hash: &str) -> Result<Option<ConsoleKey>, StoreError>;

    /// Keeps a link that opens a session once. A passport has 32 at most: the oldest make room.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if there is one of this hash.
    async fn make_console_link(&self, link: ConsoleKey, event: AdminEvent) -> Result<(), StoreError>;

    /// Opens a session, and uses up the link of this hash where it is opened by one. A passport has 32 at most: the oldest make
    /// room.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] if the link is not there, or was used; [`StoreError::Conflict`] if there is a session of this hash.
    async fn open_console_session(&self, session: ConsoleKey, by_link: Option<String>, event: AdminEvent) -> Result<(), StoreError>;

    /// Ends a session. Gives whether that changed anything.
    async fn close_console_session(&self, hash: &str, event: AdminEvent) -> Result<bool, StoreError>;

    /// Takes on, or goes on with, deciding the log again: one holder at a time has it, until its lease is over. Gives up to
    /// which event that was done; `None` while another has it.
    async fn take_redecide(&self, holder: &str, now: i64, until: i64) -> Result<Option<i64>, StoreError>;

    /// Notes that a part of the log was decided again, with what was found and the event that tells of it: all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] if another has gone on meanwhile, or has the lease.
    async fn keep_redecided(&self, done: Redecided) -> Result<(), StoreError>;

    /// Decisions that the issuer comes to another answer for, the newest first.
    async fn differences(&self, filter: DifferenceFilter) -> Result<Page<Difference, i64>, StoreError>;

    /// Audit events, newest (last accepted) first unless the filter says otherwise. A page is bounded in bytes too: see
    /// [`MAX_PAGE_BYTES`]; and in the work that it takes: it can end before it is full, and have a next one all the same.
    async fn events(&self, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, StoreError>;
}
