//! The suite: whole-system tests, each named for the promise that it keeps.

mod conformance;
mod decisions;
mod docs;
mod log;
mod structure;
mod system;
mod vectors;
