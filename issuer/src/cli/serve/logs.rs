//! Logs go to standard error: JSON lines, or for a person at a terminal with `--dev` lines to read.

use std::io::{self, IsTerminal as _};

use passport_shared::text::quote;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::cli::error::CliError;

/// Starts logging at a level, or as directives say.
pub(super) fn start(level: &str, dev: bool) -> Result<(), CliError> {
    let filter = EnvFilter::try_new(level).map_err(|error| {
        CliError::usage(format!("--log {} is no level: {error}", quote(level))).hint("use error, warn, info, debug or trace")
    })?;
    let logs = fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    let started = match dev && io::stderr().is_terminal() {
        true => logs.compact().try_init(),
        false => logs.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| CliError::failed(format!("cannot start logging: {error}")))
}
