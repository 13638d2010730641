//! `passport test`: a team's own expectations of its grants, for its own CI.

mod expect;
mod file;
mod junit;
mod report;
mod yaml;

use std::path::PathBuf;

use clap::Args;
use passport_shared::decision::Verdict;
use passport_shared::judge::{LEEWAY, check_times, judge};

use self::file::{Case, Suite};
use super::error::{CliError, DONE, Ended, FAILED};
use super::{Session, input};

/// Try grants on requests, and compare with what is expected
///
/// A file says which grants (or template, or claims of a passport) hold, and for each request which decision is expected:
/// outcome, reason, grant, unmet clauses. Nothing is signed and nobody is asked. It ends with 0 where all is as expected,
/// with 1 where a decision is another, and with 2 where a file is wrong; then nothing was tried.
#[derive(Debug, Args)]
#[command(after_help = "\
What checkout.yaml says:
  now: 2026-05-30T12:00:00Z
  grants:
    - resource: commerce
      allowedActions: [purchase]
      constraints: {amount: {max: \"500.00\"}}
  tests:
    - name: a purchase within the limit
      request: {action: purchase, resource: commerce, amount: 42.10}
      expect: allow
    - name: nothing over the limit
      request: {action: purchase, resource: commerce, amount: 742}
      expect: constraint_unmet")]
pub(crate) struct Test {
    /// A YAML or JSON file of tests; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The time, where a file says none: RFC 3339, or seconds since 1970 [default: the present]
    #[arg(long, value_name = "TIME", value_parser = input::time, allow_hyphen_values = true)]
    at: Option<i64>,
    /// Write the results as JUnit XML too
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// One test that was run.
struct Ran<'s> {
    case: &'s Case,
    verdict: Verdict,
    /// What is not as expected; nothing: all is.
    differs: Vec<&'static str>,
}

impl Test {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let present = self.at.unwrap_or_else(|| session.clock.now());
        let (mut suites, mut faults) = (Vec::new(), Vec::new());
        for path in &self.files {
            match file::load(path, present) {
                Ok(suite) => suites.push(suite),
                Err(wrong) => faults.extend(wrong),
            }
        }
        if !faults.is_empty() {
            let error = CliError::usage("nothing was tried: what is wrong in the files comes first").with_errors(faults);
            return Err(error.hint("`passport test --help` shows a whole file; each place is FILE:LINE:COLUMN"));
        }
        let ran: Vec<(&Suite, Vec<Ran<'_>>)> = suites.iter().map(|suite| (suite, suite.cases.iter().map(Ran::of).collect())).collect();
        if let Some(path) = &self.junit {
            junit::write(path, &ran)?;
        }
        report::tell(&ran, session)?;
        let all = ran.iter().flat_map(|(_, ran)| ran).all(Ran::passed);
        Ok(if all { DONE } else { FAILED })
    }
}

impl<'s> Ran<'s> {
    fn of(case: &'s Case) -> Self {
        let times = case.has_times.then(|| check_times(&case.passport, case.now, LEEWAY)).flatten();
        let verdict = match times {
            Some(refusal) => Verdict::Deny(refusal),
            None => judge(&case.passport, &case.request, case.policy, case.now),
        };
        let differs = case.expected.differs(&verdict);
        Self { case, verdict, differs }
    }

    fn passed(&self) -> bool {
        self.differs.is_empty()
    }
}
