//! What an export is of.

use std::collections::BTreeMap;
use std::path::Path;

use passport_shared::time;
use serde::Serialize;

use super::source::Log;
use super::{Format, Written};
use crate::hex::hex;

/// The manifest of an export.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    format: &'static str,
    /// The file's name, without its folder.
    file: String,
    encoding: &'static str,
    /// What it was narrowed by.
    filters: BTreeMap<&'static str, String>,
    count: u64,
    first_sequence: Option<i64>,
    last_sequence: Option<i64>,
    bytes: u64,
    sha256: String,
    exported_at: Option<String>,
    log: LogPart,
}

/// The log as it was: the export has none of what came later.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogPart {
    issuer: Option<String>,
    size: i64,
    /// Lower-case hex.
    root: Option<String>,
    checkpoint: Option<String>,
}

impl Manifest {
    #[expect(clippy::too_many_arguments, reason = "each is a member of the manifest")]
    pub(super) fn new(
        format: Format,
        file: &Path,
        query: &[(&'static str, Option<String>)],
        written: &Written,
        sha256: String,
        bytes: u64,
        log: &Log,
        now: i64,
    ) -> Self {
        Self {
            format: "passport-audit-export-1",
            file: file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            encoding: match format {
                Format::Jsonl => "jsonl",
                Format::Csv => "csv",
                Format::Parquet => "parquet",
            },
            filters: query.iter().filter_map(|(name, value)| Some((*name, value.clone()?))).collect(),
            count: written.count,
            first_sequence: written.first,
            last_sequence: written.last,
            bytes,
            sha256,
            exported_at: time::format(now),
            log: LogPart { issuer: log.issuer.clone(), size: log.size, root: log.root.map(hex), checkpoint: log.checkpoint.clone() },
        }
    }
}
