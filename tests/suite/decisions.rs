//! The decision, held against the oracle, against every flipped bit and against hostile input.

mod flips;
mod hostile;
mod oracle;
