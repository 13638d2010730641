//! The issuer sends its traces to a collector, the last of them when it is told to stop.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use passport_tests::process::Issuer;

fn free() -> String {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string()
}

/// Takes what is sent to one connection, a request at a time, and says that it is taken.
fn take(stream: TcpStream, taken: &Sender<(String, Vec<u8>)>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().unwrap_or(0);
            }
            if line.trim().is_empty() {
                break;
            }
            head.push_str(&line);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let _gone = taken.send((head, body));
        (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
    }
}

#[test]
fn the_last_traces_are_sent_before_the_issuer_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let collector = format!("http://{}", listener.local_addr().expect("an address"));
    let (send, taken) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let send = send.clone();
            std::thread::spawn(move || take(stream, &send));
        }
    });
    let data = folder.path().join("data");
    let issuer = Issuer::start_with(&data, &free(), &["--otlp-endpoint", &collector]);
    let token = issuer.admin_passport();
    assert_eq!(issuer.admin().try_get("/v1/keys").0, 200);
    assert!(issuer.stop(), "it ended well");
    let all: Vec<_> = std::iter::from_fn(|| taken.recv_timeout(Duration::from_secs(1)).ok()).collect();
    assert!(all.iter().all(|(head, _)| head.starts_with("POST /v1/traces HTTP/1.1")), "{all:?}");
    let told: Vec<u8> = all.into_iter().flat_map(|(_, body)| body).collect();
    let told = String::from_utf8_lossy(&told);
    for part in ["service.name", "passport-issuer", env!("CARGO_PKG_VERSION"), "GET /v1/keys", "store.keys"] {
        assert!(told.contains(part), "{part} is not told");
    }
    assert!(token.split('.').all(|part| !told.contains(part)), "a part of a token is told");
}

#[test]
fn a_collector_that_never_answers_does_not_keep_the_issuer_from_ending() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let collector = format!("http://{}", silent.local_addr().expect("an address"));
    let issuer = Issuer::start_with(&folder.path().join("data"), &free(), &["--otlp-endpoint", &collector]);
    assert_eq!(issuer.admin().try_get("/v1/keys").0, 200);
    // The collector is there and has said nothing when the issuer has ended.
    assert!(issuer.stop(), "it ended well");
    drop(silent);
}
