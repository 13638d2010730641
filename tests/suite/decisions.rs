//! The decision, held against the oracle, against every flipped bit, against hostile input, and against what is told of it.

mod explained;
mod flips;
mod hostile;
mod oracle;
