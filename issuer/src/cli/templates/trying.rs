//! What a template comes to with some values: one that is saved, or one in a file. Nothing is issued.

use std::path::PathBuf;

use clap::Args;
use passport_shared::api::templates::{ExpandTemplate, ExpandedTemplate, TemplatePreview};
use passport_shared::text::escape;
use serde_json::value::RawValue;

use super::{Params, file, path};
use crate::cli::Session;
use crate::cli::client::Remote;
use crate::cli::error::{DONE, Ended};
use crate::cli::output::facts;
use crate::cli::said::{KEPT_FROM_THE_LOG, section};
use crate::cli::words::{spaced, whole};

/// Show what a template comes to; nothing is issued
#[derive(Debug, Args)]
pub(crate) struct Expand {
    /// Its name
    name: String,
    #[command(flatten)]
    params: Params,
    #[command(flatten)]
    remote: Remote,
}

/// Show what a file would come to as a template; nothing is saved
///
/// The issuer says what is wrong with it as saving it would, and where nothing is, what is wrong with the values.
#[derive(Debug, Args)]
pub(crate) struct Preview {
    /// The file, as for `templates save`; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    params: Params,
    #[command(flatten)]
    remote: Remote,
}

impl Expand {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let body = ExpandTemplate { parameters: self.params.read()? };
        let answer = self.remote.client(session)?.post(&format!("{}/expand", path(&self.name)), &body)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let expanded: ExpandedTemplate = answer.read_json()?;
        let rows = [
            ("template", escape(&expanded.name)),
            ("revision", expanded.revision.to_string()),
            ("parameters", values(&expanded.parameters)),
        ];
        session.out.text(&told(&rows, "A passport by it", &expanded.describe, &expanded.hides))?;
        Ok(DONE)
    }
}

impl Preview {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let (name, members) = file::read(&self.file)?;
        let mut body: file::Members = members.into_iter().filter(|(member, _)| TRIED.contains(&member.as_str())).collect();
        body.extend(self.params.read()?.map(|values| ("values".to_owned(), values)));
        let answer = self.remote.client(session)?.post(&format!("{}/preview", path(&name)), &body)?;
        if session.out.is_json() {
            session.out.line(answer.body().as_bytes())?;
            return Ok(DONE);
        }
        let preview: TemplatePreview = answer.read_json()?;
        let rows = [("template", escape(&name)), ("parameters", values(&preview.values))];
        session.out.text(&told(&rows, "A passport by it would", &preview.describe, &preview.hides))?;
        session.out.say("\nnothing was saved; `passport templates save` saves it");
        Ok(DONE)
    }
}

/// What of a file makes its grants: the rest is looked at when it is saved.
const TRIED: [&str; 2] = ["parameters", "grants"];

fn values(json: &RawValue) -> String {
    whole(&spaced(json.get()))
}

fn told(rows: &[(&str, String)], heading: &str, describe: &[String], hides: &[String]) -> String {
    let sentences = |heading, sentences: &[String]| section(heading, &sentences.iter().map(|text| whole(text)).collect::<Vec<_>>());
    let parts = [Some(facts(rows)), sentences(heading, describe), sentences(KEPT_FROM_THE_LOG, hides)];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n")
}
