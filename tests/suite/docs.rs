//! The pages are true: every block of code in them is run, read or compiled, or says why it is not.

mod blocks;
mod codes;
mod links;
pub(crate) mod page;
mod shell;
