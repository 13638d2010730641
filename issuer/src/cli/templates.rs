//! `passport templates`: named sets of grants with parameters.

mod file;
mod params;
mod trying;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use passport_shared::api::Page;
use passport_shared::api::templates::{DeletedTemplate, Template};
use passport_shared::text::escape;
use serde_json::value::{RawValue, to_raw_value};

use self::file::Members;
pub(crate) use self::params::Params;
use self::trying::{Expand, Preview};
use super::client::{Remote, escaped};
use super::error::{CliError, DONE, Ended};
use super::output::{facts, table};
use super::said::section;
use super::words::{listed, relative_text, spaced, whole};
use super::{Session, page};

/// Save, list, try and delete templates of grants
#[derive(Debug, Subcommand)]
pub(crate) enum Templates {
    Save(Save),
    List(List),
    Show(Show),
    Expand(Expand),
    Preview(Preview),
    Delete(Delete),
}

/// Save a template from a JSON file
///
/// A name that is new is created, another is given a new revision; passports that were issued stay as they are. Where the
/// file says `revision`, it is saved only if that is the newest one still: `templates show NAME --json` writes such a file.
#[derive(Debug, Args)]
#[command(after_help = "\
What team-reports.json says:
  {\"name\": \"team-reports\", \"expiresIn\": 3600,
   \"audience\": [\"https://reports.example\"],
   \"parameters\": {\"team\": {\"type\": \"string\"},
                  \"pages\": {\"type\": \"number\", \"max\": 1000, \"default\": 50}},
   \"grants\": [{\"resource\": \"reports/${team}/**\", \"allowedActions\": [\"read\"],
               \"constraints\": {\"pages\": {\"max\": {\"$param\": \"pages\"}}}}]}")]
pub(crate) struct Save {
    /// The file; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    remote: Remote,
}

/// List templates
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    page: page::PageArgs,
    #[command(flatten)]
    remote: Remote,
}

/// Show one template
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its name
    name: String,
    /// In this revision, also after it was deleted [default: the newest]
    #[arg(long, value_name = "N")]
    revision: Option<u32>,
    #[command(flatten)]
    remote: Remote,
}

/// Delete a template; passports by it stay
#[derive(Debug, Args)]
#[command(after_help = "\
Passports by it go with `passport passports revoke --template NAME`.")]
pub(crate) struct Delete {
    /// Its name
    name: String,
    #[command(flatten)]
    remote: Remote,
}

impl Templates {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        match self {
            Self::Save(save) => save.run(session),
            Self::List(list) => list.run(session),
            Self::Show(show) => {
                let query = [("revision", show.revision.map(|revision| revision.to_string()))];
                let answer = show.remote.client(session)?.get(&path(&show.name), &query)?;
                tell(&answer.read_json()?, answer.body(), session)
            }
            Self::Expand(expand) => expand.run(session),
            Self::Preview(preview) => preview.run(session),
            Self::Delete(delete) => delete.run(session),
        }
    }
}

impl Save {
    fn run(&self, session: &Session) -> Ended {
        let (name, mut members) = file::read(&self.file)?;
        let client = self.remote.client(session)?;
        let answer = if members.contains_key("revision") {
            client.put(&path(&name), &members)?
        } else {
            match client.post("/v1/templates", &members) {
                Err(CliError::Remote { told, .. }) if told.code == "conflict" => {
                    let now: Template = client.get(&path(&name), &[])?.read_json()?;
                    let revision = to_raw_value(&now.revision).map_err(|error| CliError::failed(error.to_string()))?;
                    members.insert("revision".to_owned(), revision);
                    client.put(&path(&name), &members)?
                }
                created => created?,
            }
        };
        tell(&answer.read_json()?, answer.body(), session)
    }
}

impl List {
    fn run(&self, session: &Session) -> Ended {
        let answer = self.remote.client(session)?.get("/v1/templates", &self.page.query())?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let templates: Page<Template> = answer.read_json()?;
        let now = session.clock.now();
        let rows = templates.items.iter().map(|template| {
            let parameters: Vec<String> = parameters(template).into_keys().collect();
            vec![escape(&template.name), template.revision.to_string(), listed(&parameters), relative_text(&template.saved_at, now)]
        });
        let table = table(&["TEMPLATE", "REVISION", "PARAMETERS", "SAVED"], rows);
        page::show(&table, templates.items.len(), templates.next_cursor.as_deref(), session)
    }
}

impl Delete {
    fn run(&self, session: &Session) -> Ended {
        let answer = self.remote.client(session)?.delete(&path(&self.name))?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let deleted: DeletedTemplate = answer.read_json()?;
        session.out.text(&facts(&[
            ("template", escape(&deleted.name)),
            ("revision", deleted.revision.to_string()),
            ("live passports", deleted.live_passports.to_string()),
        ]))?;
        if deleted.live_passports > 0 {
            session.out.say("\nthey stay until they are revoked or expire: `passport passports revoke --template NAME`");
        }
        Ok(DONE)
    }
}

fn path(name: &str) -> String {
    format!("/v1/templates/{}", escaped(name))
}

fn parameters(template: &Template) -> Members {
    serde_json::from_str(template.parameters.get()).unwrap_or_default()
}

fn tell(template: &Template, body: &str, session: &Session) -> Ended {
    if session.out.is_json() {
        session.out.line(body.as_bytes())?;
        return Ok(DONE);
    }
    let mut rows = vec![("template", escape(&template.name)), ("revision", template.revision.to_string())];
    rows.extend(template.description.as_ref().map(|text| ("description", escape(text))));
    rows.extend(template.audience.as_ref().map(|audience| ("audience", listed(audience))));
    rows.extend(template.expires_in.map(|seconds| ("lives", format!("{seconds} seconds"))));
    rows.push(("created", format!("{} by {}", escape(&template.created_at), escape(&template.created_by))));
    rows.push(("saved", format!("{} by {}", escape(&template.saved_at), escape(&template.saved_by))));
    rows.extend(template.deleted_at.as_ref().map(|at| ("deleted", escape(at))));
    let parameters: Vec<String> =
        parameters(template).iter().map(|(name, value)| format!("{}: {}", escape(name), whole(&spaced(value.get())))).collect();
    let grants: Vec<Box<RawValue>> = serde_json::from_str(template.grants.get()).unwrap_or_default();
    let grants: Vec<String> = grants.iter().map(|grant| whole(&spaced(grant.get()))).collect();
    let parts = [Some(facts(&rows)), section("Parameters", &parameters), section("Grants", &grants)];
    session.out.text(&parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n"))?;
    Ok(DONE)
}
