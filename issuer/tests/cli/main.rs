//! The real `passport` binary: what it writes where, and how it ends.

mod offline;
mod remote;
mod support;
mod trusted;
