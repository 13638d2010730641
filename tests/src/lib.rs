//! What the whole-system tests share: the oracle, a generator of cases, a mint, real issuers, the drills, and
//! where things lie.

pub mod drill;
pub mod generate;
pub mod mint;
pub mod oracle;
pub mod places;
pub mod postgres;
pub mod process;
pub mod reference;
pub mod scene;
pub mod tile_reader;
