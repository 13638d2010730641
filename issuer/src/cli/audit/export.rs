//! `passport audit export`: the log, or a part of it, as a file, and what ties the file to the log.

mod columns;
mod groups;
mod manifest;
mod sink;
mod source;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use passport_shared::text::quote;
use serde::Deserialize;
use serde_json::value::RawValue;
use tempfile::NamedTempFile;

use self::manifest::Manifest;
use self::sink::Sink;
use self::source::Source;
use super::filters::Filters;
use crate::cli::Session;
use crate::cli::backup::archive;
use crate::cli::client::Remote;
use crate::cli::error::{CliError, DONE, Ended};
use crate::cli::progress::Progress;
use crate::cli::words::counted;

/// Write the audit log to a file, the oldest event first
///
/// FILE.manifest.json is written beside it: the filters, how many events there are, the first and the last, the file's
/// SHA-256, and the log as it was: its size, its root, and its signed checkpoint where the issuer has one.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// As what: jsonl has each event whole; csv and parquet have columns, and the whole event in the last
    #[arg(long, value_name = "FORMAT", default_value = "jsonl")]
    format: Format,
    /// The file to write; one that is there already is not overwritten
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Read the data of an issuer that is stopped, on SQLite, instead of asking one
    // Not the setting of that name: an issuer is asked unless this is said here.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    remote: Remote,
}

/// What a file is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// An object a line.
    Jsonl,
    /// RFC 4180.
    Csv,
    /// Apache Parquet.
    Parquet,
}

#[derive(Deserialize)]
struct Placed {
    sequence: i64,
}

/// What was written.
#[derive(Default)]
struct Written {
    count: u64,
    first: Option<i64>,
    last: Option<i64>,
}

impl Export {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let manifest = PathBuf::from(format!("{}.manifest.json", self.output.display()));
        for file in [&self.output, &manifest] {
            if file.try_exists().map_err(|error| CliError::io("look at", file.display(), &error))? {
                return Err(CliError::failed(format!("{} is there already", quote(&file.display().to_string())))
                    .hint("an export overwrites no other; name another file"));
            }
        }
        let query = self.filters.query()?;
        let source = match &self.data {
            Some(data) => Source::offline(data)?,
            None => Source::remote(self.remote.client(session)?),
        };
        let log = source.log()?;
        let folder = self.output.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let cannot = |error: &io::Error| CliError::io("write", self.output.display(), error);
        // Beside the file, and in its place once it is whole.
        let temporary = || tempfile::Builder::new().prefix(".passport-").tempfile_in(folder).map_err(|error| cannot(&error));
        let mut file = temporary()?;
        let mut sink = Sink::new(self.format, file.reopen().map_err(|error| cannot(&error))?)?;
        let progress = Progress::of(u64::try_from(log.size).unwrap_or_default(), "events", session.out);
        let written = write(&source, &query, log.size, &mut sink, &progress)?;
        sink.end()?;
        drop(progress);
        let (sha256, bytes) = hash(&mut file).map_err(|error| cannot(&error))?;
        let told = Manifest::new(self.format, &self.output, &query, &written, sha256, bytes, &log, session.clock.now());
        let text =
            serde_json::to_string_pretty(&told).map_err(|error| CliError::failed(format!("the manifest cannot be written: {error}")))?;
        let mut beside = temporary()?;
        beside.write_all(text.as_bytes()).and_then(|()| beside.write_all(b"\n")).map_err(|error| cannot(&error))?;
        // The manifest last: where it is, the file is whole.
        put(file, &self.output, folder)?;
        put(beside, &manifest, folder)?;
        match session.out.is_json() {
            true => session.out.json(&told)?,
            false => session.out.say(&format!(
                "wrote {} to `{}`; `{}` says what is in it",
                counted(written.count, "event"),
                self.output.display(),
                manifest.display()
            )),
        }
        Ok(DONE)
    }
}

/// Writes all events up to `size`, page by page.
fn write(
    source: &Source,
    query: &[(&'static str, Option<String>)],
    size: i64,
    sink: &mut Sink,
    progress: &Progress,
) -> Result<Written, CliError> {
    let (mut written, mut cursor) = (Written::default(), Some("0".to_owned()));
    while let Some(at) = cursor.take() {
        let page = source.page(query, &at)?;
        for event in &page.items {
            let sequence = placed(event)?;
            // What came since is for the next export.
            if sequence > size {
                return Ok(written);
            }
            sink.event(&line(event))?;
            written.count += 1;
            written.first = written.first.or(Some(sequence));
            written.last = Some(sequence);
        }
        cursor = page.next_cursor.filter(|next| next.parse::<i64>().is_ok_and(|next| next < size));
        let at = cursor.as_deref().and_then(|next| next.parse().ok()).unwrap_or(size);
        progress.reach(u64::try_from(at).unwrap_or_default());
    }
    Ok(written)
}

fn placed(event: &RawValue) -> Result<i64, CliError> {
    let placed: Result<Placed, _> = serde_json::from_str(event.get());
    placed.map(|placed| placed.sequence).map_err(|error| CliError::failed(format!("an event cannot be read: {error}")))
}

/// In sound JSON, line breaks stand between tokens alone.
fn line(event: &RawValue) -> String {
    event.get().replace(['\n', '\r'], " ")
}

/// The file's SHA-256 and length, as it is now.
fn hash(file: &mut NamedTempFile) -> io::Result<(String, u64)> {
    let sum = archive::sum_up(&mut file.reopen()?, &mut io::sink())?;
    Ok((sum.sha256, sum.bytes))
}

/// Puts a whole file in its place, on disk with its name.
fn put(file: NamedTempFile, place: &Path, folder: &Path) -> Result<(), CliError> {
    let put = || {
        file.as_file().sync_all()?;
        file.persist_noclobber(place).map_err(|error| error.error)?;
        File::open(folder)?.sync_all()
    };
    put().map_err(|error: io::Error| CliError::io("write", place.display(), &error))
}

#[cfg(test)]
mod tests;
