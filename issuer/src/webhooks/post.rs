//! One call to a receiver: no redirect, no proxy, no cookie, ten seconds, and to an address that was checked.

use std::io::Read as _;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{HeaderMap, header};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::DefaultConnector;

use super::reach::{CheckedResolver, NotAllowed, Reach};

/// For one call, from the look-up of the name to the last byte.
const CALL: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read, and thrown away: a connection that was read to its end can be used again.
const ANSWER_BYTES: u64 = 16_384;

/// What is sent.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) url: String,
    /// The same at each attempt.
    pub(crate) id: String,
    /// When it is sent, in seconds since 1970.
    pub(crate) at: i64,
    pub(crate) signature: String,
    pub(crate) body: Vec<u8>,
}

/// What the receiver said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It has it.
    Taken,
    /// It wants nothing more.
    Gone,
    /// It has not, or may not have, got it.
    Failed {
        /// In a few words of our own, without the URL.
        why: String,
        /// The seconds that it asks for.
        retry_after: Option<i64>,
    },
}

/// The one client of all webhooks.
#[derive(Clone, Debug)]
pub(crate) struct Caller(Agent);

impl Caller {
    pub(crate) fn new(reach: Reach) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .timeout_global(Some(CALL))
            .tls_config(passport_verifier::issuer_tls())
            .max_response_header_size(16_384)
            .user_agent(concat!("passport-issuer/", env!("CARGO_PKG_VERSION")))
            .build();
        Self(Agent::with_parts(config, DefaultConnector::default(), CheckedResolver { reach, inner: DefaultResolver::default() }))
    }

    /// Sends it. It blocks, for ten seconds at most.
    pub(crate) fn post(&self, message: &Message) -> Answer {
        let request = self
            .0
            .post(&message.url)
            .header("content-type", "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.at.to_string())
            .header("webhook-signature", &message.signature);
        match request.send(&message.body[..]) {
            Ok(response) => {
                let (parts, body) = response.into_parts();
                // What it says beyond the status is not looked at, however long it is.
                let _ = std::io::copy(&mut body.into_reader().take(ANSWER_BYTES), &mut std::io::sink());
                answer(parts.status.as_u16(), &parts.headers)
            }
            Err(error) => Answer::Failed { why: why(&error), retry_after: None },
        }
    }
}

fn answer(status: u16, headers: &HeaderMap) -> Answer {
    match status {
        200..=299 => Answer::Taken,
        410 => Answer::Gone,
        300..=399 => Answer::Failed { why: format!("it answered {status}, and redirects are not followed"), retry_after: None },
        _ => {
            let asked = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).and_then(|text| text.trim().parse().ok());
            Answer::Failed { why: format!("it answered {status}"), retry_after: asked.filter(|_| matches!(status, 429 | 503)) }
        }
    }
}

/// What went wrong, without what the other side or the URL may hold.
fn why(error: &ureq::Error) -> String {
    match error {
        ureq::Error::Other(other) if other.is::<NotAllowed>() => other.to_string(),
        ureq::Error::Timeout(_) => "it did not answer within 10 seconds".to_owned(),
        ureq::Error::HostNotFound => "its name cannot be looked up".to_owned(),
        ureq::Error::Io(error) => format!("the connection failed: {}", error.kind()),
        ureq::Error::Rustls(_) | ureq::Error::Tls(_) => "TLS failed: its certificate, or how it speaks, is not accepted".to_owned(),
        ureq::Error::ConnectionFailed => "it cannot be connected to".to_owned(),
        _ => "what it answered is not sound HTTP".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;

    use super::*;

    /// A receiver that answers once with this; gives its port.
    fn answering(text: &'static str) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let head = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            let head: Vec<String> = head.collect();
            stream.write_all(text.as_bytes()).unwrap();
            head
        });
        (port, thread)
    }

    fn post(reach: &Reach, url: String) -> Answer {
        let message = Message { url, id: "msg_1".into(), at: 7, signature: "v1,x".into(), body: b"{}".to_vec() };
        Caller::new(reach.clone()).post(&message)
    }

    #[test]
    fn what_a_receiver_answers_is_told_apart() {
        for (text, expected) in [
            ("HTTP/1.1 204 No Content\r\n\r\n", Answer::Taken),
            ("HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Answer::Gone),
            (
                "HTTP/1.1 503 Busy\r\nretry-after: 77\r\ncontent-length: 0\r\n\r\n",
                Answer::Failed { why: "it answered 503".into(), retry_after: Some(77) },
            ),
            (
                "HTTP/1.1 500 No\r\nretry-after: 77\r\ncontent-length: 0\r\n\r\n",
                Answer::Failed { why: "it answered 500".into(), retry_after: None },
            ),
            (
                "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
                Answer::Failed { why: "it answered 302, and redirects are not followed".into(), retry_after: None },
            ),
        ] {
            let (port, receiver) = answering(text);
            assert_eq!(post(&Reach::this_machine(), format!("http://127.0.0.1:{port}/hook?key=s3cret")), expected);
            let head = receiver.join().unwrap();
            assert_eq!(head[0], "POST /hook?key=s3cret HTTP/1.1");
            for line in ["webhook-id: msg_1", "webhook-timestamp: 7", "webhook-signature: v1,x", "content-type: application/json"] {
                assert!(head.iter().any(|sent| sent.eq_ignore_ascii_case(line)), "{head:?}");
            }
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_said_to_be_the_reason() {
        let answer = post(&Reach::default(), "https://hooks.invalid/".to_owned());
        assert_eq!(answer, Answer::Failed { why: "its name cannot be looked up".into(), retry_after: None });
    }

    #[test]
    fn a_name_that_is_this_machine_is_not_connected_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        // The last two are other ways to write 127.0.0.1 that a resolver reads.
        for host in ["localhost", "127.0.0.1", "2130706433", "0x7f.1"] {
            for scheme in ["https", "http"] {
                let answer = post(&Reach::default(), format!("{scheme}://{host}:{port}/"));
                let Answer::Failed { why, .. } = answer else { panic!("{host}: {answer:?}") };
                assert!(why.contains("not public"), "{host}: {why}");
            }
        }
        assert!(listener.accept().is_err(), "nobody came");
    }
}
