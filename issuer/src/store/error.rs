//! What can go wrong in a store. No driver's type is seen from outside: a source is a boxed error.

use std::path::PathBuf;

/// Why a store did not do what was asked. Nothing is half done: on an error nothing was written, but for
/// [`StoreError::Unavailable`] on a write, after which it is not known.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such record.
    #[error("no {what} `{id}`")]
    NotFound {
        /// The kind of record, as in "agent".
        what: &'static str,
        /// The id that was asked for.
        id: String,
    },
    /// The change does not fit what is stored.
    #[error("{what} `{id}` {problem}")]
    Conflict {
        /// The kind of record.
        what: &'static str,
        /// Its id.
        id: String,
        /// What is in the way, as in "exists already".
        problem: String,
    },
    /// The agent is disabled, so it gets no passport.
    #[error("agent `{agent_id}` is disabled; enable it first")]
    AgentDisabled {
        /// The agent.
        agent_id: String,
    },
    /// The passport was signed with a key that is not, or no longer, the active one.
    #[error("key `{key_id}` is not the active key; sign again with the one that is")]
    KeyNotActive {
        /// The key that signed.
        key_id: String,
    },
    /// Another passport has this place in the status list.
    #[error("index {index} of status list {list} is taken; draw another")]
    StatusIndexTaken {
        /// The status list.
        list: i64,
        /// The place in it.
        index: i64,
    },
    /// As many approvals as may wait at once wait for this passport.
    #[error("{most} approvals wait for passport `{passport_id}`; let people decide on those first")]
    TooManyPending {
        /// The passport.
        passport_id: String,
        /// How many may wait.
        most: u32,
    },
    /// As many passports of one lineage are live, or were issued lately, as may be.
    #[error("passport `{passport_id}` was renewed as often as it may be at once; there is room again {seconds} seconds later")]
    TooManyRenewed {
        /// The passport that was to be renewed.
        passport_id: String,
        /// How many there may be.
        most: u32,
        /// In how many seconds there is room, if none more are issued.
        seconds: i64,
    },
    /// The passport that the change is made with was revoked, itself or with its key, its agent was disabled, or no such
    /// passport was ever recorded. Nothing was written.
    #[error("passport `{passport_id}`, which the change is made with, was revoked or is not known")]
    MakerRevoked {
        /// The maker's passport.
        passport_id: String,
    },
    /// The passport that the change is made with has expired. Nothing was written.
    #[error("passport `{passport_id}`, which the change is made with, has expired")]
    MakerExpired {
        /// The maker's passport.
        passport_id: String,
    },
    /// As much waits to be written as may. Trying again a little later helps.
    #[error("more is reported than can be written; try again in a moment")]
    Busy,
    /// A write has met an I/O error before, so nothing more is acknowledged.
    #[error("the store takes no more writes after an i/o error; check the disk and start the issuer again")]
    Poisoned,
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
    /// The database did not answer, or not in time. Trying again may help.
    #[error("the database is unavailable")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// What is stored cannot be read: the file is damaged, or was edited by hand.
    #[error("{what} in the database is damaged")]
    Corrupt {
        /// What was being read.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// SQLite before 3.51.3 can lose committed transactions: its write-ahead-log reset bug.
    #[error(
        "SQLite {found} is too old: before {needed} it can lose committed data (write-ahead-log reset bug); \
         build with the bundled SQLite"
    )]
    SqliteTooOld {
        /// The version that is linked in.
        found: String,
        /// The oldest that is accepted.
        needed: &'static str,
    },
    /// The database was written by a newer release.
    #[error("the database `{path}` has schema version {found} and this release knows {known}; use the newer release")]
    SchemaTooNew {
        /// The database: its file, or host and name, never with a password.
        path: PathBuf,
        /// The newest migration in the file.
        found: i64,
        /// The newest migration that this release has.
        known: i64,
    },
    /// The database was written by an older release, and is only looked at.
    #[error("the database `{path}` has schema version {found}, and this takes {needed}: start this release's issuer on it once")]
    SchemaTooOld {
        /// The database.
        path: PathBuf,
        /// The newest migration in the file.
        found: i64,
        /// The migration that is needed.
        needed: i64,
    },
    /// A migration did not run, or is not the one that was run before.
    #[error("the database `{path}` could not be brought to this release's schema")]
    Migration {
        /// The database: its file, or host and name, never with a password.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The file or its folder could not be made, or not be kept to its owner.
    #[error("`{path}` could not be prepared")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It is not named by a URL of PostgreSQL. The URL is not repeated: it may hold a password.
    #[error("the database is not named as `postgres://USER@HOST:PORT/DATABASE`")]
    Url,
    /// A durability setting did not take, or is not what it must be.
    #[error("the database `{path}` has {setting} `{found}` where it must be `{needed}`")]
    Setting {
        /// The database: its file, or host and name, never with a password.
        path: PathBuf,
        /// The setting's name.
        setting: &'static str,
        /// Its value as read back.
        found: String,
        /// The value that is needed.
        needed: &'static str,
    },
    /// What the file holds is no sound database.
    #[error("the database `{path}` is damaged: {what}")]
    Damaged {
        /// The database file.
        path: PathBuf,
        /// What the database found.
        what: String,
    },
    /// The database did not open.
    #[error("the database `{path}` could not be opened")]
    Database {
        /// The database: its file, or host and name, never with a password.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}
