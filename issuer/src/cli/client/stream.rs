//! Server-sent events, as they come.

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::Duration;

use ureq::BodyReader;

use super::{ANSWER_BYTES, Answer, CALL, Client};
use crate::cli::error::CliError;

/// For how long one connection is read from. A peer that is gone without a word is noticed then; one that is there is connected
/// to again, which loses nothing.
const CONNECTION: Duration = Duration::from_secs(120);

/// Bytes of one line: the largest event, and room.
const LINE: u64 = 4 << 20;

/// Why a stream is read no further.
#[derive(Debug)]
pub(crate) enum Broken {
    /// It can be tried again.
    Again(CliError),
    /// Nothing would be different.
    Ended(CliError),
}

/// What was told.
#[derive(Debug, Default)]
pub(crate) struct ServerSent {
    /// Its id, where it is a number.
    pub(crate) id: Option<i64>,
    /// What it says.
    pub(crate) data: String,
}

/// A stream that is open.
pub(crate) struct Stream {
    reader: BufReader<BodyReader<'static>>,
}

impl Client {
    /// Opens a stream with `GET`.
    pub(crate) fn stream(&self, path: &str, query: &[(&str, Option<String>)]) -> Result<Stream, Broken> {
        let request = self.request(path, query).header("accept", "text/event-stream");
        let config = request.config().timeout_global(None).timeout_recv_response(Some(CALL)).timeout_recv_body(Some(CONNECTION));
        match config.build().call() {
            Ok(response) if response.status() == 200 => Ok(Stream { reader: BufReader::new(response.into_body().into_reader()) }),
            called => {
                let again = called.as_ref().map_or(true, |response| response.status() == 429 || response.status().is_server_error());
                let Err(error) = Answer::read(called, ANSWER_BYTES, self.url()) else {
                    return Err(Broken::Ended(CliError::failed("the issuer answered with no stream; is it of another release?")));
                };
                Err(if again { Broken::Again(error) } else { Broken::Ended(error) })
            }
        }
    }
}

impl Stream {
    /// The next event, as the HTML standard reads one. What is broken off in the middle is none.
    pub(crate) fn next(&mut self) -> Result<ServerSent, Broken> {
        let (mut told, mut line) = (ServerSent::default(), Vec::new());
        loop {
            line.clear();
            let off = |why: String| Broken::Again(CliError::failed(why));
            let read = self.reader.by_ref().take(LINE).read_until(b'\n', &mut line);
            read.map_err(|error| off(format!("the stream was broken off: {error}")))?;
            let Some(line) = line.strip_suffix(b"\n") else {
                return Err(off("the stream has ended".to_owned()));
            };
            let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(line));
            if line.is_empty() && !told.data.is_empty() {
                return Ok(told);
            }
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match name {
                "id" => told.id = value.parse().ok(),
                "data" => {
                    if !told.data.is_empty() {
                        told.data.push('\n');
                    }
                    told.data.push_str(value);
                }
                // A comment, which is a sign of life, and names that are not needed.
                _ => {}
            }
        }
    }
}
