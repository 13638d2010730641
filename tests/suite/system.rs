//! The whole system, in real processes.

mod interop;
mod kill;
