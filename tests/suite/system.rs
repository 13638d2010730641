//! The whole system, in real processes.

mod demo;
mod drills;
mod interop;
mod kill;
mod readme;
mod rotation;
mod stolen_key;
mod tls;
mod trust;
