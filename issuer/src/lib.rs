//! issuer

pub mod store;
