//! The shape of the house.

mod dependencies;
mod documents;
pub(crate) mod readme;
