//! The whole system, in real processes.

mod demo;
mod interop;
mod kill;
mod readme;
mod rotation;
mod tls;
