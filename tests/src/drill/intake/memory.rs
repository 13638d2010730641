//! What HTTP alone allows: a server that reads the same reports, counts them and answers, and keeps nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::strangers;
use crate::drill::Drill;
use crate::drill::reporting::{Pool, Until, deliver};

const COUNTED: &str = "a server that keeps nothing counts what was sent";

pub(super) fn requests_per_s(drill: &Drill, pool: &Arc<Pool>, clients: usize, batch: u64, time: Duration) -> f64 {
    let (counted, (stop, stopped), (told, address)) = (Arc::new(AtomicU64::new(0)), oneshot::channel(), mpsc::channel());
    let state = Arc::clone(&counted);
    let server = std::thread::spawn(move || {
        // As many threads as the issuer has.
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            told.send(listener.local_addr().expect("an address").to_string()).expect("it is waited for");
            let router = Router::new().route("/v1/audit/events", post(take)).with_state(state);
            tokio::select! {
                served = axum::serve(listener, router) => served.expect("it serves"),
                _ = stopped => {}
            }
        });
    });
    let address = address.recv().expect("it starts");
    let (_, outcome) = deliver(drill, &address, strangers(pool, clients, drill), batch, Until::Passed(time));
    let _ = stop.send(());
    server.join().expect("no panic");
    outcome.examples.iter().for_each(|example| drill.broken(COUNTED, example));
    let counted = counted.load(Ordering::SeqCst);
    drill.expect(counted == outcome.events, COUNTED, || format!("{counted} counted, {} sent", outcome.events));
    outcome.requests_per_s()
}

async fn take(State(counted): State<Arc<AtomicU64>>, body: Bytes) -> impl IntoResponse {
    let events = memchr::memmem::find_iter(&body, br#"{"seq":"#).count() as u64;
    counted.fetch_add(events, Ordering::SeqCst);
    ([(CONTENT_TYPE, "application/json")], format!(r#"{{"accepted":{events},"duplicates":0,"conflicts":0}}"#))
}
