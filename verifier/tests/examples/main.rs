//! The programs of `examples/`, run as what they are, against an issuer of the test's own.
#![expect(clippy::disallowed_methods, reason = "these tests run programs, on the system's clock")]
#![expect(clippy::expect_used, reason = "what helps a test may fail it")]

mod issuer;
mod shop;
mod worker;
