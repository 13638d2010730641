//! The language of Passport: passports, grants, constraints, requests, decisions and audit events.
//!
//! Everything here is pure: no clock, no randomness, no I/O, no secret keys, no async.

pub mod action;
pub mod api;
pub mod approval;
pub mod constraint;
pub mod decimal;
pub mod decision;
pub mod describe;
pub mod explain;
pub mod fault;
pub mod footprint;
pub mod grant;
pub mod hidden;
pub mod jose;
pub mod json;
pub mod judge;
pub mod key_set;
pub mod limits;
pub mod log;
pub mod passport;
pub mod recorded;
pub mod replay;
pub mod request;
pub mod resource;
pub mod scalar;
pub mod shrink;
pub mod status_list;
pub mod template;
pub mod text;
pub mod time;
pub mod trust_bundle;
pub mod unverified;
