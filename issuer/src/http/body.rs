//! Bodies: bounded, in time, of the announced type, sound (contract section 1), and then of the form that is wanted.

use std::io::Read as _;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, header};
use flate2::bufread::GzDecoder;
use http_body_util::BodyExt as _;
use passport_shared::api::agents::{DisableAgent, NewAgent};
use passport_shared::api::approvals::{AskApproval, DecideApproval};
use passport_shared::api::audit::ReportEvents;
use passport_shared::api::checks::Verify;
use passport_shared::api::console::SignIn;
use passport_shared::api::keys::RevokeKey;
use passport_shared::api::passports::{IssuePassport, RenewPassport, RevokePassport, RevokePassports};
use passport_shared::api::templates::{ExpandTemplate, PreviewTemplate, SaveTemplate};
use passport_shared::api::webhooks::{CreateWebhook, DisableWebhook, ReplayWebhook};
use passport_shared::fault::{Fault, Place};
use passport_shared::json::{Controls, Document};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::deadline::within;
use super::problem::{Failure, RequestFault, plain};
use super::{App, Limits};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// A body that some call takes as JSON.
pub(crate) trait JsonBody: DeserializeOwned {
    /// Whether it may come in gzip.
    const GZIP: bool = false;

    /// Whether it has parts that are kept as they came, and looked at one by one by what takes them in.
    const IN_PARTS: bool = false;

    /// The most bytes that it may have, and that it may inflate to.
    fn most(limits: &Limits) -> usize {
        limits.body_bytes
    }
}

impl JsonBody for NewAgent {}
impl JsonBody for DisableAgent {}
impl JsonBody for IssuePassport {}
impl JsonBody for RenewPassport {}
impl JsonBody for RevokePassport {}
impl JsonBody for AskApproval {}
impl JsonBody for DecideApproval {}
impl JsonBody for RevokePassports {}
impl JsonBody for RevokeKey {}
impl JsonBody for SaveTemplate {}
impl JsonBody for ExpandTemplate {}
impl JsonBody for PreviewTemplate {}
impl JsonBody for CreateWebhook {}
impl JsonBody for DisableWebhook {}
impl JsonBody for ReplayWebhook {}
impl JsonBody for SignIn {}
impl JsonBody for Verify {}
impl JsonBody for ReportEvents {
    const GZIP: bool = true;
    const IN_PARTS: bool = true;

    fn most(limits: &Limits) -> usize {
        limits.audit_body_bytes
    }
}

/// A JSON body.
pub(crate) struct StrictJson<T>(pub(crate) T);

impl<T: JsonBody> FromRequest<App> for StrictJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let gzip = T::GZIP && is_gzip(&mut parts.headers);
        media_type(&parts.headers, JSON)?;
        let most = T::most(&app.limits);
        let bytes = collect(&parts.headers, body, most, app.limits.body_timeout).await?;
        let bytes = if gzip { inflate(&bytes, most)?.into() } else { bytes };
        Ok(Self(parse(&bytes)?))
    }
}

/// A JSON body that may be left out, whatever its announced type is then.
pub(crate) struct OptionalJson<T>(pub(crate) T);

impl<T: JsonBody + Default> FromRequest<App> for OptionalJson<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let bytes = collect(&parts.headers, body, T::most(&app.limits), app.limits.body_timeout).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        media_type(&parts.headers, JSON)?;
        Ok(Self(parse(&bytes)?))
    }
}

/// A form body: its names and values in the order sent, decoded.
pub(crate) struct Form(pub(crate) Vec<(String, String)>);

impl FromRequest<App> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &App) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        media_type(&parts.headers, FORM)?;
        let bytes = collect(&parts.headers, body, app.limits.body_bytes, app.limits.body_timeout).await?;
        let fault = |detail: &str| RequestFault::Form(vec![Fault { pointer: String::new(), detail: detail.to_owned() }]);
        // Percent escapes that are not UTF-8 are left to the reader of a value: no value that we take has them.
        std::str::from_utf8(&bytes).map_err(|_| fault("it is not UTF-8"))?;
        Ok(Self(form_urlencoded::parse(&bytes).into_owned().collect()))
    }
}

/// That the body is of the type `expected` and sent as it is. Parameters of the type (`charset`) change nothing.
fn media_type(headers: &HeaderMap, expected: &'static str) -> Result<(), RequestFault> {
    let essence = |value: &HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
    };
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let right = types.next().is_some_and(essence) && types.next().is_none();
    let coded = headers.get_all(header::CONTENT_ENCODING).iter().any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    if right && !coded { Ok(()) } else { Err(RequestFault::MediaType { expected }) }
}

/// Whether the body is announced to be in gzip, and in nothing else. The announcement is then dealt with.
fn is_gzip(headers: &mut HeaderMap) -> bool {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let gzip = codings.next().is_some_and(|coding| coding.as_bytes().eq_ignore_ascii_case(b"gzip")) && codings.next().is_none();
    if gzip {
        headers.remove(header::CONTENT_ENCODING);
    }
    gzip
}

/// What is in gzip (RFC 1952): one member, and nothing after it. No more than `most` bytes and one are ever inflated.
fn inflate(bytes: &[u8], most: usize) -> Result<Vec<u8>, RequestFault> {
    let mut inflated = Vec::new();
    let mut reader = GzDecoder::new(bytes).take(u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1));
    let read = reader.read_to_end(&mut inflated);
    if inflated.len() > most {
        return Err(RequestFault::BodyTooLarge { limit: most });
    }
    match read {
        Ok(_) if reader.into_inner().into_inner().is_empty() => Ok(inflated),
        Ok(_) | Err(_) => Err(RequestFault::BodyCoding),
    }
}

/// The most bytes of a body over its limit that are read to be thrown away.
const THROWN_AWAY: usize = 16 << 20;

/// The whole body, once it has come.
///
/// One over its limit is read on and thrown away before it is refused, up to a bound and within the same deadline: an
/// ordinary client reads no answer before it has sent everything, and one that is cut off meanwhile never sees it. One
/// that announces more than the bound, or whose client waits to be asked for it, is refused unread.
async fn collect(headers: &HeaderMap, mut body: Body, most: usize, deadline: Duration) -> Result<Bytes, RequestFault> {
    let too_large = RequestFault::BodyTooLarge { limit: most };
    let announced = usize::try_from(axum::body::HttpBody::size_hint(&body).lower()).unwrap_or(usize::MAX);
    let mut over = announced > most;
    if over && (announced > THROWN_AWAY || headers.contains_key(header::EXPECT)) {
        return Err(too_large);
    }
    let read = async {
        let (mut kept, mut come) = (Vec::new(), 0_usize);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame.map_err(|_| RequestFault::BodyBroken)?.into_data() else { continue };
            come = come.saturating_add(data.len());
            if come > most {
                over = true;
                kept = Vec::new();
            }
            if over && come > THROWN_AWAY {
                break;
            }
            if !over {
                kept.extend_from_slice(&data);
            }
        }
        Ok(Bytes::from(kept))
    };
    let read = within(deadline, read).await;
    match read {
        _ if over => Err(too_large),
        None => Err(RequestFault::BodyTimeout),
        Some(read) => read,
    }
}

/// Sound first: a name that stands twice would mean one thing here and another to the next reader. A body in parts is not read
/// through twice for that.
fn parse<T: JsonBody>(bytes: &[u8]) -> Result<T, RequestFault> {
    let sound = || Document::read(bytes, Controls::InValues).map(drop).map_err(RequestFault::Json);
    if !T::IN_PARTS {
        sound()?;
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let pointer = pointer(error.path());
        let told = error.inner().to_string();
        // Line and column say less than the pointer does.
        let told = told.rsplit_once(" at line ").map_or(told.as_str(), |(before, _)| before);
        RequestFault::Body(vec![Fault { pointer, detail: plain(told) }])
    });
    match (read, reader.end()) {
        (Ok(body), Ok(())) => Ok(body),
        // What is wrong with it may be that it is not sound, which is said first.
        (Err(fault), _) => sound().and(Err(fault)),
        (Ok(_), Err(_)) => sound().and(Err(RequestFault::Body(Vec::new()))),
    }
}

/// A path as a JSON pointer (RFC 6901).
fn pointer(path: &Path) -> String {
    path.iter().fold(String::new(), |parent, segment| {
        let place = Place::root(&parent);
        match segment {
            Segment::Seq { index } => place.index(*index).pointer(),
            Segment::Map { key } => place.name(key).pointer(),
            Segment::Enum { variant } => place.name(variant).pointer(),
            Segment::Unknown => parent,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults<T: JsonBody>(text: &str) -> Vec<(String, String)> {
        match parse::<T>(text.as_bytes()).map(|_| ()) {
            Err(RequestFault::Body(faults)) => faults.into_iter().map(|fault| (fault.pointer, fault.detail)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_fault_in_a_body_says_where_it_is() {
        let (pointer, detail) = faults::<NewAgent>(r#"{"name": 7}"#).remove(0);
        assert_eq!((pointer.as_str(), detail.as_str()), ("/name", "invalid type: integer `7`, expected a string"));
        let (pointer, detail) = faults::<NewAgent>(r#"{"name": "x", "a/b~\u001b[2J": 1}"#.replace("\\u001b[2J", "c").as_str()).remove(0);
        assert_eq!(pointer, "/a~1b~0c");
        assert!(detail.starts_with("unknown field `a/b~c`, expected one of `agentId`"), "{detail}");
        let (pointer, detail) = faults::<NewAgent>("{}").remove(0);
        assert_eq!((pointer.as_str(), detail.as_str()), ("", "missing field `name`"));
        let (pointer, _) = faults::<IssuePassport>(r#"{"agentId": "a", "audience": ["x", 3], "grants": []}"#).remove(0);
        assert_eq!(pointer, "/audience/1");
    }

    #[test]
    fn what_the_issuer_keeps_to_the_letter_is_read_to_the_letter() {
        let body: IssuePassport = parse(br#"{"agentId": "a", "audience": [], "grants": [ {"resource":  "x"} ]}"#).unwrap();
        assert_eq!(body.grants.unwrap().get(), r#"[ {"resource":  "x"} ]"#);
    }

    #[test]
    fn a_fault_never_repeats_more_than_a_sentence_nor_a_control_character() {
        let text = format!(r#"{{"name": ["{}"]}}"#, "x".repeat(100_000));
        assert!(faults::<NewAgent>(&text)[0].1.len() <= 512);
        let (_, detail) = faults::<DisableAgent>(r#"{"reason": {"\u202e": "\u001b[2J"}}"#).remove(0);
        assert!(!detail.chars().any(char::is_control), "{detail:?}");
    }

    #[test]
    fn json_that_two_readers_could_read_differently_is_malformed() {
        for text in [
            r#"{"name": "a", "name": "b"}"#,
            r#"{"name": "a", "n\u0061me": "b"}"#,
            "{\"name\": \"a\"} {}",
            "\u{feff}{\"name\": \"a\"}",
            r#"{"name": "\ud800"}"#,
            r#"[{"name": "a"}]"#,
            "{\"name\": \"a\",}",
            "",
        ] {
            assert!(matches!(parse::<NewAgent>(text.as_bytes()), Err(RequestFault::Json(_))), "{text}");
        }
    }

    #[test]
    fn a_body_in_parts_is_as_sound_as_any_but_for_its_parts() {
        let report = |text: &str| parse::<ReportEvents>(text.as_bytes()).map(|body| body.events.len());
        assert!(matches!(report(r#" {"reporter":"a","events":[{"x": [1]}, {}]} "#), Ok(2)));
        for text in [
            r#"{"reporter": "a", "reporter": "a", "events": []}"#,
            r#"{"reporter": "a", "r\u0065porter": "b", "events": []}"#,
            r#"{"reporter": "a", "events": []} {}"#,
            "\u{feff}{\"reporter\": \"a\", \"events\": []}",
            r#"{"reporter": "\ud800", "events": []}"#,
            r#"{"reporter": "a", "events": [{]}"#,
            r#"[{"reporter": "a", "events": []}]"#,
            "",
        ] {
            assert!(matches!(report(text), Err(RequestFault::Json(_))), "{text}");
        }
        assert_eq!(faults::<ReportEvents>(r#"{"reporter": "a", "events": 7}"#)[0].0, "/events");
        // What takes a part in reads it as a part.
        assert!(matches!(report(r#"{"reporter": "a", "events": [{"a": 1, "a": 2}]}"#), Ok(1)));
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_bomb_in_gzip_is_refused_before_it_is_inflated_further() {
        let bomb = gzip(&vec![b' '; 64 << 20]);
        assert!(bomb.len() < 70_000, "{}", bomb.len());
        assert!(matches!(inflate(&bomb, 4 << 20), Err(RequestFault::BodyTooLarge { limit: 4_194_304 })));
        let packed = gzip(&[b'x'; 1_000]);
        assert_eq!(inflate(&packed, 1_000).unwrap(), [b'x'; 1_000]);
        assert!(matches!(inflate(&packed, 999), Err(RequestFault::BodyTooLarge { limit: 999 })));
    }

    #[test]
    fn what_is_no_gzip_or_not_all_of_it_or_more_than_it_is_refused() {
        let packed = gzip(b"{}");
        for cut in 0..packed.len() {
            assert!(matches!(inflate(&packed[..cut], 100), Err(RequestFault::BodyCoding)), "{cut}");
        }
        for more in [b"x".as_slice(), &packed] {
            assert!(matches!(inflate(&[&packed, more].concat(), 100), Err(RequestFault::BodyCoding)));
        }
        let mut damaged = packed.clone();
        damaged[packed.len() - 6] ^= 1;
        assert!(matches!(inflate(&damaged, 100), Err(RequestFault::BodyCoding)));
    }

    #[test]
    fn gzip_is_one_coding_and_no_other() {
        let with = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::CONTENT_ENCODING, value.parse().unwrap());
            }
            (is_gzip(&mut headers), headers.len())
        };
        assert_eq!(with(&["gzip"]), (true, 0));
        assert_eq!(with(&["GZIP"]), (true, 0));
        for other in [&[][..], &["br"], &["gzip, gzip"], &["gzip", "gzip"], &["identity", "gzip"], &["x-gzip"], &[""]] {
            assert_eq!(with(other), (false, other.len()), "{other:?}");
        }
    }

    #[test]
    fn only_the_announced_type_is_read() {
        let with = |values: &[(header::HeaderName, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in values {
                headers.append(name, value.parse().unwrap());
            }
            media_type(&headers, JSON).is_ok()
        };
        let kind = header::CONTENT_TYPE;
        for good in ["application/json", "Application/JSON; charset=utf-8", "application/json ;x=y"] {
            assert!(with(&[(kind.clone(), good)]), "{good}");
        }
        for bad in ["", "text/json", "application/jsonp", "application/json, text/plain", "application/problem+json"] {
            assert!(!with(&[(kind.clone(), bad)]), "{bad}");
        }
        assert!(!with(&[]));
        assert!(!with(&[(kind.clone(), JSON), (kind.clone(), JSON)]));
        assert!(!with(&[(kind.clone(), JSON), (header::CONTENT_ENCODING, "gzip")]));
        assert!(with(&[(kind, JSON), (header::CONTENT_ENCODING, "identity")]));
    }
}
