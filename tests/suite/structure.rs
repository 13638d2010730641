//! The shape of the house.

mod dependencies;
pub(crate) mod readme;
