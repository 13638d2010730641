//! `passport replay`: recorded requests under other grants.

use std::path::PathBuf;

use clap::Args;
use passport_shared::decision::Outcome;
use passport_shared::grant::Grant;
use passport_shared::passport::Passport;
use passport_shared::replay::{Replay as Replaying, Replayed, Turn};
use passport_shared::text::escape;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::client::escaped;
use super::error::{CliError, DENIED, DONE, Ended};
use super::history::{self, History, HistoryArgs};
use super::issuer_data::block_on;
use super::output::{cut, table};
use super::templates::Params;
use super::words::counted;
use super::{Session, input};

/// Decide recorded requests again, under other grants
///
/// It says what would newly be allowed or denied, by action and resource, with examples, and changes nothing. It ends with 3
/// where any answer would be another, else with 0. Requests that the grants did not decide are left out: those of passports
/// that were over or revoked, and those that do not say what was asked.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    #[command(flatten)]
    history: HistoryArgs,
    /// How far back: 12h, 7d, 30d
    #[arg(long, value_name = "DURATION", value_parser = input::duration, default_value = "7d")]
    since: u64,
    /// A file with a JSON list of grants to decide under; - is standard input
    #[arg(long, value_name = "FILE")]
    grants: Option<PathBuf>,
    /// One of them, as JSON; repeatable
    #[arg(long, value_name = "JSON", conflicts_with = "grants")]
    grant: Vec<String>,
    /// The passport whose grants to decide under
    #[arg(long, value_name = "ID", conflicts_with_all = ["grants", "grant"])]
    passport: Option<String>,
    /// The template whose grants to decide under
    #[arg(long, value_name = "NAME", conflicts_with_all = ["grants", "grant", "passport"])]
    template: Option<String>,
    #[command(flatten)]
    params: Params,
}

#[derive(Deserialize)]
struct Expanded {
    grants: Box<RawValue>,
}

impl Replay {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        block_on(async {
            let history = self.history.open(session).await?;
            let done = self.replay(&history, session).await;
            history.close().await?;
            let told = done?;
            match session.out.is_json() {
                true => session.out.json(&told)?,
                false => self.show(&told, session)?,
            }
            Ok(if told.turns() { DENIED } else { DONE })
        })
    }

    async fn replay(&self, history: &History, session: &Session) -> Result<Replayed, CliError> {
        let under = self.under(history, session).await?;
        let mut replay = Replaying::new(&under);
        history.each(self.history.agent(), history::since(self.since, session), session.out, |recorded| replay.take(recorded)).await?;
        Ok(replay.end())
    }

    /// The grants to decide under, as the agent's.
    async fn under(&self, history: &History, session: &Session) -> Result<Passport, CliError> {
        let agent = self.history.agent();
        let parameters = self.params.read()?;
        if parameters.is_some() && self.template.is_none() {
            return Err(CliError::usage("--param is for a template, and none is named").hint("name it: --template NAME"));
        }
        if let Some(id) = &self.passport {
            let held = history.held(agent, Some(id), session.clock.now()).await?;
            return Ok(holding_as(agent, held));
        }
        if let Some(name) = &self.template {
            let Some(client) = history.client() else {
                return Err(CliError::usage("a template is expanded by an issuer, and --data reads one that is stopped")
                    .hint("give the grants themselves: --grants FILE"));
            };
            let body = json!({ "parameters": parameters });
            let body = if parameters.is_some() { body } else { json!({}) };
            let expanded: Expanded = client.post(&format!("/v1/templates/{}/expand", escaped(name)), &body)?.read_json()?;
            return Ok(Passport::holding(agent, history::read_grants(expanded.grants.get(), "the template")?));
        }
        if self.grants.is_none() && self.grant.is_empty() {
            return Err(CliError::usage("no grants are named to decide under")
                .hint("name them: --grants FILE, --grant JSON, --passport ID or --template NAME"));
        }
        let given = super::issue::read_grants(&self.grant, self.grants.as_deref())?;
        Ok(Passport::holding(agent, history::read_grants(given.get(), "--grants")?))
    }

    fn show(&self, told: &Replayed, session: &Session) -> Result<(), CliError> {
        let rows = told.changes.iter().map(|change| {
            let resource = change.resource.as_deref().map_or_else(|| "-".to_owned(), escape);
            vec![turn(change.turn).to_owned(), change.count.to_string(), cut(&escape(&change.action), 30), cut(&resource, 40)]
        });
        if !told.changes.is_empty() {
            session.out.text(&table(&["CHANGE", "COUNT", "ACTION", "RESOURCE"], rows))?;
            let examples = told.examples.iter().map(|example| {
                let message = format!("{} (was {}): {}", example.would_be, escape(&example.was), escape(&example.message));
                vec![turn(example.turn).to_owned(), escape(&example.request_id), cut(&message, 100)]
            });
            session.out.text(&format!("\n{}", table(&["CHANGE", "REQUEST", "WOULD BE"], examples)))?;
        }
        if told.other_changes > 0 {
            session.out.say(&format!("and {} more, of other actions and resources", told.other_changes));
        }
        session.out.say(&format!(
            "{} of {}: {} the same, {} newly allowed, {} newly denied, {} newly to be asked for",
            counted(told.decisions, "decision"),
            escape(self.history.agent()),
            told.same,
            told.newly_allowed,
            told.newly_denied,
            told.newly_asked
        ));
        for (why, count) in &told.left_out {
            session.out.say(&format!("left out: {count} ({})", escape(why)));
        }
        Ok(())
    }
}

/// The grants of a passport, in the hands of this agent.
fn holding_as(agent: &str, held: Passport) -> Passport {
    let grants: Vec<Grant> = held.grants.into_iter().map(|(_, grant)| grant).collect();
    Passport::holding(agent, grants)
}

fn turn(turn: Turn) -> &'static str {
    match (turn.from, turn.to) {
        (_, Outcome::Allow) => "newly allowed",
        (Outcome::Allow, Outcome::Deny) => "newly denied",
        (_, Outcome::Deny) => "no more asked",
        (Outcome::Allow, Outcome::ApprovalRequired) => "allow -> ask",
        (_, Outcome::ApprovalRequired) => "deny -> ask",
    }
}
