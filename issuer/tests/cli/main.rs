//! The real `passport` binary: what it writes where, and how it ends.

#![expect(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "the helpers of a test fail as a test does")]

mod admin_passport;
mod errors;
mod init;
mod issue;
mod json_page;
mod offline;
mod progress;
mod remote;
mod support;
mod templates;
mod testing;
mod trusted;
