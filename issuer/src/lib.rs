//! issuer
#![expect(clippy::duplicate_mod, reason = "store/statements is one text that runs on each database, with the types of its driver")]

pub mod cli;
pub mod clock;
pub mod config;
pub mod entropy;
mod hex;
mod hiding;
pub mod http;
mod lookup;
pub mod metrics;
pub mod service;
pub mod store;
pub mod traces;
pub mod webhooks;
