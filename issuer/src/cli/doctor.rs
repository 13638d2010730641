//! `passport doctor`: how an issuer is, a line for each thing, and what to do about it.

mod data;
mod spool;
mod trust;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::error::{DONE, Ended, FAILED};
use super::issuer_data::{Places, block_on, passphrase_of};
use super::output::{BAD, CARE, GOOD, Output, styled, wrap};
use super::{Session, core_dumps};
use crate::config::{DataSettings, UrlSettings};

/// Say how an issuer is, and what to do about what is wrong
///
/// Looks at the data directory, its database, its keys and its disk, and with --url at what the issuer publishes and at
/// this machine's clock. It changes nothing, and may run while the issuer serves. With the passphrase given, the keys are
/// opened too. Exits with 1 if something is wrong; what needs care is no error.
///
/// With --spool it looks at the spool of a service that reports, on the service's machine; at an issuer's data then only if
/// that is named.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    #[command(flatten)]
    data: DataSettings,
    #[command(flatten)]
    url: UrlSettings,
    /// The spool of a service that reports: what waits in it, and whether it is sound
    #[arg(long, value_name = "DIR")]
    spool: Option<PathBuf>,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Ok,
    Care,
    Wrong,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    /// What was found.
    found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), advice: None }
    }

    fn care(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Care, found: found.into(), advice: Some(advice.into()) }
    }

    fn wrong(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Wrong, found: found.into(), advice: Some(advice.into()) }
    }
}

/// What was found, for a program.
#[derive(Serialize)]
struct Report<'r> {
    verdict: Verdict,
    checks: &'r [Finding],
}

impl Doctor {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        core_dumps::forbid(session.out);
        let settings = session.settings.data(&self.data);
        // On a service's machine there is no issuer, unless one is named.
        let is_named = settings.data.is_some() || settings.database.is_some();
        let places = (self.spool.is_none() || is_named).then(|| Places::of(&settings)).transpose()?;
        let passphrase = passphrase_of(&settings, std::env::var_os("PASSPORT_PASSPHRASE"))?;
        let url = session.settings.url(&self.url).url;
        block_on(async {
            let now = session.clock.now();
            let mut findings = match &places {
                Some(places) => data::look(places, passphrase, now).await,
                None => Vec::new(),
            };
            findings.extend(self.spool.iter().flat_map(|spool| spool::look(spool, now)));
            findings.extend(url.into_iter().flat_map(|url| trust::look(&url, now)));
            tell(&findings, session.out)
        })
    }
}

fn tell(findings: &[Finding], out: Output) -> Ended {
    let is = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    let verdict = match (is(Verdict::Wrong), is(Verdict::Care)) {
        (true, _) => Verdict::Wrong,
        (false, true) => Verdict::Care,
        (false, false) => Verdict::Ok,
    };
    match out.is_json() {
        true => out.json(&Report { verdict, checks: findings })?,
        false => out.text(&findings.iter().map(line).collect::<Vec<_>>().join("\n"))?,
    }
    Ok(if verdict == Verdict::Wrong { FAILED } else { DONE })
}

fn line(finding: &Finding) -> String {
    let word = match finding.verdict {
        Verdict::Ok => styled(GOOD, "OK   "),
        Verdict::Care => styled(CARE, "CARE "),
        Verdict::Wrong => styled(BAD, "WRONG"),
    };
    let fit = |text: &str| wrap(text, 60).join("\n                   ");
    let advice = finding.advice.as_deref().map(|advice| format!("\n                   {}", fit(&format!("to do: {advice}"))));
    format!("{word} {:<12} {}{}", finding.check, fit(&finding.found), advice.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::WIDTH;

    #[test]
    fn a_finding_and_what_to_do_about_it_fit_80_columns() {
        let words = "word ".repeat(40);
        let text = anstream::adapter::strip_str(&line(&Finding::wrong("spool access", words.trim_end(), words.trim_end()))).to_string();
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert_eq!((text.matches("word").count(), text.matches("to do: ").count()), (80, 1), "nothing is lost: {text}");
    }
}
