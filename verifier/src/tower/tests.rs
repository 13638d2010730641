use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Wake, Waker};
use std::thread::{self, Thread};

use http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use serde_json::{Value, json};
use tower::service_fn;

use super::*;
use crate::testing::{AUDIENCE, HandClock, NOW, Notes, TestIssuer};
use crate::{Reason, Trust, Verifier};

/// Runs a future on this thread: the whole runtime that the layer needs.
fn run<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// A service that notes who got through, and a guard that notes every decision.
struct Drive {
    issuer: TestIssuer,
    notes: Arc<Notes>,
    guard: Arc<Guard>,
    served: Arc<Mutex<Vec<Allowed>>>,
}

impl Drive {
    fn new() -> Self {
        Self::with(Notes::default(), |issuer| Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW)))
    }

    fn with(notes: Notes, guard: impl FnOnce(&TestIssuer) -> Guard) -> Self {
        let (issuer, notes) = (TestIssuer::new(), Arc::new(notes));
        let guard = Arc::new(guard(&issuer).with_recorder(Arc::clone(&notes)));
        Self { issuer, notes, guard, served: Arc::default() }
    }

    /// May read below `drive/team`, up to version 9, and nothing of Ada's.
    fn header(&self) -> String {
        let constraints = json!({"version": {"max": "9"}, "owner": {"noneOf": ["ada"]}});
        let grants = json!([
            {"type": "permission_passport", "resource": "drive/team/**", "allowedActions": ["read"]},
            {"type": "permission_passport", "resource": "archive", "allowedActions": ["read"], "constraints": constraints},
        ]);
        format!("Bearer {}", self.issuer.passport_for("agent_ollie", AUDIENCE, &grants))
    }

    fn get(&self, layer: &GuardLayer, uri: &str, authorization: Option<&str>) -> Response<String> {
        let mut request = HttpRequest::get(uri);
        if let Some(value) = authorization {
            request = request.header(AUTHORIZATION, value);
        }
        self.call(layer, request.body("a body".to_owned()).expect("a request"))
    }

    fn call(&self, layer: &GuardLayer, request: HttpRequest<String>) -> Response<String> {
        let served = Arc::clone(&self.served);
        let mut service = layer.layer(service_fn(move |request: HttpRequest<String>| {
            let allowed = request.extensions().get::<Allowed>().cloned();
            served.lock().expect("lock").push(allowed.expect("a proof"));
            async move { Ok::<_, Infallible>(Response::new(request.into_body())) }
        }));
        run(async {
            poll_fn(|context| Service::<HttpRequest<String>>::poll_ready(&mut service, context)).await.expect("ready");
            service.call(request).await.expect("infallible")
        })
    }

    fn served(&self) -> usize {
        self.served.lock().expect("lock").len()
    }
}

fn code(response: &Response<String>) -> String {
    let body: Value = serde_json::from_str(response.body()).expect("json");
    assert_eq!(body["status"], response.status().as_u16());
    body["code"].as_str().expect("a code").to_owned()
}

fn reading() -> Act {
    Act::to("read").on("drive/{file}").at("/v1/{*file}")
}

#[test]
fn what_is_allowed_is_served_with_its_proof_and_what_is_not_never_arrives() {
    let drive = Drive::new();
    let layer = drive.guard.layer(reading());
    let header = drive.header();
    let response = drive.get(&layer, "/v1/team/plan", Some(&header));
    assert_eq!((response.status().as_u16(), response.body().as_str()), (200, "a body"));
    let proof = drive.served.lock().expect("lock").pop().expect("a proof");
    assert_eq!((proof.request().action(), proof.request().resource()), ("read", Some("drive/team/plan")));
    assert_eq!((proof.agent_id(), proof.passport_id(), proof.on_behalf_of(), proof.grant()), ("agent_ollie", "pp_1", None, 0));
    let entries = drive.notes.entries();
    assert_eq!((entries.len(), &entries[0]["requestId"]), (1, &json!(proof.request_id())));

    for (uri, authorization, status, reason, challenge) in [
        ("/v1/team/plan", None, 401, "missing_token", Some("Bearer")),
        ("/v1/team/plan", Some("Basic YTpi"), 401, "missing_token", Some("Bearer")),
        ("/v1/team/plan", Some("Bearer x"), 401, "malformed_token", Some(r#"Bearer error="invalid_token""#)),
        ("/v1/hr/pay", Some(&header), 403, "resource_not_granted", Some(r#"Bearer error="insufficient_scope""#)),
        ("/v1/teams/plan", Some(&header), 403, "resource_not_granted", Some(r#"Bearer error="insufficient_scope""#)),
    ] {
        let response = drive.get(&layer, uri, authorization);
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (status, reason), "{uri}");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        assert_eq!(response.headers().get(WWW_AUTHENTICATE).map(|value| value.to_str().expect("text")), challenge);
        assert_eq!(response.headers().get(RETRY_AFTER), None);
    }
    assert_eq!(drive.served(), 0);
    assert_eq!(drive.notes.reasons(), ["granted", "malformed_token", "resource_not_granted", "resource_not_granted"]);
}

#[test]
fn a_resource_out_of_a_path_is_taken_as_it_stands_or_refused() {
    let drive = Drive::new();
    let layer = drive.guard.layer(reading());
    for path in [
        "/v1/",
        "/v1/team/",
        "/v1//team",
        "/v1/team//plan",
        "/v1/team/../hr/pay",
        "/v1/team/./plan",
        "/v1/team/%2e%2e/hr",
        "/v1/team%2fplan",
        "/v1/team/pl%61n",
        "/v1/team/*",
    ] {
        let response = drive.get(&layer, path, Some(&drive.header()));
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (400, "invalid_request"), "{path}");
    }
    assert_eq!(drive.served(), 0);
    assert!(drive.notes.reasons().iter().all(|reason| reason == "invalid_request") && drive.notes.entries().len() == 10);
}

#[test]
fn attributes_come_from_path_and_query_once_and_readable() {
    let drive = Drive::new();
    let layer = drive.guard.layer(Act::to("read").on("archive").at("/archive/{owner}").with_path("owner").with_query("version"));
    for (uri, status, reason) in [
        ("/archive/bob?version=9", 200, None),
        ("/archive/bob?other=1&version=%39&other=2", 200, None),
        ("/archive/bob?version=9.0000001", 403, Some("constraint_unmet")),
        ("/archive/bob", 403, Some("constraint_unmet")),
        ("/archive/bob?version=nine", 403, Some("constraint_unmet")),
        ("/archive/ada?version=1", 403, Some("constraint_unmet")),
        ("/archive/a%64a?version=1", 400, Some("invalid_request")),
        ("/archive/bob?version=1&version=99", 400, Some("invalid_request")),
        ("/archive/bob?version=1&%76ersion=99", 400, Some("invalid_request")),
        ("/archive/bob?version=%ff", 400, Some("invalid_request")),
    ] {
        let response = drive.get(&layer, uri, Some(&drive.header()));
        assert_eq!(response.status().as_u16(), status, "{uri}: {}", response.body());
        assert_eq!((status != 200).then(|| code(&response)).as_deref(), reason, "{uri}");
    }
    assert_eq!(drive.served(), 2);
}

#[test]
fn a_layer_that_cannot_say_what_is_wanted_denies_everything() {
    let drive = Drive::new();
    let by_nothing = drive.guard.layer_by(|_| Request::new("read"));
    for (layer, why) in [
        (by_nothing, "names no resource"),
        (drive.guard.layer(Act::to("read").on("drive/{file}")), "`file` is no segment"),
        (drive.guard.layer(Act::to("read").on("drive/{file}").at("/v1/{name}")), "`file` is no segment"),
        (drive.guard.layer(Act::to("read").on("drive").at("/v1/{name}").with_path("file")), "`file` is no segment"),
        (drive.guard.layer(Act::to("read").on("drive").at("/elsewhere")), "not at `/elsewhere`"),
        (drive.guard.layer(Act::to("read").on("drive").at("v1")), "does not begin with `/`"),
        (drive.guard.layer(Act::to("read").on("drive/*")), "the resource `drive/*` is none"),
        (drive.guard.layer(Act::to("*").on("drive/team")), "`action` is `*`"),
        (drive.guard.layer(Act::to("").on("drive/team")), "`action` must have"),
    ] {
        let response = drive.get(&layer, "/v1/team", Some(&drive.header()));
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (500, "internal_error"), "{why}");
        assert!(response.body().contains(why), "{why}: {}", response.body());
    }
    assert_eq!((drive.served(), drive.notes.entries().len()), (0, 0));
}

#[test]
fn a_service_may_make_the_request_itself_and_it_is_checked_all_the_same() {
    let drive = Drive::new();
    let layer = drive.guard.layer_by(|parts| Request::new("read").on(format!("drive{}", parts.uri.path())));
    assert_eq!(drive.get(&layer, "/team/plan", Some(&drive.header())).status().as_u16(), 200);
    assert_eq!(code(&drive.get(&layer, "/team/../hr", Some(&drive.header()))), "invalid_request");
    assert_eq!(code(&drive.get(&layer, "/hr", Some(&drive.header()))), "resource_not_granted");
    assert_eq!(drive.served(), 1);
}

#[test]
fn of_two_passports_in_one_request_neither_counts() {
    let drive = Drive::new();
    let (layer, header) = (drive.guard.layer(reading()), drive.header());
    for headers in
        [[header.as_str(), header.as_str()], [&header, "Bearer x"], ["Bearer x", &header], ["Basic YTpi", &header], [&header, ""]]
    {
        let request = headers.iter().fold(HttpRequest::get("/v1/team"), |request, value| request.header(AUTHORIZATION, *value));
        let response = drive.call(&layer, request.body(String::new()).expect("a request"));
        assert_eq!(response.status().as_u16(), 401, "{headers:?}");
    }
    assert_eq!(drive.served(), 0);
}

#[test]
fn a_proof_that_was_there_before_is_nobodys_proof() {
    let drive = Drive::new();
    let layer = drive.guard.layer(reading());
    let _ = drive.get(&layer, "/v1/team", Some(&drive.header()));
    let proof = drive.served.lock().expect("lock").pop().expect("a proof");
    let mut request = HttpRequest::get("/v1/hr").header(AUTHORIZATION, drive.header()).body(String::new()).expect("a request");
    request.extensions_mut().insert(proof);
    assert_eq!(drive.call(&layer, request).status().as_u16(), 403);
    assert_eq!(drive.served(), 0);
}

#[test]
fn the_answer_waits_for_a_record_that_is_kept_late_and_needs_no_runtime_for_it() {
    let drive = Drive::with(Notes::late(), |issuer| Guard::new(issuer.verifier()).with_clock(HandClock::at(NOW)));
    let layer = drive.guard.layer(reading());
    assert_eq!(drive.get(&layer, "/v1/team", Some(&drive.header())).status().as_u16(), 200);
    assert_eq!(drive.notes.reasons(), ["granted"]);
}

#[test]
fn the_service_that_was_made_ready_is_the_one_that_is_called() {
    /// A copy is not ready, as with a limit on concurrency.
    struct Permit(bool);
    impl Clone for Permit {
        fn clone(&self) -> Self {
            Self(false)
        }
    }
    impl Service<HttpRequest<()>> for Permit {
        type Response = Response<String>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<String>, Infallible>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
            self.0 = true;
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: HttpRequest<()>) -> Self::Future {
            assert!(std::mem::take(&mut self.0), "called before it was ready");
            std::future::ready(Ok(Response::new("served".to_owned())))
        }
    }
    let drive = Drive::new();
    let mut service = drive.guard.layer(reading()).layer(Permit(false));
    for _ in 0..2 {
        let request = HttpRequest::get("/v1/team").header(AUTHORIZATION, drive.header()).body(()).expect("a request");
        let response = run(async {
            poll_fn(|context| service.poll_ready(context)).await.expect("ready");
            service.call(request).await.expect("infallible")
        });
        assert_eq!(response.body(), "served");
    }
}

#[test]
fn what_is_unavailable_says_when_to_try_again() {
    let unknown = Drive::with(Notes::default(), |issuer| Guard::new(issuer.verifier()).with_clock(HandClock::at(-1)));
    let no_keys = Drive::with(Notes::default(), |_| {
        Guard::new(Verifier::new(Trust::none(crate::testing::ISSUER), AUDIENCE)).with_clock(HandClock::at(NOW))
    });
    for (drive, reason) in [(unknown, Reason::ClockUntrusted), (no_keys, Reason::KeysUnavailable)] {
        let response = drive.get(&drive.guard.layer(reading()), "/v1/team", Some(&drive.header()));
        assert_eq!((response.status().as_u16(), code(&response).as_str()), (503, reason.code()));
        assert_eq!(
            (&response.headers()[RETRY_AFTER], response.headers().get(WWW_AUTHENTICATE)),
            (&http::HeaderValue::from_static("5"), None)
        );
        assert_eq!(drive.served(), 0);
    }
}

#[test]
fn debug_shows_the_act_and_no_secret() {
    let shown = format!("{:?}", Drive::new().guard.layer(reading()));
    assert!(shown.starts_with("GuardLayer(") && shown.contains("\"read\""), "{shown}");
}
