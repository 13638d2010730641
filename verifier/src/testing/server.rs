//! A plain HTTP server on this machine, which answers as it is told and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Long enough for anything here; a test that waits so long has failed.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// What a server was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Method and path.
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// What it answers: status, further headers, body.
pub(crate) struct Answer(pub(crate) u16, pub(crate) &'static str, pub(crate) String);

type Asks = Arc<(Mutex<Vec<Asked>>, Condvar)>;

pub(crate) struct Server {
    address: SocketAddr,
    asked: Asks,
    #[cfg(feature = "report")]
    away: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A server that answers each request by `answer`, one after the other.
    pub(crate) fn start(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        Self::new(false, answer)
    }

    /// The same, but until it [is back](Self::is_back) it hangs up on everybody. The address is its own meanwhile: one that
    /// is free could become another test's.
    #[cfg(feature = "report")]
    pub(crate) fn away(answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        Self::new(true, answer)
    }

    #[cfg(feature = "report")]
    pub(crate) fn is_back(&self) {
        self.away.store(false, Ordering::SeqCst);
    }

    fn new(away: bool, mut answer: impl FnMut(&Asked) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("an address");
        let address = listener.local_addr().expect("an address");
        let (asked, stop): (Asks, _) = (Asks::default(), Arc::new(AtomicBool::new(false)));
        let away = Arc::new(AtomicBool::new(away));
        let (seen, stopped, gone) = (Arc::clone(&asked), Arc::clone(&stop), Arc::clone(&away));
        let serve = move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::SeqCst) {
                    return;
                }
                if gone.load(Ordering::SeqCst) {
                    continue;
                }
                let Some((stream, request)) = stream.ok().and_then(read) else { continue };
                let answer = answer(&request);
                seen.0.lock().expect("lock").push(request);
                seen.1.notify_all();
                write(stream, &answer);
            }
        };
        let thread = thread::Builder::new().spawn(serve).expect("a thread");
        Self {
            address,
            asked,
            #[cfg(feature = "report")]
            away,
            stop,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> crate::IssuerUrl {
        format!("http://{}", self.address).parse().expect("a loopback url")
    }

    /// Everything it was asked, once that is at least `count` requests.
    pub(crate) fn asked(&self, count: usize) -> Vec<Asked> {
        let (asked, _) =
            self.asked.1.wait_timeout_while(self.asked.0.lock().expect("lock"), LONG, |asked| asked.len() < count).expect("lock");
        assert!(asked.len() >= count, "{} requests of {count} came", asked.len());
        asked.clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        #[expect(clippy::disallowed_methods, reason = "a test server is woken up to end")]
        let woken = TcpStream::connect(self.address);
        if woken.is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

fn read(stream: TcpStream) -> Option<(TcpStream, Asked)> {
    let mut reader = BufReader::new(stream);
    let mut lines = std::iter::from_fn(|| {
        let mut line = String::new();
        reader.read_line(&mut line).ok().map(|_| line.trim_end().to_owned()).filter(|line| !line.is_empty())
    });
    let line = lines.next()?.rsplit_once(' ')?.0.to_owned();
    let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()))).collect();
    let mut asked = Asked { line, headers, body: String::new() };
    let length = asked.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    #[cfg(feature = "report")]
    if asked.header("content-encoding") == Some("gzip") {
        let packed = std::mem::take(&mut body);
        flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut body).ok()?;
    }
    asked.body = String::from_utf8(body).ok()?;
    Some((reader.into_inner(), asked))
}

/// Whoever asked may be gone already.
fn write(mut stream: TcpStream, Answer(status, headers, body): &Answer) {
    let head = format!("HTTP/1.1 {status} Status\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}
