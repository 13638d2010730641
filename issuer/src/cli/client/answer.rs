//! What the issuer answers: a body, or a problem that is told.

use passport_shared::api::problem::Problem;
use passport_shared::text::{escape, quote};
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::{Body, Error};

use crate::cli::error::{APPROVAL_REQUIRED, CliError, DENIED, FAILED, NOT_A_PASSPORT, Told};
use crate::lookup::no_address;

/// The body of an answer that says that all is well.
#[derive(Debug)]
pub(crate) struct Answer {
    body: String,
}

impl Answer {
    pub(super) fn read(called: Result<Response<Body>, Error>, max: usize, url: &str) -> Result<Self, CliError> {
        let mut response = called.map_err(|error| unanswered(&error, url))?;
        let status = response.status().as_u16();
        let limit = u64::try_from(max).unwrap_or(u64::MAX);
        let bytes = response.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| unanswered(&error, url))?;
        match (status, String::from_utf8(bytes)) {
            (200..=299, Ok(body)) => Ok(Self { body }),
            (300..=399, _) => Err(CliError::failed(format!("{} redirects to somewhere else, which is not followed", quote(url)))
                .hint("name the place where the issuer is: --url URL")),
            (_, Ok(body)) => Err(problem(status, body, url)),
            (_, Err(_)) => Err(CliError::failed(format!("what {} answered is not text; is it an issuer?", quote(url)))),
        }
    }

    /// The body as it came.
    pub(crate) fn body(&self) -> &str {
        &self.body
    }

    /// The body as it came.
    pub(crate) fn into_body(self) -> String {
        self.body
    }

    /// The body, read.
    pub(crate) fn read_json<T: DeserializeOwned>(&self) -> Result<T, CliError> {
        serde_json::from_str(&self.body)
            .map_err(|error| CliError::failed(format!("the issuer's answer cannot be read: {error}")).hint("is it of another release?"))
    }
}

/// Why there is no answer. Nothing that was sent is in it.
fn unanswered(error: &Error, url: &str) -> CliError {
    let at = quote(url);
    let unknown = match error {
        Error::HostNotFound => Some("nobody knows the name".to_owned()),
        Error::Io(source) => no_address(source),
        _ => None,
    };
    if let Some(why) = unknown {
        return CliError::failed(format!("the host of {at} has no address ({why})")).hint(
            "is --url (PASSPORT_URL, or `url` in passport.toml) right, and can this machine look names up? An issuer on this \
             machine is also at the address that it listens on: --url http://127.0.0.1:7700",
        );
    }
    let why = match error {
        Error::Timeout(_) => format!("{at} did not answer in time"),
        Error::BodyExceedsLimit(max) => format!("the answer of {at} has more than the {max} bytes that are accepted"),
        Error::Io(source) => format!("cannot reach {at}: {}", crate::cli::error::plain(source)),
        Error::ConnectionFailed => format!("cannot reach {at}"),
        Error::Rustls(source) => format!("the connection to {at} is not secure: {source}"),
        other => format!("cannot call {at}: {other}"),
    };
    let hint = match error {
        Error::BodyExceedsLimit(_) => "a list comes in smaller pages: name a smaller --limit, and read on with --cursor",
        _ => "is the issuer running, and is --url (PASSPORT_URL) right? `passport serve` starts one",
    };
    CliError::failed(why).hint(hint)
}

/// A problem that the issuer tells (RFC 9457).
fn problem(status: u16, body: String, url: &str) -> CliError {
    let Ok(problem) = serde_json::from_str::<Problem>(&body) else {
        return CliError::failed(format!("{} answered with status {status} and no problem that can be read; is it an issuer?", quote(url)));
    };
    let exit = match (status, problem.code.as_str()) {
        (401, _) => NOT_A_PASSPORT,
        (403, "approval_required") => APPROVAL_REQUIRED,
        (403, _) => DENIED,
        _ => FAILED,
    };
    let hint = match (status, problem.code.as_str()) {
        (401, "expired") => Some("ask for a new passport, and name its file: --passport-file FILE"),
        (401, _) => Some(
            "the issuer does not accept the passport in --passport-file (PASSPORT_FILE); `passport inspect - < FILE` shows what it says",
        ),
        (403, _) => Some("`passport inspect - < FILE` shows what your passport allows"),
        (404, _) => Some("is the id right? The `list` commands show what there is"),
        (429 | 503, _) => Some("try again in a few seconds"),
        (500, _) => Some("the issuer's log says more"),
        _ => None,
    };
    let clean = |text: &str| text.lines().map(escape_line).collect::<Vec<_>>().join(" ");
    let errors = problem
        .errors
        .into_iter()
        .map(|fault| passport_shared::fault::Fault { pointer: clean(&fault.pointer), detail: clean(&fault.detail) });
    let told =
        Told { exit, code: escape(&problem.code), detail: clean(&problem.detail), errors: errors.collect(), hint: hint.map(str::to_owned) };
    CliError::Remote { told: Box::new(told), body }
}

/// A line from elsewhere, whole, with nothing in it that moves a cursor.
fn escape_line(line: &str) -> String {
    line.chars().flat_map(|c| if passport_shared::text::is_control(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};

    use super::*;
    use crate::cli::client::Client;

    #[test]
    fn an_answer_over_its_bound_is_told_as_that_and_what_to_do() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let client = Client::at(&format!("http://{}", listener.local_addr().expect("an address")), None).expect("a client");
        let answering = std::thread::spawn(move || {
            for length in [10, 11] {
                let (mut stream, _) = listener.accept().expect("called");
                assert!(stream.read(&mut [0; 4_096]).expect("a request") > 0);
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
                stream.write_all(format!("{head}{}", "x".repeat(length)).as_bytes()).expect("answered");
            }
        });
        assert_eq!(client.fetch("/", 10).expect("an answer"), "x".repeat(10));
        let told = client.fetch("/", 10).expect_err("too much").to_text().expect("a text");
        answering.join().expect("answered");
        assert!(
            told.contains("has more than the 10 bytes that are accepted") && told.contains("hint: a list comes in smaller pages"),
            "{told}"
        );
        assert!(!told.contains("running"), "{told}");
    }

    #[test]
    fn a_host_that_nobody_knows_is_told_as_that_and_what_to_do() {
        let client = Client::at("https://issuer.invalid", None).expect("a client");
        let told = client.fetch("/", 10).expect_err("no address").to_text().expect("a text");
        assert!(told.starts_with("the host of `https://issuer.invalid") && told.contains("has no address ("), "{told}");
        assert!(told.contains("\n\nhint: is --url") && !told.contains("running"), "{told}");
    }

    #[test]
    fn a_problem_is_told_with_its_code_its_pointers_and_what_to_do() {
        let body = r#"{"type":"about:blank","title":"Unprocessable Content","status":422,"detail":"the body is not valid","code":"invalid_body","errors":[{"pointer":"/grants/0/resource","detail":"it must be a string"}]}"#;
        let error = problem(422, body.to_owned(), "https://issuer.example");
        assert_eq!(
            error.to_text().expect("a text"),
            "the body is not valid (code `invalid_body`)\n  /grants/0/resource: it must be a string"
        );
        assert_eq!((error.exit(), error.to_json().as_deref()), (FAILED, Some(body)));
    }

    #[test]
    fn the_exit_code_says_whether_the_caller_was_denied() {
        for (status, code, exit) in
            [(401, "expired", 4), (403, "action_not_granted", 3), (403, "approval_required", 5), (404, "not_found", 1), (503, "x", 1)]
        {
            let body = format!(r#"{{"type":"about:blank","title":"t","status":{status},"detail":"d","code":"{code}"}}"#);
            assert_eq!(problem(status, body, "u").exit(), exit, "{status} {code}");
        }
        assert_eq!(problem(502, "<html>".to_owned(), "u").exit(), FAILED);
    }

    #[test]
    fn what_comes_from_elsewhere_moves_no_cursor() {
        let body = "{\"type\":\"a\",\"title\":\"t\",\"status\":400,\"detail\":\"a\\u001b[2Jb\\nc\",\"code\":\"x\\u009b\"}";
        let text = problem(400, body.to_owned(), "u").to_text().expect("a text");
        assert!(!text.chars().any(char::is_control), "{text:?}");
    }
}
