//! `passport audit tail`: the newest events, and those that come.

use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Event;
use super::filters::Filters;
use crate::cli::Session;
use crate::cli::client::{Broken, Client, Remote};
use crate::cli::error::{CliError, DONE, Ended};

const LIST: &str = "/v1/audit/events";

/// How long it waits before it connects again: at first, and at most.
const WAIT: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(10));

/// Show the newest events, and with -f those that come
///
/// In the order in which the issuer accepted them. A connection that breaks off is made again, and nothing is missed or shown
/// twice meanwhile. With --json each event is a line; its `sequence` is what --after takes.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// Go on with what comes, until it is ended
    #[arg(short, long)]
    follow: bool,
    /// How many of the newest to begin with, up to 1000
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(0..=1000))]
    lines: u32,
    /// Begin after the event with this sequence instead
    #[arg(long, value_name = "SEQUENCE", conflicts_with = "lines", value_parser = clap::value_parser!(i64).range(0..))]
    after: Option<i64>,
    #[command(flatten)]
    filters: Filters,
    #[command(flatten)]
    remote: Remote,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    items: Vec<Box<RawValue>>,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Placed {
    sequence: i64,
}

impl Tail {
    pub(super) fn run(&self, session: &Session) -> Ended {
        let client = self.remote.client(session)?;
        let filters = self.filters.query()?;
        let mut after = match self.after {
            Some(after) if self.follow => after,
            Some(after) => return read_on(&client, &filters, after, session),
            None => self.newest(&client, &filters, session)?,
        };
        if !self.follow {
            return Ok(DONE);
        }
        let mut wait = WAIT.0;
        let mut connected = false;
        loop {
            let begun = after;
            match follow(&client, &filters, &mut after, &mut connected, session) {
                Broken::Ended(error) => return Err(error),
                // Who is not there at the beginning is perhaps somewhere else.
                Broken::Again(error) if !connected => return Err(error),
                Broken::Again(_) => {}
            }
            if after > begun {
                wait = WAIT.0;
            }
            std::thread::sleep(jittered(wait, session));
            wait = (wait * 2).min(WAIT.1);
        }
    }

    /// Shows the newest events, and gives the place to go on after.
    fn newest(&self, client: &Client, filters: &[(&str, Option<String>)], session: &Session) -> Result<i64, CliError> {
        // Before the events are asked for, so that none that comes between is passed over.
        let head: Listed = client.get(LIST, &[("limit", Some("1".to_owned()))])?.read_json()?;
        let mut after = head.items.first().map_or(Ok(0), |event| sequence(event))?;
        if self.lines == 0 {
            return Ok(after);
        }
        let mut query = filters.to_vec();
        query.push(("limit", Some(self.lines.to_string())));
        let newest: Listed = client.get(LIST, &query)?.read_json()?;
        for event in newest.items.iter().rev() {
            after = after.max(sequence(event)?);
            show(event.get(), session)?;
        }
        Ok(after)
    }
}

/// Shows all events after this place.
fn read_on(client: &Client, filters: &[(&str, Option<String>)], after: i64, session: &Session) -> Ended {
    let mut cursor = after.to_string();
    loop {
        let mut query = filters.to_vec();
        query.extend([("order", Some("oldest".to_owned())), ("limit", Some("1000".to_owned())), ("cursor", Some(cursor))]);
        let page: Listed = client.get(LIST, &query)?.read_json()?;
        for event in &page.items {
            show(event.get(), session)?;
        }
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return Ok(DONE),
        }
    }
}

/// Shows what comes until the connection breaks off.
fn follow(client: &Client, filters: &[(&str, Option<String>)], after: &mut i64, connected: &mut bool, session: &Session) -> Broken {
    let mut query = filters.to_vec();
    query.push(("after", Some(after.to_string())));
    let mut stream = match client.stream("/v1/audit/stream", &query) {
        Ok(stream) => stream,
        Err(broken) => return broken,
    };
    *connected = true;
    loop {
        match stream.next() {
            Ok(told) => {
                // Nothing that was shown is shown again, whatever is sent.
                let Some(sequence) = told.id.filter(|sequence| *sequence > *after) else { continue };
                if let Err(error) = show(&told.data, session) {
                    return Broken::Ended(error);
                }
                *after = sequence;
            }
            Err(broken) => return broken,
        }
    }
}

fn sequence(event: &RawValue) -> Result<i64, CliError> {
    let placed: Result<Placed, _> = serde_json::from_str(event.get());
    placed.map(|placed| placed.sequence).map_err(|error| CliError::failed(format!("the issuer's answer cannot be read: {error}")))
}

fn show(event: &str, session: &Session) -> Result<(), CliError> {
    if session.out.is_json() {
        // In sound JSON, line breaks stand between tokens alone.
        return session.out.line(event.replace(['\n', '\r'], " ").as_bytes());
    }
    let event: Event = serde_json::from_str(event).map_err(|error| CliError::failed(format!("an event cannot be read: {error}")))?;
    session.out.text(&event.line())
}

/// Half of it to the whole, so that not all who lost an issuer come back at once.
fn jittered(wait: Duration, session: &Session) -> Duration {
    let mut random = [0];
    session.entropy.fill(&mut random);
    let [part] = random;
    wait.mul_f64(0.5 + f64::from(part) / 510.0)
}
