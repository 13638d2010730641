//! `/console`: the built app, out of this very binary. Nothing is read from a disk and nothing is fetched from elsewhere.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;

use super::App;
use super::problem::RequestFault;
use super::reply::Answer;

/// The files of `console/dist` by their path, in order; none where the app was not built.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/console.rs"));

/// What a page may load, and who may show it: its own files, and nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
     font-src 'self'; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// Shown in the app's place.
const MISSING: &str = "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Passport: this page is not in this build</title></head>\n\
     <body><h1>This page is not in this build</h1>\n\
     <p>The issuer works, and so do its API and the <code>passport</code> command. This page was not built when it was: pages take Node.</p>\n\
     <p>Run <code>./check console</code> in the source, then build the issuer again.</p></body></html>\n";

/// The routes of the app. They are no part of the API, and not of its document.
pub(super) fn routes() -> Router<App> {
    Router::new().route("/console", get(serve)).route("/console/", get(serve)).route("/console/{*path}", get(serve))
}

async fn serve(State(app): State<App>, uri: Uri, asked: HeaderMap) -> Answer {
    if app.issuer.settings().console.is_none() {
        return Err(RequestFault::RouteNotFound.into());
    }
    let path = uri.path().strip_prefix("/console").unwrap_or_default().trim_start_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let Some((name, extension)) = last.rsplit_once('.') else {
        // Each page is the app, which finds its own way; but for the inspector, which is one by itself.
        let page = if path == "inspector" { "inspector/index.html" } else { "index.html" };
        return Ok(answer(page, file(page).unwrap_or(MISSING.as_bytes()), "html", false, &asked));
    };
    let found = file(path).filter(|_| !name.is_empty() && !matches!(extension, "br" | "gz"));
    let bytes = found.ok_or(RequestFault::RouteNotFound)?;
    Ok(answer(path, bytes, extension, path.starts_with("assets/"), &asked))
}

fn file(path: &str) -> Option<&'static [u8]> {
    let at = FILES.binary_search_by(|(own, _)| (*own).cmp(path)).ok()?;
    FILES.get(at).map(|(_, bytes)| *bytes)
}

/// The answer with these bytes, or what the build has made smaller of them, where the asker takes it.
fn answer(path: &str, bytes: &'static [u8], extension: &str, immutable: bool, asked: &HeaderMap) -> Response {
    let takes = |coding: &str| {
        let values = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split(',')).any(|one| one.trim() == coding)
    };
    let packed = [("br", "br"), ("gzip", "gz")].into_iter().filter(|(coding, _)| takes(coding));
    let packed = packed.filter_map(|(coding, suffix)| Some((coding, file(&format!("{path}.{suffix}"))?))).next();
    let (coding, body) = packed.map_or((None, bytes), |(coding, body)| (Some(coding), body));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    let mut set = |name, value| _ = headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, media_type(extension));
    set(header::VARY, "accept-encoding");
    set(header::CACHE_CONTROL, if immutable { "public, max-age=31536000, immutable" } else { "no-store" });
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if let Some(coding) = coding {
        set(header::CONTENT_ENCODING, coding);
    }
    response
}

fn media_type(extension: &str) -> &'static str {
    match extension {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
