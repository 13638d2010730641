//! How a call ends that the command line alone decides: help, the version, and what is wrong with the call.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::error::ErrorKind;

use super::error::{CliError, USAGE};
use super::output::Output;

/// Tells what the parser has to tell, and gives the exit code. With `--json` what is wrong is told as any error is.
pub(crate) fn end(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && asks_for_json(std::env::args_os().skip(1)) {
        return ExitCode::from(Output::new(true).end(Err(told(error))));
    }
    // Help and version are results; an error is talk. Neither can be written where nobody reads.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
}

/// Whether `--json` stands among the options. The parser gives nothing back of a call that it refuses.
fn asks_for_json(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    arguments.take_while(|argument| argument.as_ref() != "--").any(|argument| argument.as_ref() == "--json")
}

/// What is wrong, which the parser says first, and what to do next, which is the rest.
fn told(error: &clap::Error) -> CliError {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let (detail, hint) = match error.kind() {
        // Said by its page of help alone.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ("no command is given", text),
        _ => text.split_once("\n\n").unwrap_or((text, "")),
    };
    let told = CliError::usage(detail.split_whitespace().collect::<Vec<_>>().join(" "));
    match hint.trim() {
        "" => told,
        hint => told.hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_by_an_option_and_by_nothing_behind_the_options() {
        for (arguments, asked) in [
            (&["issue", "--json"][..], true),
            (&["--json", "nonsense"], true),
            (&["issue"], false),
            (&["inspect", "--", "--json"], false),
            (&["--json=1"], false),
        ] {
            assert_eq!(asks_for_json(arguments.iter()), asked, "{arguments:?}");
        }
    }
}
