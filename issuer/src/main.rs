//! The `passport` command. See [`passport_issuer::cli`].

use std::process::ExitCode;

fn main() -> ExitCode {
    passport_issuer::cli::run()
}
