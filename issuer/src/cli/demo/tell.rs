//! How the story is told: in 80 columns, with and without colour, or as JSON lines.

use std::time::Duration;

use anstyle::Style;
use passport_shared::decision::{Outcome, Verdict};
use passport_shared::text::escape;
use serde_json::{Value, json};

use super::cast::{Attempt, ISSUER};
use super::service::Decided;
use crate::cli::error::CliError;
use crate::cli::output::{BAD, CARE, GOOD, Output, QUIET, STRONG, WIDTH, styled};

pub(super) struct Teller {
    out: Output,
    chapter: usize,
    decisions: usize,
    unexpected: usize,
}

/// Columns of what is asked, of the decision and of the reason.
const ASKED: usize = 36;
const DECISION: usize = 7;
const REASON: usize = 20;

impl Teller {
    pub(super) fn new(out: Output) -> Self {
        Self { out, chapter: 0, decisions: 0, unexpected: 0 }
    }

    pub(super) fn all_as_expected(&self) -> bool {
        self.unexpected == 0
    }

    /// Text for a person; a program gets the decisions and the log alone.
    fn say(&self, text: &str) -> Result<(), CliError> {
        if self.out.is_json() { Ok(()) } else { self.out.text(text) }
    }

    pub(super) fn title(&self, text: &str) -> Result<(), CliError> {
        self.say(&styled(STRONG, text))
    }

    pub(super) fn chapter(&mut self, text: &str) -> Result<(), CliError> {
        self.chapter += 1;
        self.say(&format!("\n{}", styled(STRONG, format!("{}. {text}", self.chapter))))
    }

    pub(super) fn fact(&self, name: &str, value: &str) -> Result<(), CliError> {
        self.say(&format!("   {} {value}", styled(QUIET, format!("{name:<17}"))))
    }

    /// A text of several lines, each folded at its words.
    pub(super) fn text(&self, text: &str) -> Result<(), CliError> {
        for line in text.lines() {
            let (first, rest) = if line.starts_with("- ") { ("   ", "     ") } else { ("   ", "   ") };
            self.say(&fold(line, first, rest))?;
        }
        Ok(())
    }

    pub(super) fn preview(&self, attempt: &Attempt, verdict: &Verdict) -> Result<(), CliError> {
        let (style, _) = look(verdict.outcome());
        let answer = match verdict.outcome() {
            Outcome::Allow => "yes".to_owned(),
            Outcome::ApprovalRequired => "yes, once a person has approved".to_owned(),
            Outcome::Deny => format!("no: {}", verdict.message()),
        };
        self.say(&fold(&format!("{} {}", attempt.told, styled(style, answer)), "   ", "     "))
    }

    pub(super) fn heads(&self) -> Result<(), CliError> {
        let heads = format!("   {:<ASKED$}{:<DECISION$}{:<REASON$}{:>9}", "Ollie tries to", "", "reason", "took");
        self.say(&styled(QUIET, heads))
    }

    pub(super) fn decision(&mut self, attempt: &Attempt, expected: &str, decided: &Decided) -> Result<(), CliError> {
        self.decisions += 1;
        let as_expected = decided.reason.code() == expected;
        self.unexpected += usize::from(!as_expected);
        if self.out.is_json() {
            let record: Value = serde_json::from_str(&decided.record).unwrap_or_default();
            let micros = u64::try_from(decided.took.as_micros()).unwrap_or(u64::MAX);
            return self.out.json(
                &json!({"asked": attempt.told, "expected": expected, "asExpected": as_expected, "micros": micros, "decision": record}),
            );
        }
        let (style, word) = look(decided.outcome);
        let word = styled(style, format!("{word:<DECISION$}"));
        let took = shown(decided.took);
        self.say(&format!("   {:<ASKED$}{word}{:<REASON$}{took:>9}", attempt.told, decided.reason.code()))?;
        if decided.outcome == Outcome::Deny {
            self.say(&styled(QUIET, fold(&decided.message, "     ", "     ")))?;
        }
        if !as_expected {
            self.say(&styled(BAD, format!("     expected {expected}")))?;
        }
        Ok(())
    }

    /// The audit log, which comes newest first.
    pub(super) fn log(&mut self, events: &[Value]) -> Result<(), CliError> {
        let text = |event: &Value, name: &str| event.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
        let reporter = |event: &Value| text(event, "reporter").replace(ISSUER, "issuer");
        let mut decisions = 0;
        for event in events.iter().rev() {
            decisions += usize::from(text(event, "kind") == "decision");
            if self.out.is_json() {
                self.out.json(event)?;
                continue;
            }
            let what = format!("{} on {}", text(event, "action"), text(event, "resource"));
            let line = format!("   {:<8} {:<12} {:<35} {}", text(event, "kind"), reporter(event), escape(&what), text(event, "reason"));
            self.say(&cut(&line))?;
        }
        if decisions != self.decisions {
            self.unexpected += 1;
            self.say(&styled(BAD, format!("   {} decisions were taken, and {decisions} are in the log", self.decisions)))?;
        }
        Ok(())
    }

    pub(super) fn end(&self) -> Result<(), CliError> {
        let told = match self.unexpected {
            0 => styled(GOOD, format!("All {} decisions were as expected, and all are in the log.", self.decisions)),
            count => styled(BAD, format!("{count} of the outcomes were not as expected.")),
        };
        self.say(&format!("\n{told}"))?;
        self.say(&styled(QUIET, "The temporary directory is gone. Next: passport serve --dev"))
    }
}

fn look(outcome: Outcome) -> (Style, &'static str) {
    match outcome {
        Outcome::Allow => (GOOD, "allow"),
        Outcome::ApprovalRequired => (CARE, "ask"),
        Outcome::Deny => (BAD, "deny"),
    }
}

/// A duration in microseconds: in milliseconds from ten of them on, and with a tenth below ten of the former.
fn shown(took: Duration) -> String {
    match took.as_nanos() {
        nanos @ 0..10_000 => format!("{}.{} µs", nanos / 1_000, nanos / 100 % 10),
        nanos @ 10_000..10_000_000 => format!("{} µs", nanos / 1_000),
        nanos => format!("{} ms", nanos / 1_000_000),
    }
}

/// `line`, cut to the width.
fn cut(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    line.chars().take(WIDTH - 1).chain(['…']).collect()
}

/// `text` folded at its spaces to the width, its first line after `first` and the others after `rest`.
fn fold(text: &str, first: &str, rest: &str) -> String {
    let mut lines = vec![first.to_owned()];
    let mut empty = true;
    for word in text.split(' ') {
        let width = lines.last().map_or(0, |line| visible(line));
        if !empty && width + 1 + visible(word) > WIDTH {
            lines.push(rest.to_owned());
            empty = true;
        }
        if let Some(line) = lines.last_mut() {
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
        }
        empty = false;
    }
    lines.join("\n")
}

/// The columns that `text` takes, without the sequences that style it.
fn visible(text: &str) -> usize {
    anstream::adapter::strip_str(text).to_string().chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded_at_its_words_and_never_wider_than_the_width() {
        let folded = fold(&"word ".repeat(60), "   - ", "     ");
        assert!(folded.lines().all(|line| line.chars().count() <= WIDTH), "{folded}");
        assert!(folded.lines().skip(1).all(|line| line.starts_with("     ")));
        assert_eq!(fold(&format!("a {}", styled(GOOD, "b")), "  ", ""), format!("  a {}", styled(GOOD, "b")));
        assert_eq!(cut(&"x".repeat(100)).chars().count(), WIDTH);
        assert_eq!(shown(Duration::from_nanos(860)), "0.8 µs");
        assert_eq!(shown(Duration::from_micros(62)), "62 µs");
        assert_eq!(shown(Duration::from_millis(12)), "12 ms");
    }
}
