//! issuer

pub mod cli;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod http;
pub mod metrics;
pub mod service;
pub mod store;
