//! The whole system, in real processes.

mod approvals;
mod audit_log;
mod backup;
mod browser;
mod demo;
mod doctor;
mod drills;
mod hidden;
mod interop;
mod kill;
mod metrics;
mod openapi_fuzz;
mod pkcs11;
mod postgres;
mod readme;
mod renewal;
mod replay;
mod rotation;
mod stolen_key;
mod tail;
mod tls;
mod traces;
mod trust;
mod webhooks;
