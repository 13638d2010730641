//! What came of the tests, for a person and for a program.

use std::fmt::Write as _;

use passport_shared::decision::{Outcome, Unmet, Verdict};
use passport_shared::text::is_control;
use serde::Serialize;

use super::Ran;
use super::expect::Expected;
use super::file::Suite;
use crate::cli::Session;
use crate::cli::error::CliError;
use crate::cli::output::{BAD, GOOD, STRONG, styled, width, wrap};

/// The whole result.
#[derive(Serialize)]
struct Told<'r> {
    tests: usize,
    passed: usize,
    failed: usize,
    files: Vec<File<'r>>,
}

#[derive(Serialize)]
struct File<'r> {
    file: String,
    tests: Vec<One<'r>>,
}

#[derive(Serialize)]
struct One<'r> {
    name: &'r str,
    line: usize,
    passed: bool,
    expected: &'r Expected,
    got: Got<'r>,
    /// Which members of `expected` are not so.
    differences: &'r [&'static str],
}

#[derive(Serialize)]
struct Got<'r> {
    outcome: Outcome,
    reason: &'static str,
    grant: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approvers: Option<u8>,
    details: &'r [Unmet],
    message: String,
}

impl<'r> File<'r> {
    fn of(suite: &Suite, ran: &'r [Ran<'r>]) -> Self {
        let one = |ran: &'r Ran<'r>| One {
            name: &ran.case.name,
            line: ran.case.line,
            passed: ran.passed(),
            expected: &ran.case.expected,
            got: Got::of(&ran.verdict),
            differences: &ran.differs,
        };
        Self { file: suite.path.display().to_string(), tests: ran.iter().map(one).collect() }
    }
}

impl<'r> Got<'r> {
    fn of(verdict: &'r Verdict) -> Self {
        let approvers = match verdict {
            Verdict::NeedsApproval { approvers, .. } => Some(*approvers),
            Verdict::Allow { .. } | Verdict::Deny(_) => None,
        };
        let (outcome, reason, details) = (verdict.outcome(), verdict.reason().code(), verdict.details());
        Self { outcome, reason, grant: verdict.grant(), approvers, details, message: verdict.message() }
    }
}

pub(super) fn tell(ran: &[(&Suite, Vec<Ran<'_>>)], session: &Session) -> Result<(), CliError> {
    let tests: usize = ran.iter().map(|(_, ran)| ran.len()).sum();
    let passed = ran.iter().flat_map(|(_, ran)| ran).filter(|ran| ran.passed()).count();
    let failed = tests.saturating_sub(passed);
    if session.out.is_json() {
        return session.out.json(&Told { tests, passed, failed, files: ran.iter().map(|(suite, ran)| File::of(suite, ran)).collect() });
    }
    let mut text = String::new();
    for (suite, ran) in ran {
        let _ = writeln!(text, "{}", styled(STRONG, suite.path.display()));
        for one in ran {
            let (style, word) = if one.passed() { (GOOD, "ok  ") } else { (BAD, "DIFF") };
            let name = wrap(&clean(&one.case.name), width().saturating_sub(8)).join("\n        ");
            let _ = writeln!(text, "  {}  {name}", styled(style, word));
            if !one.passed() {
                let _ = writeln!(text, "{}", difference(suite, one, width()));
            }
        }
        text.push('\n');
    }
    let sum = match failed {
        0 => styled(GOOD, format!("all {tests} as expected")),
        failed => styled(BAD, format!("{failed} of {tests} not as expected")),
    };
    session.out.text(&format!("{text}{sum}"))
}

/// Expected, got and why, beneath each other.
fn difference(suite: &Suite, ran: &Ran<'_>, width: usize) -> String {
    let case = ran.case;
    let mut rows = vec![("expected", expected(&case.expected)), ("got", got(&ran.verdict)), ("why", ran.verdict.message())];
    if ran.differs.contains(&"details") {
        let details = serde_json::to_string(ran.verdict.details()).unwrap_or_default();
        rows.insert(2, ("clauses", details));
    }
    rows.push(("request", clean(&case.asked)));
    rows.push(("at", format!("{}:{}", suite.path.display(), case.line)));
    let line = |(name, value): &(&str, String)| {
        let value = wrap(value, width.saturating_sub(18)).join(&format!("\n{}", " ".repeat(18)));
        format!("        {name:<10}{value}")
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// What a team wrote itself, whole, but for what a terminal would take for an order.
fn clean(text: &str) -> String {
    text.chars().map(|character| if is_control(character) { char::REPLACEMENT_CHARACTER } else { character }).collect()
}

/// What is expected, in a line. Also for JUnit.
pub(super) fn expected(expected: &Expected) -> String {
    let mut text = expected.outcome.to_owned();
    if let Some(reason) = expected.reason {
        let _ = write!(text, ", {reason}");
    }
    if let Some(grant) = expected.grant {
        let _ = write!(text, ", by grant {grant}");
    }
    if let Some(approvers) = expected.approvers {
        let _ = write!(text, ", by {approvers} people");
    }
    if let Some(details) = &expected.details {
        let _ = write!(text, ", {}", serde_json::to_string(details).unwrap_or_default());
    }
    text
}

/// What was decided, in a line.
pub(super) fn got(verdict: &Verdict) -> String {
    let mut text = format!("{}, {}", verdict.outcome().code(), verdict.reason().code());
    if let Some(grant) = verdict.grant() {
        let _ = write!(text, ", by grant {grant}");
    }
    text
}
