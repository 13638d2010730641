//! Held against data that nobody here wrote.

mod attack_tokens;
mod status_lists;
