//! How a call ends that the command line alone decides: help, the version, and what is wrong with the call.

use std::ffi::OsStr;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ColorChoice, ValueEnum as _};

use super::error::{CliError, USAGE};
use super::output::Output;

/// Tells what the parser has to tell, and gives the exit code. With `--json` what is wrong is told as any error is.
pub(crate) fn end(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && asks_for_json(std::env::args_os().skip(1)) {
        return ExitCode::from(Output::new(true).end(Err(told(error))));
    }
    // Help and version are results; an error is talk, in lines that fit.
    match error.use_stderr() {
        true => Output::new(false).say(&hinted(&error.render().ansi().to_string())),
        // Where nobody reads, nothing can be written.
        false => drop(error.print()),
    }
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
}

/// What the parser tells, with its last line in our words.
fn hinted(text: &str) -> String {
    match text.split_once("For more information, try") {
        Some((text, _)) => format!("{text}hint: {HINT}"),
        None => text.trim_end().to_owned(),
    }
}

const HINT: &str = "the same call with --help begins with examples";

/// Whether `--json` stands among the options. The parser gives nothing back of a call that it refuses.
fn asks_for_json(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> bool {
    arguments.take_while(|argument| argument.as_ref() != "--").any(|argument| argument.as_ref() == "--json")
}

/// What `--color` says. Help, and what is wrong with a call, are coloured before the parser has read it.
pub(crate) fn colours(arguments: impl Iterator<Item = impl AsRef<OsStr>>) -> ColorChoice {
    let arguments: Vec<_> = arguments.take_while(|argument| argument.as_ref() != "--").collect();
    let mut said = None;
    for (at, argument) in arguments.iter().enumerate() {
        let value = match argument.as_ref().to_str() {
            Some("--color") => arguments.get(at + 1).and_then(|value| value.as_ref().to_str()),
            Some(text) => text.strip_prefix("--color="),
            None => None,
        };
        said = value.and_then(|value| ColorChoice::from_str(value, false).ok()).or(said);
    }
    said.unwrap_or(ColorChoice::Auto)
}

/// What is wrong, which the parser says first, and what to do next, which is the rest.
fn told(error: &clap::Error) -> CliError {
    let text = hinted(&error.render().to_string());
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    let (detail, hint) = match error.kind() {
        // Said by its page of help alone.
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => ("no command is given", text),
        _ => text.split_once("\n\n").unwrap_or((text, "")),
    };
    let told = CliError::usage(detail.split_whitespace().collect::<Vec<_>>().join(" "));
    match hint.trim().strip_prefix("hint: ").unwrap_or(hint.trim()) {
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

    #[test]
    fn colours_are_as_they_were_last_asked_for() {
        for (arguments, asked) in [
            (&["--color", "never", "issue"][..], ColorChoice::Never),
            (&["issue", "--color=always"], ColorChoice::Always),
            (&["issue", "--color=always", "--color", "never"], ColorChoice::Never),
            (&["issue", "--color", "pink"], ColorChoice::Auto),
            (&["issue", "--", "--color=always"], ColorChoice::Auto),
            (&["issue", "--color"], ColorChoice::Auto),
        ] {
            assert_eq!(colours(arguments.iter()), asked, "{arguments:?}");
        }
    }
}
