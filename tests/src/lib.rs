//! Whole-system tests of Passport, and what they share.

pub mod generate;
pub mod oracle;
