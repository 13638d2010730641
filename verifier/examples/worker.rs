//! A worker without any async: `worker LISTEN ISSUER-URL PIN REPORTER-FILE SPOOL`.
//!
//! It takes jobs over TCP, a line each: a passport, a blank, and the request as JSON. Four threads decide, all with one
//! guard; the answer to each line is the decision as JSON. The line `health` is answered with what is wrong, or `healthy`.
//!
//! `PIN` is the thumbprint of the issuer's key; `REPORTER-FILE` holds a passport that may write the audit log, and
//! `SPOOL` is a directory for what is on its way there.
#![expect(clippy::disallowed_methods, reason = "this is a program: its settings are arguments, it reads a file and starts threads")]

use std::error::Error;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use passport_verifier::{Guard, Refresher, Reporter, ReporterPassport, ReporterSettings};
use passport_verifier::{RefreshSettings, Request, ResourcePolicy, Trust, Verifier};

/// Bytes that one line may have: a passport, and a request with all that may be in one.
const LINE_BYTES: u64 = 1_048_576;

fn answer(guard: &Guard, line: &str) -> serde_json::Result<String> {
    if line == "health" {
        return Ok(guard.health().to_string());
    }
    // Whatever stands there is decided on: what is no passport and what is no request are denials.
    let (passport, request) = line.split_once(' ').unwrap_or((line, ""));
    let request = Request::parse(request.as_bytes());
    serde_json::to_string(&guard.decide(passport, &request).record())
}

fn serve(guard: &Guard, stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_write_timeout(Some(Duration::from_secs(60)))?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut line = String::new();
        if reader.by_ref().take(LINE_BYTES).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = answer(guard, line.trim_end()).map_err(io::Error::other)?;
        writer.write_all(format!("{answer}\n").as_bytes())?;
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Result<[String; 5], _> = std::env::args().skip(1).collect::<Vec<_>>().try_into();
    let [listen, url, pin, file, spool] = arguments.map_err(|_| "usage: worker LISTEN ISSUER-URL PIN REPORTER-FILE SPOOL")?;

    let verifier = Verifier::new(Trust::none(&url), "https://worker.example").with_resource_policy(ResourcePolicy::MustName);
    let refresher = Refresher::start(&verifier, RefreshSettings::new(url.parse()?).with_pin(pin.parse()?))?;
    // Better to start a little later than to begin with denials.
    refresher.refresh_now(Duration::from_secs(10))?;
    let passport = ReporterPassport::read(std::fs::read_to_string(file)?.trim_end())?;
    let reporter = Arc::new(Reporter::start(ReporterSettings::new(url.parse()?, passport, spool))?);
    let guard = Guard::new(verifier).with_trust_keeper(refresher).with_recorder(Arc::clone(&reporter));

    let listener = TcpListener::bind(listen)?;
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for stream in listener.incoming().flatten() {
                    // A caller that goes away or says nothing takes nothing with it.
                    let _ = serve(&guard, &stream);
                }
            });
        }
    });
    Ok(reporter.shutdown(Duration::from_secs(5))?)
}
