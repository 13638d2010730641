//! A real PostgreSQL of our own, for tests and drills.

// One file for two crates: the issuer's own tests have it too, and cannot depend on this crate.
#[path = "../../issuer/src/store/postgres/tests/private_server.rs"]
mod private_server;

pub use private_server::PrivateServer;
