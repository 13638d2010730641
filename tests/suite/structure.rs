//! The shape of the house.

mod dependencies;
