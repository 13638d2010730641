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
//!    is in its `open.rs`, `writer.rs` and `driver.rs`.
//! 2. Keep each documented error: the service tells [`StoreError::StatusIndexTaken`] and
//!    [`StoreError::KeyNotActive`] (draw again, sign again) from [`StoreError::Conflict`] (tell the caller).
//! 3. Where SQLite has one writer, take locks: a passport is inserted only while its agent is enabled *and* its key is
//!    active (lock both rows), and keys change by compare and swap.
//! 4. Look at the maker before the change, in its transaction, as `store/statements/makers.rs` does, with a lock on the rows
//!    that it reads.
//! 5. Implement `Backend` in `store/contract_tests.rs` for it and run `contract_suite!`. A store that passes is done;
//!    what it promises beyond that gets tests of its own beside it.

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
use tokio::sync::watch;

pub use error::{OpenError, StoreError};
pub use postgres::{Durability, PostgresOptions, PostgresStore, PostgresVault};
pub use records::{
    AdminEvent, Agent, Alarm, AppendOutcome, Approval, ApprovalFilter, ApprovalState, AuditEvent, AuditFilter, Batch, Count, CountFilter,
    Disabled, EventKind, Finding, FindingFilter, FindingKind, Key, KeyState, KeyUse, Link, LiveFilter, LogHead, Maker, MatchedPassports,
    NAMED_PASSPORTS, NewAgent, NewApproval, NewEvent, NewKey, NewPassport, Page, Passport, PassportFilter, PassportState, Renews, Reported,
    ReporterChain, RevokeKey, RevokedIndexes, RevokedPassport, RevokedPassports, RotateKeys, StatusList, TrustSnapshot, Vote, WentWithKey,
};
pub use records::{DeletedTemplate, NewTemplate, Template, TemplateUse};
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

    /// Agents by id, those after `after`, at most `limit` (see [`MAX_PAGE`]).
    async fn agents(&self, after: Option<&str>, limit: u32) -> Result<Page<Agent, String>, StoreError>;

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

    /// How many decisions there were, by hour, agent, outcome and reason, as the filter sums them up.
    async fn counts(&self, filter: CountFilter) -> Result<Vec<Count>, StoreError>;

    /// What was found wrong with the chains of reporters, newest first.
    async fn findings(&self, filter: FindingFilter) -> Result<Page<Finding, i64>, StoreError>;

    /// The chains of a reporter, the last moved first, at most `limit`.
    async fn chains(&self, reporter: &str, limit: u32) -> Result<Vec<ReporterChain>, StoreError>;

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

    /// Audit events, newest (last accepted) first. A page is bounded in bytes too: see [`MAX_PAGE_BYTES`].
    async fn events(&self, filter: AuditFilter) -> Result<Page<AuditEvent, i64>, StoreError>;
}
