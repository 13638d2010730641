//! `passport shrink`: the narrowest grants that cover what was really used.

use clap::Args;
use passport_shared::grant::Grant;
use passport_shared::passport::Passport;
use passport_shared::shrink::{Shrink as Shrinking, Shrunk, Told};
use passport_shared::text::escape;
use serde::Serialize;

use super::error::{CliError, DONE, Ended};
use super::history::{self, History, HistoryArgs};
use super::issuer_data::block_on;
use super::words::counted;
use super::{Session, input};
use crate::service::check_renewed;

/// Derive the narrowest grants that cover what an agent really used
///
/// The grants alone go to standard output, for `passport issue --grants FILE` or `renew --grants FILE`: exact resources and
/// actions, and attributes within what was seen. They allow no more than the passport that they are made of. What an agent
/// needs once a year is not in what it used this month: try them first with `passport replay`.
#[derive(Debug, Args)]
pub(crate) struct Shrink {
    #[command(flatten)]
    history: HistoryArgs,
    /// How far back: 12h, 7d, 30d
    #[arg(long, value_name = "DURATION", value_parser = input::duration, default_value = "30d")]
    since: u64,
    /// The passport to make narrower [default: the agent's newest live one]
    #[arg(long, value_name = "ID")]
    passport: Option<String>,
    /// Where at least three resources differ in one segment, put `*` there
    #[arg(long)]
    generalise: bool,
    /// Write a template of this name, for `passport templates save`
    #[arg(long, value_name = "NAME")]
    as_template: Option<String>,
}

#[derive(Serialize)]
struct Template<'t> {
    name: &'t str,
    grants: &'t [Grant],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'t> {
    passport_id: &'t str,
    held: usize,
    grants: &'t [Grant],
    #[serde(flatten)]
    told: &'t Told,
}

impl Shrink {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        block_on(async {
            let history = self.history.open(session).await?;
            let done = self.shrink(&history, session).await;
            history.close().await?;
            let (held, shrunk) = done?;
            self.show(&held, &shrunk, session)?;
            Ok(DONE)
        })
    }

    async fn shrink(&self, history: &History, session: &Session) -> Result<(Passport, Shrunk), CliError> {
        let (agent, now) = (self.history.agent(), session.clock.now());
        let held = history.held(agent, self.passport.as_deref(), now).await?;
        let mut shrink = Shrinking::new(&held, now);
        history.each(agent, history::since(self.since, session), session.out, |recorded| shrink.take(recorded)).await?;
        let shrunk = shrink.end(self.generalise);
        let own: Vec<Grant> = held.grants.iter().map(|(_, grant)| grant.clone()).collect();
        // Before anybody takes them for narrower.
        check_renewed(&own, &shrunk.grants, held.expires_at, now)
            .map_err(|error| CliError::failed(format!("what was made is more than is held: {error}")))?;
        Ok((held, shrunk))
    }

    fn show(&self, held: &Passport, shrunk: &Shrunk, session: &Session) -> Result<(), CliError> {
        let out = session.out;
        let Shrunk { grants, told } = shrunk;
        let written = match &self.as_template {
            Some(name) => serde_json::to_string_pretty(&Template { name, grants }),
            None => serde_json::to_string_pretty(grants),
        };
        let written = written.map_err(|error| CliError::failed(format!("the grants cannot be written as JSON: {error}")))?;
        match out.is_json() {
            true => out.json(&Whole { passport_id: &held.id, held: held.grants.len(), grants, told })?,
            false => out.text(&written)?,
        }
        let allowing = grants.iter().filter(|grant| !grant.allowed_actions.is_empty());
        let (count, actions) = (allowing.clone().count(), allowing.map(|grant| grant.allowed_actions.len()).sum::<usize>());
        let constraints: usize = grants.iter().map(|grant| grant.constraints.len()).sum();
        let before: usize = held.grants.iter().map(|(_, grant)| grant.constraints.len()).sum();
        out.say(&format!(
            "of {} that {} held, with {}, come {} for {} with {}, and what is blocked: they cover {}",
            counted(held.grants.len(), "grant"),
            if held.grants.len() == 1 { "is" } else { "are" },
            counted(before, "constraint"),
            counted(count, "grant"),
            counted(actions, "action"),
            counted(constraints, "constraint"),
            counted(told.covered, "request")
        ));
        for index in &told.unused {
            out.say(&format!("grant {index} was not used"));
        }
        if told.not_held > 0 {
            let were = if told.not_held == 1 { "was" } else { "were" };
            out.say(&format!("{} {were} allowed by another passport, and not by this one", counted(told.not_held, "request")));
        }
        if told.not_told > 0 {
            let not = if told.not_told == 1 { "does not" } else { "do not" };
            out.say(&format!("{} {not} say what was asked", counted(told.not_told, "decision")));
        }
        for sentence in &told.open {
            out.say(&escape(sentence));
        }
        Ok(())
    }
}
