//! `passport verify --batch`: JSON lines in, one decision a line out, in order.
//!
//! A file of any length streams through: one line is held at a time, and never more than its bound.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, IsTerminal as _, Write};
use std::path::Path;

use chrono::DateTime;
use passport_shared::decision::{DecisionRecord, Outcome, Reason};
use passport_shared::request::Attributes;
use passport_shared::text::bounded;
use passport_shared::time;
use passport_verifier::Request;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::checker::Checker;
use crate::cli::error::{CliError, DONE, Ended};
use crate::cli::progress::Progress;
use crate::cli::{Session, ids, input};

/// Bytes of one line: the largest request that is looked at, a token of the largest size with every character escaped,
/// and room to spare. A longer one is answered and passed over.
const LINE_BYTES: usize = 2 * 1_048_576;

/// Decides every line. The exit code says that all were answered, not what the answers are.
pub(super) fn run(path: &Path, checker: &Checker, session: &Session) -> Ended {
    // Decisions are counted in hundred thousands a second: few reads and few writes.
    let unreadable = |error: io::Error| CliError::io("read", path.display(), &error);
    // Where the answers are seen as they come, they are the progress, and a bar would stand in their way.
    let seen = io::stdout().is_terminal();
    let (input, progress): (Box<dyn io::Read>, _) = if path.as_os_str() == "-" {
        let progress = if seen || io::stdin().is_terminal() { Progress::hidden() } else { Progress::count_bytes("decided", session.out) };
        (Box::new(io::stdin().lock()), progress)
    } else {
        let file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        let progress = match about.is_file() {
            _ if seen => Progress::hidden(),
            true => Progress::bytes(about.len(), "decided", session.out),
            // A pipe has a name and no length.
            false => Progress::count_bytes("decided", session.out),
        };
        (Box::new(file), progress)
    };
    let mut out = BufWriter::with_capacity(65_536, io::stdout().lock());
    let answered = answer_all(progress.watch(input), &mut out, checker, session);
    drop(progress);
    answered.map_err(|error| match error {
        Failure::Read(error) => unreadable(error),
        Failure::Write(error) => error.into(),
    })?;
    Ok(DONE)
}

/// Why not every line was answered.
#[derive(Debug)]
enum Failure {
    Read(io::Error),
    Write(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

fn answer_all(input: impl io::Read, out: &mut impl Write, checker: &Checker, session: &Session) -> Result<(), Failure> {
    let mut lines = Lines::new(BufReader::with_capacity(65_536, input));
    loop {
        // Whoever waits for an answer before the next question gets it: nothing is held back while we would wait.
        if lines.would_wait() {
            out.flush()?;
        }
        match lines.next().map_err(Failure::Read)? {
            Next::Line(line) => decide(line, checker, session, out)?,
            Next::TooLong => refuse(&format!("the line has more than {LINE_BYTES} bytes"), session, out)?,
            Next::End => return Ok(out.flush()?),
        }
    }
}

/// Answers one line.
fn decide(line: &[u8], checker: &Checker, session: &Session, out: &mut impl Write) -> io::Result<()> {
    let line = match Line::read(line) {
        Ok(line) => line,
        Err(why) => return refuse(&why, session, out),
    };
    let request = Request::parse(line.request.get().as_bytes());
    let now = line.at.unwrap_or_else(|| session.clock.now());
    let decision = checker.verifier(line.at, now).decide(line.token.as_bytes(), &request, now);
    write(&decision.identified(|| ids::request_id(session)).record(), out)
}

/// Answers a line that cannot be read.
fn refuse(why: &str, session: &Session, out: &mut impl Write) -> io::Result<()> {
    let id = ids::request_id(session);
    let record = DecisionRecord {
        request_id: Some(&id),
        allowed: false,
        outcome: Outcome::Deny,
        reason: Reason::InvalidRequest,
        message: bounded(why.to_owned()),
        details: &[],
        agent_id: None,
        passport_id: None,
        issuer: None,
        key_id: None,
        grant: None,
        approval_id: None,
        action: None,
        resource: None,
        attributes: Attributes::NONE,
        evaluated_at: time::format(session.clock.now()),
    };
    write(&record, out)
}

fn write(record: &DecisionRecord<'_>, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, record)?;
    out.write_all(b"\n")
}

/// One line, read. What the token and the request are worth is for the verifier to say.
#[derive(Debug)]
struct Line<'l> {
    token: Cow<'l, str>,
    request: &'l RawValue,
    at: Option<i64>,
}

impl<'l> Line<'l> {
    fn read(line: &'l [u8]) -> Result<Self, String> {
        let members: Members<'l> = serde_json::from_slice(line).map_err(|error| format!("the line cannot be read: {error}"))?;
        let token = members.token.ok_or("the line has no `token`")?;
        let Text(token) =
            serde_json::from_str(token.get()).map_err(|error| format!("the line's `token` is not a sound string: {error}"))?;
        let request = members.request.ok_or("the line has no `request`")?;
        let at = members.at.map(|at| read_at(at.get()).ok_or("the line's `at` is neither an RFC 3339 time nor integer seconds"));
        Ok(Self { token, request, at: at.transpose()? })
    }
}

fn read_at(json: &str) -> Option<i64> {
    match serde_json::from_str(json) {
        Ok(Text(text)) => DateTime::parse_from_rfc3339(&text).ok().map(|time| time.timestamp()),
        Err(_) => input::integer(json),
    }
}

/// A string, borrowed where nothing in it is escaped.
#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Text<'t>(#[serde(borrow)] Cow<'t, str>);

/// The members of a line as they are written. Others than these are not looked at.
#[derive(Debug, Default)]
struct Members<'l> {
    token: Option<&'l RawValue>,
    request: Option<&'l RawValue>,
    at: Option<&'l RawValue>,
}

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Members::default();
                let mut others = HashSet::new();
                while let Some(Text(name)) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    let twice = match &*name {
                        "token" => members.token.replace(value).is_some(),
                        "request" => members.request.replace(value).is_some(),
                        "at" => members.at.replace(value).is_some(),
                        _ => !others.insert(name),
                    };
                    if twice {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(members)
            }
        }
        from.deserialize_map(Object)
    }
}

/// Lines of bounded length.
struct Lines<R> {
    from: BufReader<R>,
    line: Vec<u8>,
}

enum Next<'l> {
    Line(&'l [u8]),
    TooLong,
    End,
}

impl<R: io::Read> Lines<R> {
    fn new(from: BufReader<R>) -> Self {
        Self { from, line: Vec::new() }
    }

    /// Whether the next line would have to be waited for.
    fn would_wait(&self) -> bool {
        !self.from.buffer().contains(&b'\n')
    }

    /// The next line, without its newline. What follows the last newline is a line only if there is something there.
    fn next(&mut self) -> io::Result<Next<'_>> {
        self.line.clear();
        let mut read = 0;
        loop {
            let available = match self.from.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                break;
            }
            let newline = available.iter().position(|byte| *byte == b'\n');
            let part = available.get(..newline.unwrap_or(available.len())).unwrap_or_default();
            // What is over the bound is read and dropped.
            if self.line.len() + part.len() <= LINE_BYTES + 1 {
                self.line.extend_from_slice(part);
            } else {
                self.line.resize(LINE_BYTES + 1, b' ');
            }
            let used = part.len() + usize::from(newline.is_some());
            read += used;
            self.from.consume(used);
            if newline.is_some() {
                break;
            }
        }
        Ok(match (read, self.line.len()) {
            (0, _) => Next::End,
            (_, length) if length > LINE_BYTES => Next::TooLong,
            _ => Next::Line(&self.line),
        })
    }
}

#[cfg(test)]
mod tests;
