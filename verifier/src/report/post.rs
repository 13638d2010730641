//! One delivery: `POST /v1/audit/events` (contract section 7).

use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use passport_shared::limits::TOKEN_BYTES;
use serde_json::Value;
use ureq::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use ureq::http::{HeaderMap, StatusCode};

use super::passport::ReporterPassport;
use crate::issuer_link::{IssuerUrl, agent, read_body, retry_after};

/// Bytes of an answer: three counts, or a problem.
const ANSWER_BYTES: usize = 65_536;

/// What the issuer made of a batch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Receipt {
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) conflicts: u64,
    /// The log's word for it (docs/audit.md A20), which nobody has checked.
    pub(super) token: Option<String>,
}

/// Why a delivery failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The same may go well later; the issuer may say when.
    Later { why: String, after: Option<Duration> },
    /// The issuer understood it and will never take it as it is.
    Refused { why: String },
}

pub(super) struct Post {
    agent: ureq::Agent,
    url: String,
    passport: Arc<RwLock<ReporterPassport>>,
}

impl Post {
    pub(super) fn new(url: &IssuerUrl, timeout: Duration, passport: Arc<RwLock<ReporterPassport>>) -> Self {
        Self { agent: agent(timeout), url: url.join("/v1/audit/events"), passport }
    }

    /// Sends events, each a JSON object.
    pub(super) fn send<'e>(&self, events: impl Iterator<Item = &'e str>) -> Result<Receipt, Failure> {
        let passport = self.passport.read().unwrap_or_else(PoisonError::into_inner).clone();
        let (body, count) = batch(passport.reporter(), events);
        let later = |error: ureq::Error| Failure::Later { why: format!("the issuer cannot be reached: {error}"), after: None };
        let request = self.agent.post(&self.url).header(AUTHORIZATION, passport.header()).header(CONTENT_TYPE, "application/json");
        let mut response = request.header(CONTENT_ENCODING, "gzip").send(&body).map_err(later)?;
        let answer = read_body(&mut response, ANSWER_BYTES).map_err(later)?;
        judge(response.status(), response.headers(), &answer, count)
    }
}

/// The body of a batch, compressed, and how many events are in it.
fn batch<'e>(reporter: &str, events: impl Iterator<Item = &'e str>) -> (Vec<u8>, u64) {
    let mut body = GzEncoder::new(Vec::new(), Compression::fast());
    let mut count = 0;
    // Writing to memory does not fail.
    let _ = write!(body, r#"{{"reporter":{},"events":["#, Value::from(reporter));
    for event in events {
        let comma = if count == 0 { "" } else { "," };
        let _ = body.write_all(comma.as_bytes()).and_then(|()| body.write_all(event.as_bytes()));
        count += 1;
    }
    let _ = body.write_all(b"]}");
    (body.finish().unwrap_or_default(), count)
}

/// The issuer's codes for content that it will never take. The same status with another code, or with none, can come
/// from a proxy or from a connection that was cut, and says nothing of the content.
const REFUSALS: [&str; 2] = ["invalid_body", "malformed_json"];

/// What an answer means. Only what says that every event is kept counts as delivered; what the issuer says of the
/// content is final, and so is a size that somebody on the way does not let through (a smaller batch may pass); and
/// everything else may change: the issuer may come back, the passport may be renewed, a wrong address may be set right.
fn judge(status: StatusCode, headers: &HeaderMap, answer: &[u8], count: u64) -> Result<Receipt, Failure> {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    if status == StatusCode::OK {
        let number = |name: &str| answer.get(name).and_then(Value::as_u64);
        let receipt = match (number("accepted"), number("duplicates"), number("conflicts")) {
            (Some(accepted), Some(duplicates), Some(conflicts)) => Receipt { accepted, duplicates, conflicts, token: token(&answer) },
            _ => return Err(Failure::Later { why: "the issuer answered 200, but not with an acknowledgement".into(), after: None }),
        };
        let kept = receipt.accepted.checked_add(receipt.duplicates).and_then(|kept| kept.checked_add(receipt.conflicts));
        return match kept == Some(count) {
            true => Ok(receipt),
            false => Err(Failure::Later { why: format!("the issuer acknowledged other than the {count} decisions sent"), after: None }),
        };
    }
    let code = answer.get("code").and_then(Value::as_str).filter(|code| is_code(code));
    let why = match code {
        _ if status.is_redirection() => format!("the issuer answered {}: a redirect, which is not followed", status.as_u16()),
        Some(code) => format!("the issuer answered {} (`{code}`)", status.as_u16()),
        None => format!("the issuer answered {}", status.as_u16()),
    };
    let about_content = code.is_some_and(|code| REFUSALS.contains(&code));
    Err(match status {
        StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY if about_content => Failure::Refused { why },
        StatusCode::PAYLOAD_TOO_LARGE => Failure::Refused { why },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Failure::Later { why, after: retry_after(headers) },
        _ => Failure::Later { why, after: None },
    })
}

/// The receipt, where the answer has what can be one.
fn token(answer: &Value) -> Option<String> {
    answer.get("receipt").and_then(Value::as_str).filter(|token| token.len() <= TOKEN_BYTES && token.is_ascii()).map(str::to_owned)
}

/// Whether this is a code such as ours, and nothing that another server put there: it is shown to people.
fn is_code(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use ureq::http::{HeaderValue, header};

    use super::*;

    fn judged(status: u16, retry_after: Option<&'static str>, answer: &str) -> Result<Receipt, Failure> {
        let headers = retry_after.map(|value| (header::RETRY_AFTER, HeaderValue::from_static(value))).into_iter().collect();
        judge(StatusCode::from_u16(status).unwrap_or_default(), &headers, answer.as_bytes(), 3)
    }

    #[test]
    fn only_an_acknowledgement_of_every_event_counts_as_delivered() {
        let sound = Receipt { accepted: 1, duplicates: 2, conflicts: 0, token: None };
        assert_eq!(judged(200, None, r#"{"accepted":1,"duplicates":2,"conflicts":0}"#), Ok(sound.clone()));
        let unsigned = sound.clone();
        let signed = Receipt { token: Some("a.b.c".to_owned()), ..sound };
        assert_eq!(judged(200, None, r#"{"accepted":1,"duplicates":2,"conflicts":0,"receipt":"a.b.c"}"#), Ok(signed));
        // One that is none costs nobody the acknowledgement.
        let long = format!(r#"{{"accepted":1,"duplicates":2,"conflicts":0,"receipt":"{}"}}"#, "x".repeat(TOKEN_BYTES + 1));
        for answer in [long.as_str(), r#"{"accepted":1,"duplicates":2,"conflicts":0,"receipt":7}"#] {
            assert_eq!(judged(200, None, answer), Ok(unsigned.clone()));
        }
        for (status, answer) in [
            (200, r#"{"accepted":2,"duplicates":0,"conflicts":0}"#),
            (200, r#"{"accepted":18446744073709551615,"duplicates":4,"conflicts":0}"#),
            (200, r#"{"accepted":3}"#),
            (200, "<html>welcome to the hotel</html>"),
            (200, ""),
            (204, ""),
            (202, r#"{"accepted":3,"duplicates":0,"conflicts":0}"#),
        ] {
            assert!(matches!(judged(status, None, answer), Err(Failure::Later { after: None, .. })), "{status} {answer}");
        }
    }

    #[test]
    fn only_what_is_about_the_content_is_refused_for_good() {
        for (status, answer) in [(400, r#"{"code":"malformed_json"}"#), (422, r#"{"code":"invalid_body"}"#), (413, "")] {
            assert!(matches!(judged(status, Some("9"), answer), Err(Failure::Refused { .. })), "{status}");
        }
        for answer in ["", "{}", "<html>Bad Request</html>", r#"{"code":"incomplete_body"}"#, r#"{"code":"invalid_request"}"#] {
            for status in [400, 422] {
                assert!(matches!(judged(status, None, answer), Err(Failure::Later { .. })), "{status} {answer}");
            }
        }
        for status in [301, 307, 401, 403, 404, 405, 408, 409, 415, 418, 500, 502, 504] {
            assert!(matches!(judged(status, Some("9"), "{}"), Err(Failure::Later { after: None, .. })), "{status}");
        }
    }

    #[test]
    fn retry_after_is_heeded_where_the_issuer_is_busy() {
        for status in [429, 503] {
            for (value, after) in [("7", Some(7)), (" 0 ", Some(0)), ("-1", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None)] {
                let Err(Failure::Later { after: judged, .. }) = judged(status, Some(value), "") else { panic!("{status} {value}") };
                assert_eq!(judged, after.map(Duration::from_secs), "{status} {value}");
            }
        }
    }

    #[test]
    fn a_code_of_ours_is_repeated_and_nothing_else_is() {
        let why = |answer: &str| match judged(422, None, answer) {
            Err(Failure::Refused { why } | Failure::Later { why, .. }) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(why(r#"{"code":"invalid_body"}"#), "the issuer answered 422 (`invalid_body`)");
        assert_eq!(why(r#"{"code":"Bearer eyJhbGciOi"}"#), "the issuer answered 422");
    }

    #[test]
    fn a_batch_is_json_with_every_number_as_it_was_written() {
        let events = [r#"{"seq":7,"amount":742.10}"#, r#"{"seq":8,"a":"}"}"#];
        let (body, count) = batch("a\"b", events.into_iter());
        let mut text = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(body.as_slice()), &mut text).expect("gzip");
        assert_eq!(text, r#"{"reporter":"a\"b","events":[{"seq":7,"amount":742.10},{"seq":8,"a":"}"}]}"#);
        assert_eq!(count, 2);
    }
}
