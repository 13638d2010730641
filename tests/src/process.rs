//! A real issuer in a process of its own, and a client of it.

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::places::workspace;

/// The `passport` binary, built as this test was. Building it here means that no test can run an old one.
pub fn passport_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let mut cargo = Command::new(env!("CARGO"));
        // What the cargo that runs this says of this package is not for the one that builds another: some dependencies
        // look at it, and would be built anew each time.
        for (name, _) in std::env::vars_os() {
            if ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                cargo.env_remove(name);
            }
        }
        // Where this was started by hand, and not by cargo, some dependencies would be built with a toolchain of their own
        // choice.
        if let Some(toolchain) = option_env!("RUSTUP_TOOLCHAIN") {
            cargo.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        let output = cargo
            .args(["build", "--quiet", "--locked", "-p", "passport-issuer", "--bin", "passport", "--message-format", "json"])
            // What asks may be a release build, as a drill is: then so is what it asks for.
            .args(if cfg!(debug_assertions) { &[][..] } else { &["--release"] })
            .current_dir(workspace())
            .stderr(Stdio::inherit())
            .output()
            .expect("cargo runs");
        assert!(output.status.success(), "the passport command does not build");
        let messages = String::from_utf8(output.stdout).expect("text");
        let built = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
        let path = built.filter_map(|message| message["executable"].as_str().map(PathBuf::from)).next_back();
        path.expect("cargo names the binary")
    })
}

/// A command that runs `passport`, with no setting of the person who runs the tests.
pub fn passport() -> Command {
    let mut command = Command::new(passport_binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PASSPORT_") || name == "NO_COLOR" || name == "CLICOLOR_FORCE" {
            command.env_remove(name);
        }
    }
    command
}

/// An issuer in development mode on a directory of its own. It is killed when this is dropped.
#[derive(Debug)]
pub struct Issuer {
    child: Child,
    data: PathBuf,
    address: String,
}

impl Issuer {
    /// Starts an issuer on `data`, on a free port.
    pub fn start(data: &Path) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address");
        Self::start_at(data, &free.to_string())
    }

    /// Starts an issuer on `data` at `address`, and waits until it is ready.
    pub fn start_at(data: &Path, address: &str) -> Self {
        Self::start_with(data, address, &[])
    }

    /// The same with more settings.
    pub fn start_with(data: &Path, address: &str, settings: &[&str]) -> Self {
        Self::start_in(data, address, settings, &[])
    }

    /// The same in an environment with these variables.
    pub fn start_in(data: &Path, address: &str, settings: &[&str], environment: &[(&str, OsString)]) -> Self {
        let child = passport()
            .args(["serve", "--dev", "--listen", address, "--data"])
            .arg(data)
            .args(settings)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(data.with_extension("log")).expect("a log"))
            .spawn()
            .expect("the issuer starts");
        let mut issuer = Self { child, data: data.to_owned(), address: address.to_owned() };
        let deadline = Instant::now() + Duration::from_secs(30);
        while !agent().get(format!("{}/readyz", issuer.url())).call().is_ok_and(|answer| answer.status() == 200) {
            if let Some(status) = issuer.child.try_wait().expect("a child") {
                panic!("the issuer ended with {status}: {}", issuer.log());
            }
            assert!(Instant::now() < deadline, "the issuer is not ready: {}", issuer.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        issuer
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it has written to its log.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.data.with_extension("log")).unwrap_or_default()
    }

    /// The passport of its first admin.
    pub fn admin_passport(&self) -> String {
        let text = std::fs::read_to_string(self.data.join("admin.passport")).expect("the admin's passport");
        text.trim().to_owned()
    }

    /// A client with the admin's passport.
    pub fn admin(&self) -> Client {
        Client { url: self.url(), passport: self.admin_passport() }
    }

    /// Tells it to stop (SIGTERM), and waits until it has. Gives whether it ended well.
    pub fn stop(mut self) -> bool {
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status().expect("sh runs");
        told.success() && self.child.wait().expect("gone").success()
    }

    /// Kills it as a power cut would: no signal handler, no goodbye.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that is killed when this is dropped.
#[derive(Debug)]
pub struct Ending(pub Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A caller of the issuer's API.
#[derive(Clone, Debug)]
pub struct Client {
    /// The issuer's URL.
    pub url: String,
    /// The passport that it calls with.
    pub passport: String,
}

impl Client {
    /// Status and body of the answer; `None` where there was none, as after a kill.
    pub fn try_post(&self, path: &str, body: &Value) -> Option<(u16, Value)> {
        self.try_post_text(path, body.to_string())
    }

    /// The same with a body that goes out to the letter.
    pub fn try_post_text(&self, path: &str, body: String) -> Option<(u16, Value)> {
        let answer = agent()
            .post(format!("{}{path}", self.url))
            .header("authorization", format!("Bearer {}", self.passport))
            .content_type("application/json")
            .send(body);
        read(answer.ok()?)
    }

    /// The body of an answer of 2xx.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let (status, answer) = self.try_post(path, body).expect("an answer");
        assert!((200..300).contains(&status), "POST {path}: {status} {answer}");
        answer
    }

    /// Status and body of the answer.
    pub fn try_get(&self, path: &str) -> (u16, Value) {
        let answer = agent().get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {}", self.passport)).call();
        answer.ok().and_then(read).expect("an answer")
    }

    /// Whether the issuer there is ready.
    pub fn is_ready(&self) -> bool {
        agent().get(format!("{}/readyz", self.url)).call().is_ok_and(|answer| answer.status() == 200)
    }

    /// The status of a call with a body that is an empty object, where the method has one. Without a passport, none is sent.
    pub fn status(&self, method: &str, path: &str) -> u16 {
        let body = if method == "GET" || method == "DELETE" { "" } else { "{}" };
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if !self.passport.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.passport));
        }
        let request = request.header("content-type", "application/json").body(body).expect("a request");
        agent().run(request).expect("an answer").status().as_u16()
    }

    /// The body of an answer of 200, to the letter.
    pub fn text(&self, path: &str) -> String {
        let answer = agent().get(format!("{}{path}", self.url)).header("authorization", format!("Bearer {}", self.passport)).call();
        let mut answer = answer.expect("an answer");
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().expect("text");
        assert_eq!(answer.status().as_u16(), 200, "GET {path}: {text}");
        text
    }

    /// The body of an answer of 2xx.
    pub fn get(&self, path: &str) -> Value {
        let (status, answer) = self.try_get(path);
        assert!((200..300).contains(&status), "GET {path}: {status} {answer}");
        answer
    }

    /// Every item of a list, page by page.
    pub fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{}limit=1000{cursor}", if path.contains('?') { '&' } else { '?' }));
            items.extend(page["items"].as_array().expect("items").iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    }
}

/// A client of this machine alone: no proxy that the environment names stands between.
fn agent() -> &'static ureq::Agent {
    static AGENT: OnceLock<ureq::Agent> = OnceLock::new();
    AGENT.get_or_init(|| {
        let config = ureq::Agent::config_builder().proxy(None).http_status_as_error(false);
        config.timeout_global(Some(Duration::from_secs(20))).build().into()
    })
}

/// Status and body; a body that is no JSON comes as a string.
fn read(mut answer: ureq::http::Response<ureq::Body>) -> Option<(u16, Value)> {
    let status = answer.status().as_u16();
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().ok()?;
    Some((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}
