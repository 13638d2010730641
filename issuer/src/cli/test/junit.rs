//! The results as JUnit XML, which every CI reads.

use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::file::Suite;
use super::{Ran, report};
use crate::cli::error::CliError;
use crate::cli::write::{Readers, write as put};

/// Writes them to `path`, whole or not at all.
pub(super) fn write(path: &Path, ran: &[(&Suite, Vec<Ran<'_>>)]) -> Result<(), CliError> {
    let mut told = Report::new("passport test");
    for (suite, ran) in ran {
        let mut into = TestSuite::new(suite.path.display().to_string());
        into.add_test_cases(ran.iter().map(|ran| case(suite, ran)));
        told.add_test_suite(into);
    }
    let text = told.to_string().map_err(|error| CliError::failed(format!("the results cannot be written as XML: {error}")))?;
    put(path, text.as_bytes(), Readers::Everyone)
}

fn case(suite: &Suite, ran: &Ran<'_>) -> TestCase {
    let status = match ran.passed() {
        true => TestCaseStatus::success(),
        false => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            let message = format!("expected {}; got {}", report::expected(&ran.case.expected), report::got(&ran.verdict));
            status.set_message(message).set_type("unexpected decision").set_description(format!(
                "{}\nrequest: {}\nat {}:{}",
                ran.verdict.message(),
                ran.case.asked,
                suite.path.display(),
                ran.case.line
            ));
            status
        }
    };
    let mut case = TestCase::new(ran.case.name.clone(), status);
    case.set_classname(suite.path.display().to_string());
    case
}
