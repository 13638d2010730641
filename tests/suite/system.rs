//! The whole system, in real processes.

mod demo;
mod drills;
mod interop;
mod kill;
mod postgres;
mod readme;
mod rotation;
mod tls;
mod trust;
