//! Everything that goes wrong, as `application/problem+json` (RFC 9457).

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use passport_shared::api::problem::Problem;
use passport_shared::fault::Fault;
use passport_shared::limits::MESSAGE_BYTES;
use passport_shared::{json, text};

use crate::service::{Denial, ServiceError};

/// The media type of every failed answer.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not answered as asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The caller's passport does not allow it, or there is none.
    Denied(Denial),
    /// The service says no.
    Service(ServiceError),
    /// The request is none that we read, or we failed at reading it.
    Request(RequestFault),
}

impl From<Denial> for Failure {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<ServiceError> for Failure {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<RequestFault> for Failure {
    fn from(fault: RequestFault) -> Self {
        Self::Request(fault)
    }
}

/// What can be wrong with a request before the service sees it. Its text is the problem's `detail`.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestFault {
    #[error("there is nothing at this path; `/openapi.json` lists what there is")]
    RouteNotFound,
    #[error("this path does not take this method; `Allow` lists those that it takes")]
    MethodNotAllowed,
    #[error("the request has more than one `Authorization` header; send one")]
    SeveralAuthorizations,
    #[error("the request comes from a page of another site, and the cookie of the console is for its own pages alone")]
    CrossSite,
    #[error("the header `X-CSRF-Token` is missing or is not the session's; `GET /console/session` says it")]
    Csrf,
    #[error("the query is malformed: {0}")]
    Query(String),
    #[error("the body must be sent as `Content-Type: {expected}`, without a content coding (reports alone may be in `gzip`)")]
    MediaType { expected: &'static str },
    #[error("the body is larger than {limit} bytes; send less at a time")]
    BodyTooLarge { limit: usize },
    #[error("the body ended before its announced length, or its framing is broken")]
    BodyBroken,
    #[error("the body is not what its `Content-Encoding` says: it is no gzip, not all of it, or more than it")]
    BodyCoding,
    #[error("the body did not arrive in time; send it again on a better connection, or less at a time")]
    BodyTimeout,
    #[error("the body is not sound JSON: {0}")]
    Json(json::Fault),
    #[error("the body is not of the form that this call takes; `errors` says where")]
    Body(Vec<Fault>),
    #[error("the form is not one that this call takes; `errors` says where")]
    Form(Vec<Fault>),
    #[error("the request was not done in time; try again")]
    RequestTimeout,
    #[error("this is asked too often; ask again in {seconds} s, and less often from then on")]
    RateLimited { seconds: u32 },
    #[error("too many passports came from your address that are none; ask again in {seconds} s, with a good one")]
    LockedOut { seconds: u32 },
    #[error("the service failed at this request; its log says more")]
    Internal,
}

impl RequestFault {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::SeveralAuthorizations | Self::Query(_) | Self::BodyBroken | Self::BodyCoding | Self::Json(_) | Self::Form(_) => {
                StatusCode::BAD_REQUEST
            }
            Self::CrossSite | Self::Csrf => StatusCode::FORBIDDEN,
            Self::RouteNotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTimeout | Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::MediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Body(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } | Self::LockedOut { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The stable `code`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::RouteNotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            // RFC 6750 section 3.1 and RFC 6749 section 5.2 name these two so.
            Self::SeveralAuthorizations | Self::Form(_) => "invalid_request",
            Self::CrossSite => "cross_site",
            Self::Csrf => "csrf",
            Self::Query(_) => "invalid_query",
            Self::MediaType { .. } => "unsupported_media_type",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::BodyBroken | Self::BodyCoding => "incomplete_body",
            Self::BodyTimeout | Self::RequestTimeout => "request_timeout",
            Self::Json(_) => "malformed_json",
            Self::Body(_) => "invalid_body",
            Self::RateLimited { .. } => "rate_limited",
            Self::LockedOut { .. } => "locked_out",
            Self::Internal => "internal_error",
        }
    }

    fn retry_after(&self) -> Option<u32> {
        match self {
            Self::RateLimited { seconds } | Self::LockedOut { seconds } => Some(*seconds),
            _ => None,
        }
    }

    fn challenge(&self) -> Option<&'static str> {
        matches!(self, Self::SeveralAuthorizations).then_some("Bearer error=\"invalid_request\"")
    }

    fn into_problem(self) -> Problem {
        let (status, code, detail) = (self.status(), self.code(), self.to_string());
        let errors = match self {
            Self::Body(errors) | Self::Form(errors) => errors,
            _ => Vec::new(),
        };
        Problem { kind: "about:blank".to_owned(), title: title(status), status: status.as_u16(), detail, code: code.to_owned(), errors }
    }
}

/// The status in the words of RFC 9110; two of them are older in the library.
fn title(status: StatusCode) -> String {
    let words = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "Content Too Large",
        StatusCode::UNPROCESSABLE_ENTITY => "Unprocessable Content",
        other => other.canonical_reason().unwrap_or("Error"),
    };
    words.to_owned()
}

/// A parser's message with what it repeats of the input made harmless, and no longer than a sentence.
pub(crate) fn plain(message: &str) -> String {
    let mut out = String::new();
    for c in message.chars().take(MESSAGE_BYTES) {
        match c {
            '`' => out.push(c),
            _ => out.push_str(&text::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    text::bounded(out)
}

/// The stable code of a failed answer, for the log: it stands in the response's extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) &'static str);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        match self {
            Self::Request(fault) => fault.into_response(),
            Self::Service(error) => {
                let response = respond(error.status(), error.code(), write(&error.problem()));
                with_headers(response, error.challenge(), error.retry_after())
            }
            Self::Denied(denial) => {
                let response = respond(denial.status(), denial.code(), denial.body());
                with_headers(response, denial.challenge(), denial.retry_after())
            }
        }
    }
}

impl IntoResponse for RequestFault {
    fn into_response(self) -> Response {
        let (status, code, challenge, retry_after) = (self.status(), self.code(), self.challenge(), self.retry_after());
        with_headers(respond(status.as_u16(), code, write(&self.into_problem())), challenge, retry_after)
    }
}

/// A problem is strings and numbers: writing one cannot fail, and an empty body would still carry its status.
fn write(problem: &Problem) -> String {
    serde_json::to_string(problem).unwrap_or_default()
}

fn respond(status: u16, code: &'static str, body: String) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON))], body).into_response();
    response.extensions_mut().insert(Code(code));
    response
}

fn with_headers(mut response: Response, challenge: Option<&'static str>, retry_after: Option<u32>) -> Response {
    let headers = response.headers_mut();
    if let Some(challenge) = challenge {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
    }
    if let Some(seconds) = retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
