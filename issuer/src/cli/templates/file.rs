//! A template in a file, as `templates show NAME --json` writes it or a person does.

use std::collections::BTreeMap;
use std::path::Path;

use passport_shared::json::{Controls, Document};
use passport_shared::limits::REQUEST_BYTES;
use serde_json::value::RawValue;

use crate::cli::error::CliError;
use crate::cli::input;

/// A file of a template, member by member, each to the letter.
pub(super) type Members = BTreeMap<String, Box<RawValue>>;

/// What the issuer says of a template and nobody else: a file that it wrote may have it.
const ISSUERS: [&str; 5] = ["createdAt", "createdBy", "savedAt", "savedBy", "deletedAt"];

/// The template's name, and the body that saves it.
pub(super) fn read(file: &Path) -> Result<(String, Members), CliError> {
    let wrong = |what: String| {
        CliError::usage(format!("`{}` holds no template: {what}", file.display()))
            .hint("`passport templates save --help` shows a whole one")
    };
    let bytes = input::file(file, REQUEST_BYTES)?;
    Document::read(&bytes, Controls::InValues).map_err(|fault| wrong(format!("it is not sound JSON: {fault}")))?;
    let mut members: Members = serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?;
    let name = members.get("name").and_then(|name| serde_json::from_str::<String>(name.get()).ok());
    let name = name.ok_or_else(|| wrong("its member `name` must be a string".to_owned()))?;
    members.retain(|member, value| !ISSUERS.contains(&member.as_str()) && value.get() != "null");
    Ok((name, members))
}
