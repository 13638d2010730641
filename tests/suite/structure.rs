//! The shape of the house.

mod dependencies;
mod deploy;
mod documents;
pub(crate) mod readme;
