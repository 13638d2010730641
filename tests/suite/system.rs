//! The whole system, in real processes.

mod backup;
mod demo;
mod doctor;
mod drills;
mod interop;
mod kill;
mod metrics;
mod pkcs11;
mod postgres;
mod readme;
mod rotation;
mod stolen_key;
mod tail;
mod tls;
mod trust;
