//! `passport audit verify`: a whole audit log, or the proof of one decision, held against what was signed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use passport_shared::limits::{LOG_NOTE_BYTES, LOG_PROOF_BYTES};
use passport_shared::log::encode_hash;
use passport_shared::text::{escape, quote};
use passport_verifier::log::{LogVerifier, Proved};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::error::{CliError, DONE, Ended, FAILED};
use crate::cli::issuer_data::{DAMAGED, DATA, DATABASE, Place, block_on, database, failed, no_issuer};
use crate::cli::output::{BAD, CARE, GOOD, Output, facts, styled, table};
use crate::cli::progress::Progress;
use crate::cli::words::shown;
use crate::cli::{Session, input};
use crate::config::DataSettings;
use crate::store::check::{Asked, LogReport, export};
use crate::store::{check_postgres_log, sqlite};

/// Check an audit log, or the proof of one decision, offline
///
/// Makes the leaf of every stored event anew, and holds it against the tree, the head and every checkpoint that was
/// signed; the columns that lists are made of are held against each event's body. It changes nothing, and may run while
/// the issuer serves. With --checkpoint it is also held against a checkpoint that was kept elsewhere: who has the whole
/// store and the key can cut off the newest events, and only that finds it. Exits with 1 if anything is wrong.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The log's public key, as `passport audit key` prints it [default: the one in the store]
    #[arg(long)]
    key: Option<String>,
    /// A checkpoint that was kept elsewhere; give it again for more of them
    #[arg(long, value_name = "FILE")]
    checkpoint: Vec<PathBuf>,
    /// Check the proof of one decision, and nothing else; it takes --key
    #[arg(long, value_name = "FILE", conflicts_with_all = ["export", "checkpoint"])]
    proof: Option<PathBuf>,
    /// Check a whole log that was exported as JSON lines; it takes --key, and --checkpoint
    #[arg(long, value_name = "FILE", requires = "checkpoint")]
    export: Option<PathBuf>,
    #[command(flatten)]
    data: DataSettings,
}

impl Verify {
    pub(crate) fn run(&self, session: &Session) -> Ended {
        let key = self.key.as_deref().map(verifier).transpose()?;
        if let Some(proof) = &self.proof {
            return prove(proof, &key.ok_or_else(|| needs_key("a proof"))?, session);
        }
        let mut kept = Vec::new();
        for path in &self.checkpoint {
            let mut note = input::file(path, LOG_NOTE_BYTES)?;
            // Its last line feed is part of it.
            note.push(b'\n');
            kept.push(note);
        }
        let own_word = key.is_none();
        let asked = Asked { key, kept };
        let report = match &self.export {
            Some(_) if own_word => return Err(needs_key("an exported log")),
            Some(path) => exported(path, &asked, session.out)?,
            None => stored(&session.settings.data(&self.data), &asked, session.out)?,
        };
        tell(&report, own_word, session)
    }
}

fn verifier(text: &str) -> Result<LogVerifier, CliError> {
    LogVerifier::new(text).map_err(|error| CliError::usage(format!("--key: {error}")).hint("give it as `passport audit key` prints it"))
}

fn needs_key(what: &str) -> CliError {
    CliError::usage(format!("{what} is not checked without the log's key")).hint("give it as `passport audit key` prints it: --key KEY")
}

/// The log in an issuer's database.
fn stored(settings: &DataSettings, asked: &Asked, out: Output) -> Result<LogReport, CliError> {
    let data: PathBuf = settings.data.clone().unwrap_or_else(|| DATA.into());
    let place = settings.database.as_ref().map(|url| database(url.reveal())).transpose()?;
    let place = place.unwrap_or_else(|| Place::File(data.join(DATABASE)));
    let progress = Progress::of(0, "events", out);
    let mut shown = |looked: u64, of: u64| progress.reach_of(looked, of);
    let report = match &place {
        Place::File(path) if !path.exists() => return Err(no_issuer(&data, &format!("`{}` does not exist", path.display()))),
        Place::File(path) => wait(sqlite::check_log(path, asked, &mut shown)),
        Place::Postgres(options) => wait(check_postgres_log(options, asked, &mut shown)),
    };
    drop(progress);
    report?.map_err(|error| {
        let told = failed("check the audit log", &error);
        if matches!(place, Place::File(_)) { told.hint(DAMAGED) } else { told }
    })
}

/// Waits for it, beside what reads the database.
fn wait<T>(work: impl Future<Output = T>) -> Result<T, CliError> {
    let mut done = None;
    block_on(async {
        done = Some(work.await);
        Ok(DONE)
    })?;
    done.ok_or_else(|| CliError::failed("the check was broken off"))
}

fn exported(path: &Path, asked: &Asked, out: Output) -> Result<LogReport, CliError> {
    let cannot = |error: &std::io::Error| CliError::io("read", path.display(), error);
    let lines: Box<dyn BufRead> = match path.as_os_str() == "-" {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(BufReader::new(File::open(path).map_err(|error| cannot(&error))?)),
    };
    let progress = Progress::count("events", out);
    let report = export::check(asked, lines, |looked| progress.reach(looked));
    drop(progress);
    report.map_err(|error| cannot(&error))
}

/// What was found, for a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Found<'r> {
    sound: bool,
    origin: Option<&'r str>,
    events: i64,
    /// Events that a checkpoint which agrees was signed over.
    covered: i64,
    dropped: i64,
    checkpoints: usize,
    root: Option<String>,
    problems: Vec<Wrong<'r>>,
    problem_count: usize,
}

#[derive(Serialize)]
struct Wrong<'r> {
    place: String,
    what: &'r str,
}

fn tell(report: &LogReport, own_word: bool, session: &Session) -> Ended {
    let out = session.out;
    let root = report.root.as_ref().map(encode_hash);
    if out.is_json() {
        out.json(&Found {
            sound: report.is_sound(),
            origin: report.origin.as_deref(),
            events: report.events,
            covered: report.covered,
            dropped: report.dropped,
            checkpoints: report.checkpoints,
            root,
            problems: report.problems.iter().map(|problem| Wrong { place: problem.place.to_string(), what: &problem.what }).collect(),
            problem_count: report.count,
        })?;
    } else {
        let verdict = if report.is_sound() { styled(GOOD, "sound") } else { styled(BAD, "NOT SOUND") };
        out.text(&facts(&[
            ("log", report.origin.as_deref().map_or_else(|| "-".to_owned(), escape)),
            ("verdict", verdict),
            ("events", format!("{}, {} of them signed for and as they were", report.events, report.covered)),
            ("bodies", if report.dropped == 0 { "all there".to_owned() } else { format!("{} were dropped by age", report.dropped) }),
            ("checkpoints", report.checkpoints.to_string()),
            ("root", root.unwrap_or_else(|| "-".to_owned())),
        ]))?;
        if !report.is_sound() {
            let rows = report.problems.iter().map(|problem| vec![problem.place.to_string(), escape(&problem.what)]);
            out.text(&format!("\n{}", table(&["WHERE", "WHAT"], rows)))?;
            if report.count > report.problems.len() {
                out.text(&format!("and {} more", report.count - report.problems.len()))?;
            }
        }
        if own_word {
            out.say(&format!(
                "{} the log's key was taken from the store itself; who can write there can put another one: give the one that you know, --key KEY",
                styled(CARE, "take care:")
            ));
        }
    }
    Ok(if report.is_sound() { DONE } else { FAILED })
}

/// What a proof has proved, for a program.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'p> {
    proved: bool,
    origin: &'p str,
    index: u64,
    checkpoint_size: u64,
    sequence: i64,
    reporter: &'p str,
    request_id: &'p str,
    received_at: String,
    conflict: bool,
    body: Option<&'p RawValue>,
}

fn prove(path: &Path, key: &LogVerifier, session: &Session) -> Ended {
    let file = input::file(path, LOG_PROOF_BYTES)?;
    let proved = key.prove(&file).map_err(|error| CliError::failed(format!("`{}` proves nothing: {error}", path.display())))?;
    show(&proved, key, session)?;
    Ok(DONE)
}

fn show(proved: &Proved, key: &LogVerifier, session: &Session) -> Result<(), CliError> {
    let (entry, out) = (&proved.entry, session.out);
    if out.is_json() {
        return out.json(&Shown {
            proved: true,
            origin: key.origin(),
            index: proved.index,
            checkpoint_size: proved.checkpoint.size(),
            sequence: entry.sequence,
            reporter: &entry.reporter,
            request_id: &entry.request_id,
            received_at: shown(entry.received_at),
            conflict: entry.conflict,
            body: proved.body.as_deref().and_then(|body| serde_json::from_str(body).ok()),
        });
    }
    let optional = |text: &Option<std::borrow::Cow<'_, str>>| text.as_deref().map_or_else(|| "-".to_owned(), escape);
    out.text(&facts(&[
        ("proved", styled(GOOD, "the log's key has signed that it took this in")),
        ("log", escape(key.origin())),
        ("event", format!("number {} of {} at the checkpoint", entry.sequence, proved.checkpoint.size())),
        ("request", quote(&entry.request_id)),
        ("reporter", quote(&entry.reporter)),
        ("taken in", shown(entry.received_at)),
        ("outcome", format!("{} ({})", optional(&entry.outcome), optional(&entry.reason))),
        ("agent", optional(&entry.agent_id)),
        ("action", optional(&entry.action)),
        ("resource", optional(&entry.resource)),
        ("conflict", if entry.conflict { "another event had this request's id first" } else { "none" }.to_owned()),
        ("body", proved.body.as_deref().map_or_else(|| "dropped by age; its hash is in the log".to_owned(), escape)),
    ]))
}
