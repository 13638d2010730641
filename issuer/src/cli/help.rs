//! The pages of help: what the parser makes of the commands, each beginning with examples.

pub(crate) mod examples;

use clap::builder::Styles;
use clap::{Command, CommandFactory as _};

use super::Cli;

/// The whole command line, with its examples.
pub(crate) fn command() -> Command {
    dress(Cli::command(), "")
}

/// `command` and all below it, with the examples of each. `path` is how it is called, without the `passport` at the front.
fn dress(command: Command, path: &str) -> Command {
    let command = match examples::of(path) {
        Some(text) => {
            let header = Styles::default();
            let header = header.get_header();
            command.before_help(format!("{header}Examples:{header:#}\n{text}"))
        }
        None => command,
    };
    command.mut_subcommands(|below| {
        let path = joined(path, below.get_name());
        dress(below, &path)
    })
}

/// How a command below `path` is called.
pub(crate) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path} {name}") }
}

#[cfg(test)]
mod tests;
