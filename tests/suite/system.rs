//! The whole system, in real processes.

mod approvals;
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
mod renewal;
mod replay;
mod rotation;
mod stolen_key;
mod tls;
mod traces;
mod trust;
