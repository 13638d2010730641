//! Calls to an issuer over TLS believe what the system believes, an organisation's own authority included.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use passport_tests::mint::{self, Bundle};
use passport_tests::process::passport;

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().expect("openssl runs");
    assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority, a stranger, and a certificate of the first for `localhost`.
fn certificates(folder: &Path) {
    openssl(folder, "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem");
    openssl(folder, "req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=stranger -keyout stranger.key -out stranger.pem");
    openssl(folder, "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout server.key -out server.csr");
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
        .expect("written");
    openssl(folder, "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.pem");
    openssl(folder, "x509 -req -in server.csr -CA stranger.pem -CAkey stranger.key -CAcreateserial -days 2 -extfile names -out next.pem");
}

struct Server(Child, u16);

impl Server {
    /// Serves the files of `folder` over TLS.
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut command = Command::new("openssl");
        command.args(["s_server", "-quiet", "-WWW", "-cert", "server.pem", "-key", "server.key", "-accept", &format!("127.0.0.1:{port}")]);
        let child =
            command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the TLS server does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child, port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn trust_comes_over_tls_from_whom_the_system_trusts_and_from_nobody_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    certificates(folder);
    std::fs::create_dir(folder.join("v1")).expect("a folder");
    let key = mint::key("tls");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let bundle = Bundle { issued_at: i64::try_from(now).expect("a time"), ..Bundle::of(&key) };
    std::fs::write(folder.join("v1/trust-bundle"), bundle.token()).expect("written");
    let server = Server::start(folder);
    let fetch = |authorities: &Path| {
        let mut command = passport();
        command.args(["trust", "fetch", "--pin", key.id().as_str(), "--url", &format!("https://localhost:{}", server.1), "-o"]);
        command.arg(folder.join("trust.bundle")).env("SSL_CERT_FILE", authorities).env_remove("SSL_CERT_DIR").output().expect("it runs")
    };
    let refused = fetch(&folder.join("stranger.pem"));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{told}");
    assert!(told.contains("certificate") && !folder.join("trust.bundle").exists(), "{told}");
    let accepted = fetch(&folder.join("ca.pem"));
    assert_eq!(accepted.status.code(), Some(0), "{}", String::from_utf8_lossy(&accepted.stderr));
    assert_eq!(std::fs::read_to_string(folder.join("trust.bundle")).expect("written").trim(), bundle.token());
}

/// Ends an issuer with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_issuer_speaks_tls_with_its_certificate_and_takes_a_new_one_and_no_broken_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    certificates(folder);
    let port = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let url = format!("https://localhost:{port}");
    let serve = |key: &str| {
        let mut command = passport();
        command.args(["serve", "--dev", "--data", "data", "--listen", &format!("127.0.0.1:{port}"), "--issuer", &url]);
        command.args(["--tls-cert", "server.pem", "--tls-key", key]).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
        command
    };
    // A key that is another's is told at the start.
    let refused = serve("ca.key").output().expect("it runs");
    assert_eq!(refused.status.code(), Some(1), "{}", String::from_utf8_lossy(&refused.stderr));

    let log = std::fs::File::create(folder.join("log")).expect("a log");
    let child = Serving(serve("server.key").stderr(log).spawn().expect("it starts"));
    let fetches = |authorities: &str| {
        let mut command = passport();
        command.args(["trust", "fetch", "--url", &url]).env("SSL_CERT_FILE", folder.join(authorities)).env_remove("SSL_CERT_DIR");
        command.output().expect("it runs").status.success()
    };
    let comes_to = |authorities: &str| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !fetches(authorities) {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            assert!(Instant::now() < deadline, "the issuer does not speak TLS for {authorities}: {log}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    comes_to("ca.pem");
    assert!(!fetches("stranger.pem"), "a certificate of another authority");

    let hangup = || {
        let done = Command::new("kill").args(["-HUP", &child.0.id().to_string()]).status().expect("it runs");
        assert!(done.success());
    };
    let told = |what: &str| {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !std::fs::read_to_string(folder.join("log")).unwrap_or_default().contains(what) {
            assert!(Instant::now() < deadline, "the log never says {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    std::fs::write(folder.join("server.pem"), "no certificate").expect("written");
    hangup();
    told("the certificate from before is served on");
    assert!(fetches("ca.pem"), "the one from before is served on");

    std::fs::copy(folder.join("next.pem"), folder.join("server.pem")).expect("copied");
    hangup();
    told("the certificate was read anew");
    comes_to("stranger.pem");
    assert!(!fetches("ca.pem"), "the old one is served no more");

    // Who says nothing, or nothing of TLS, holds nobody up.
    let _silent = TcpStream::connect(("127.0.0.1", port)).expect("connected");
    comes_to("stranger.pem");
}
