//! How a command fails: what is wrong, where, and what to do next.

use std::fmt::Write as _;
use std::io;

use passport_shared::fault::Fault;
use serde::Serialize;

/// The exit code of a command that did what was asked.
pub(crate) const DONE: u8 = 0;
/// The exit code of a command that failed.
pub(crate) const FAILED: u8 = 1;
/// The exit code of a command that was called wrongly.
pub(crate) const USAGE: u8 = 2;
/// The exit code of a command whose request was denied.
pub(crate) const DENIED: u8 = 3;
/// The exit code of a command that was given no valid passport.
pub(crate) const NOT_A_PASSPORT: u8 = 4;
/// The exit code of a command whose request a person has to approve.
pub(crate) const APPROVAL_REQUIRED: u8 = 5;

/// Why a command ends without a result.
#[derive(Debug)]
pub(crate) enum CliError {
    /// Said in words of our own.
    Told(Box<Told>),
    /// The issuer said so. `body` is its problem+json, to the letter.
    Remote { told: Box<Told>, body: String },
    /// Nobody reads on: the result is lost, and there is nobody to tell.
    OutputClosed,
}

/// What a person is told.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    #[serde(skip)]
    pub(crate) exit: u8,
    /// For a program; it never changes.
    pub(crate) code: String,
    /// What is wrong.
    pub(crate) detail: String,
    /// What is wrong in what was given, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Fault>,
    /// What to do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// What a command ends with: the exit code of one that had a result to give, or an error.
pub(crate) type Ended = Result<u8, CliError>;

impl CliError {
    fn told(exit: u8, code: &str, detail: impl Into<String>) -> Self {
        Self::Told(Box::new(Told { exit, code: code.to_owned(), detail: detail.into(), errors: Vec::new(), hint: None }))
    }

    /// The command was called wrongly: exit 2.
    pub(crate) fn usage(detail: impl Into<String>) -> Self {
        Self::told(USAGE, "usage", detail)
    }

    /// It could not be done: exit 1.
    pub(crate) fn failed(detail: impl Into<String>) -> Self {
        Self::told(FAILED, "failed", detail)
    }

    /// What was given is no passport: exit 4.
    pub(crate) fn not_a_passport(detail: impl Into<String>) -> Self {
        Self::told(NOT_A_PASSPORT, "not_a_passport", detail)
    }

    /// The system refused to `act` on `what`: exit 1. With what to do next, where that can be known.
    pub(crate) fn io(act: &str, what: impl std::fmt::Display, source: &io::Error) -> Self {
        let told = Self::failed(format!("cannot {act} `{what}`: {}", plain(source)));
        match source.kind() {
            io::ErrorKind::NotFound => told.hint("is the name right? A path is taken from the directory that the command runs in"),
            io::ErrorKind::PermissionDenied => told.hint("whoever runs the command has to be allowed to"),
            _ => told,
        }
    }

    fn told_mut(&mut self) -> Option<&mut Told> {
        match self {
            Self::Told(told) | Self::Remote { told, .. } => Some(told),
            Self::OutputClosed => None,
        }
    }

    /// With what to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Some(told) = self.told_mut() {
            told.hint = Some(hint.into());
        }
        self
    }

    /// Told even where nobody reads standard output: something was done that has to be known.
    pub(crate) fn although_closed(self) -> Self {
        match self {
            Self::OutputClosed => Self::failed("cannot write to `standard output`: nobody reads it"),
            told => told,
        }
    }

    /// With what is wrong in what was given, and where.
    pub(crate) fn with_errors(mut self, errors: Vec<Fault>) -> Self {
        if let Some(told) = self.told_mut() {
            told.errors = errors;
        }
        self
    }

    /// The exit code.
    pub(crate) fn exit(&self) -> u8 {
        match self {
            Self::Told(told) | Self::Remote { told, .. } => told.exit,
            Self::OutputClosed => FAILED,
        }
    }

    /// For a person: the error, every fault on its line, and the hint after a blank line.
    pub(crate) fn to_text(&self) -> Option<String> {
        let hint = match self {
            Self::Told(told) | Self::Remote { told, .. } => told.hint.as_ref(),
            Self::OutputClosed => None,
        };
        let hint = hint.map(|hint| format!("\n\nhint: {hint}")).unwrap_or_default();
        self.what().map(|what| what + &hint)
    }

    /// The same without the hint, for who says what to do next.
    pub(crate) fn what(&self) -> Option<String> {
        let (Self::Told(told) | Self::Remote { told, .. }) = self else { return None };
        let mut text = told.detail.clone();
        if let Self::Remote { .. } = self {
            let _ = write!(text, " (code `{}`)", told.code);
        }
        for fault in &told.errors {
            let place = if fault.pointer.is_empty() { "the whole" } else { fault.pointer.as_str() };
            let _ = write!(text, "\n  {place}: {}", fault.detail);
        }
        Some(text)
    }

    /// For a program: the issuer's own body, or one of the same members.
    pub(crate) fn to_json(&self) -> Option<String> {
        match self {
            Self::Told(told) => serde_json::to_string(told).ok(),
            Self::Remote { body, .. } => Some(body.trim_end().to_owned()),
            Self::OutputClosed => None,
        }
    }
}

/// Only output is written without saying where: an error of standard output.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::io("write to", "standard output", &error),
        }
    }
}

/// What the system said, without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = unnumbered(&error.to_string());
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

/// An error of ours that quotes the system, without the system's number.
pub(crate) fn unnumbered(text: &str) -> String {
    text.split(" (os error").next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_wrong_where_and_what_to_do_next() {
        let error = CliError::usage("`x` is wrong")
            .with_errors(vec![Fault { pointer: "/0/resource".into(), detail: "it must be a string".into() }])
            .hint("try `y`");
        assert_eq!(error.to_text().expect("a text"), "`x` is wrong\n  /0/resource: it must be a string\n\nhint: try `y`");
        assert_eq!(error.what().expect("a text"), "`x` is wrong\n  /0/resource: it must be a string");
        assert_eq!(
            error.to_json().expect("json"),
            r#"{"code":"usage","detail":"`x` is wrong","errors":[{"pointer":"/0/resource","detail":"it must be a string"}],"hint":"try `y`"}"#
        );
        assert_eq!(error.exit(), USAGE);
    }

    #[test]
    fn a_closed_pipe_is_not_talked_about() {
        let error = CliError::from(io::Error::from(io::ErrorKind::BrokenPipe));
        assert_eq!((error.to_text(), error.to_json(), error.exit()), (None, None, FAILED));
    }

    #[test]
    fn the_system_is_quoted_in_lower_case_and_without_numbers() {
        assert_eq!(plain(&io::Error::from_raw_os_error(2)), "no such file or directory");
    }
}
