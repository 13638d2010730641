//! The `passport` command. See [`passport_issuer::cli`].

use std::process::ExitCode;

/// An issuer makes and drops some thirty small things for each event that it takes in, on several threads: this allocator is a
/// tenth of its time quicker at that than the system's (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    passport_issuer::cli::run()
}
