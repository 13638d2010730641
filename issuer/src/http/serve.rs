//! Serving connections: our own accept loop, because a plain one sets no deadline for headers and no end to a client
//! that takes no answer.

mod accept;
mod crowd;
mod stall;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower::Service as _;

use super::frame::Held;
use super::rates::Peer;
use super::router::router_behind;
use super::stream::goes_on;
use super::tls::Tls;
use super::{Limits, Proxies};
use crate::service::Issuer;
use crate::traces::Tracer;
use accept::Pause;
use crowd::{Crowd, Seat};
use stall::StallGuard;

/// Bytes of a request's line and headers together: a passport of the largest size that any verifier takes, and room.
const HEADER_BYTES: usize = 96 * 1024;

/// Header lines of a request.
const HEADERS: usize = 100;

/// Answers on `listener` until `shutdown` ends. Then it takes no more connections, lets what is in flight end for
/// [`Limits::drain`], and cuts the rest.
///
/// # Errors
/// None that a connection or the system's lack of something causes: these are logged, and serving goes on. One, if the
/// listener itself cannot be used.
pub async fn serve(listener: TcpListener, issuer: Issuer, limits: Limits, shutdown: impl Future<Output = ()>) -> io::Result<()> {
    serve_behind(listener, Front::default(), issuer, limits, shutdown).await
}

/// What stands between the issuer and its clients.
#[derive(Clone, Debug, Default)]
pub struct Front {
    /// The proxies that are believed about who asks (`X-Forwarded-For`); none unless set.
    pub proxies: Proxies,
    /// What is spoken at the listener; plain HTTP unless set.
    pub tls: Option<Arc<Tls>>,
    /// What begins the spans of requests; they are not traced unless set.
    pub tracer: Option<Tracer>,
}

/// [`serve`] behind a front.
///
/// # Errors
/// As [`serve`].
pub async fn serve_behind(
    listener: TcpListener,
    front: Front,
    issuer: Issuer,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    let stopping = issuer.clone();
    let shutdown = async move {
        shutdown.await;
        // Who only waits for something new holds nothing up.
        stopping.end_waits();
    };
    run(listener, front.tls.clone(), router_behind(issuer, limits, front), limits, shutdown).await;
    Ok(())
}

/// [`serve`] for any router.
pub(super) async fn run(listener: TcpListener, tls: Option<Arc<Tls>>, router: Router, limits: Limits, shutdown: impl Future<Output = ()>) {
    let crowd = Crowd::new(limits.connections);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut shutdown = std::pin::pin!(shutdown);
    let mut pause = Pause::default();
    loop {
        let accepted = tokio::select! {
            biased;
            () = &mut shutdown => break,
            accepted = next(&listener, &crowd, &mut pause) => accepted,
        };
        while connections.try_join_next().is_some() {}
        if let Some((stream, peer, seat)) = accepted {
            connections.spawn(accepted_by(tls.clone(), stream, peer, router.clone(), limits, seat, graceful.watcher()));
        }
    }
    drop(listener);
    tracing::info!(connections = connections.len(), "stopping");
    // A place is given back when its connection has ended and so has the work on its requests.
    let drained = tokio::time::timeout(limits.drain, async {
        graceful.shutdown().await;
        crowd.empty().await;
    });
    if drained.await.is_err() {
        tracing::warn!(connections = connections.len(), "some requests were not done in time and are cut off");
    }
    connections.shutdown().await;
}

/// The next connection, once there is a place for it. `None` after an error, and a pause where the error asks for one.
async fn next(listener: &TcpListener, crowd: &Arc<Crowd>, pause: &mut Pause) -> Option<(TcpStream, Peer, Seat)> {
    match listener.accept().await {
        Ok((stream, peer)) => {
            pause.reset();
            Some((stream, Peer(peer.ip()), crowd.enter().await?))
        }
        Err(error) => {
            pause.after(&error).await;
            None
        }
    }
}

/// One connection, to its end: its handshake, where TLS is spoken, has the time that headers have.
async fn accepted_by(tls: Option<Arc<Tls>>, stream: TcpStream, peer: Peer, router: Router, limits: Limits, seat: Seat, watcher: Watcher) {
    // Answers are small and whole: nothing is gained by waiting for more to send with them.
    let _ = stream.set_nodelay(true);
    let stream = StallGuard::new(stream, limits.write_timeout);
    let Some(tls) = tls else { return connection(stream, peer, router, limits, seat, watcher).await };
    let handshake = tokio::time::timeout(limits.header_timeout, tls.acceptor().accept(stream));
    let shaken = tokio::select! {
        shaken = handshake => shaken,
        () = seat.must_leave() => return,
    };
    match shaken {
        Ok(Ok(stream)) => connection(stream, peer, router, limits, seat, watcher).await,
        Ok(Err(error)) => tracing::debug!(%error, "a handshake failed"),
        Err(_) => tracing::debug!("a handshake took too long"),
    }
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    router: Router,
    limits: Limits,
    seat: Seat,
    watcher: Watcher,
) {
    let io = TokioIo::new(stream);
    let seat = Arc::new(seat);
    let of_requests = Arc::clone(&seat);
    let service = service_fn(move |mut request: Request<Incoming>| {
        let seat = Arc::clone(&of_requests);
        seat.works();
        request.extensions_mut().insert(Held(seat.place()));
        request.extensions_mut().insert(peer);
        let answer = router.clone().call(request);
        async move {
            let answer = answer.await;
            // One whose body goes on is no connection that only waits.
            if !answer.as_ref().is_ok_and(goes_on) {
                seat.waits();
            }
            answer
        }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(HEADERS)
        .max_header_size(HEADER_BYTES)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(io, service);
    tokio::select! {
        // What ends a connection early is its client's affair: gone, too slow, or not speaking HTTP.
        served = watcher.watch(served) => if let Err(error) = served {
            tracing::debug!(%error, "a connection ended early");
        },
        () = seat.must_leave() => tracing::debug!("a connection that only waited made room for another"),
    }
}
