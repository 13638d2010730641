//! Runs the binary, and makes passports for it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use passport_keys::SigningKey;
use passport_shared::jose::{self, Algorithm, TokenType};
use passport_shared::key_set::KeySet;
use rexpect::reader::Options;
use rexpect::session::{PtySession, spawn_with_options};

/// When the passports of these tests live.
pub(crate) const NOW: i64 = 1_800_000_000;

/// The binary, with no setting of this machine.
pub(crate) fn passport(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_passport"));
    command.current_dir(directory).env_clear().stdin(Stdio::null());
    command
}

/// What a run came to.
pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Self { exit: output.status.code().expect("an exit code"), out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Run {
    pub(crate) fn json(&self) -> serde_json::Value {
        assert_eq!(self.out.matches('\n').count(), 1, "one line: {}{}", self.out, self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}{}", self.out, self.err))
    }

    /// What was said, without regard to where its lines break.
    pub(crate) fn told(&self) -> String {
        // What is to be copied stays whole, and so does JSON.
        let fits = |line: &str| line.starts_with('{') || line.starts_with("  ") || line.chars().count() <= 80;
        assert!(self.err.lines().all(fits), "{}", self.err);
        words(&self.err)
    }

    pub(crate) fn ended(self, exit: i32) -> Self {
        assert_eq!(self.exit, exit, "{}{}", self.out, self.err);
        self
    }
}

/// The text without regard to where its lines break.
pub(crate) fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub(crate) fn run(directory: &Path, arguments: &[&str]) -> Run {
    passport(directory).args(arguments).output().expect("it runs").into()
}

pub(crate) fn run_with_input(directory: &Path, arguments: &[&str], input: &[u8]) -> Run {
    let mut child =
        passport(directory).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it runs");
    let mut stdin = child.stdin.take().expect("a pipe");
    let input = input.to_vec();
    // Written aside, since it may answer before it has read all. Where it reads no more, that is its business.
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(&input);
    });
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("written");
    output.into()
}

/// A key that passports are signed with, and a directory with its JWK set in `jwks.json`.
pub(crate) struct Signer {
    key: SigningKey,
    pub(crate) directory: tempfile::TempDir,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let key = SigningKey::generate(&mut rand::rng());
        let directory = tempfile::tempdir().expect("a directory");
        let set = serde_json::to_string(&KeySet { keys: vec![key.public().clone()] }).expect("a key set");
        std::fs::write(directory.path().join("jwks.json"), set + "\n").expect("written");
        Self { key, directory }
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn sign(&self, kind: TokenType, claims: &str) -> String {
        let input = jose::signing_input(kind, Algorithm::EdDsa, self.key.id(), claims.as_bytes());
        jose::assemble(&input, &self.key.sign(input.as_bytes()))
    }

    /// A bundle of this key, in `trust.bundle`.
    pub(crate) fn bundle(&self, issued_at: i64, expires_at: i64) -> PathBuf {
        let jwks = serde_json::to_string(&KeySet { keys: vec![self.key.public().clone()] }).expect("a key set");
        let claims = format!(
            r#"{{"iss":"https://i.example","iat":{issued_at},"exp":{expires_at},"seq":1,"jwks":{jwks},"revokedKeys":[],"statusLists":[]}}"#
        );
        let path = self.path().join("trust.bundle");
        std::fs::write(&path, self.sign(TokenType::TrustBundle, &claims)).expect("written");
        path
    }

    /// Ollie's passport for an hour from [`NOW`], with more claims.
    pub(crate) fn passport_with(&self, more: &str) -> String {
        let grants = r#"[{"type":"permission_passport","resource":"commerce","allowedActions":["purchase"],"blockedActions":["refund"],"constraints":{"amount":{"max":"500.00"},"vendor":{"oneOf":["coachella.com"]}}},
            {"type":"permission_passport","resource":"contracts/**","allowedActions":["send"],"requiresApproval":true}]"#;
        let claims = format!(
            r#"{{"iss":"https://i.example","sub":"agent_ollie","aud":["https://shop.example"],"iat":{NOW},"exp":{},"jti":"pp_1","authorization_details":{grants}{more}}}"#,
            NOW + 3_600
        );
        self.sign(TokenType::Passport, &claims)
    }

    pub(crate) fn passport(&self) -> String {
        self.passport_with("")
    }
}

/// `passport serve` on a free port, with its data in `directory/data`.
pub(crate) fn serve(directory: &Path, more: &[&str]) -> Command {
    let mut command = passport(directory);
    command.args(["serve", "--listen", "127.0.0.1:0", "--data", "data", "--json", "--log", "warn"]).args(more);
    command
}

/// An issuer that runs until it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) url: String,
    /// What it wrote when it listened.
    pub(crate) ready: serde_json::Value,
}

impl Served {
    /// Starts one with `--dev`, and waits until it listens.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::wait(&mut serve(directory, &["--dev"]))
    }

    /// Starts what [`serve`] has made.
    pub(crate) fn wait(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("it runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Self { child, url: ready["url"].as_str().expect("a URL").to_owned(), ready }
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as a service manager does, and gives its exit code.
    pub(crate) fn stop(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().expect("kill runs").success());
        self.child.wait().expect("it ends").code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// For what it should say next, in milliseconds: far more than it needs.
const PATIENCE: u64 = 60_000;

/// The command at a terminal of its own.
pub(crate) fn at_a_terminal(directory: &Path, arguments: &[&str], escapes: Escapes) -> PtySession {
    let mut command = passport(directory);
    command.args(arguments);
    spawned(command, escapes)
}

/// The same, with its output in a file.
pub(crate) fn at_a_terminal_into(file: File, directory: &Path, arguments: &[&str]) -> PtySession {
    let mut command = passport(directory);
    command.args(arguments).stdout(file);
    spawned(command, Escapes::Kept)
}

fn spawned(mut command: Command, escapes: Escapes) -> PtySession {
    // What it reads is the terminal too.
    command.env("TERM", "xterm").env("NO_COLOR", "1").stdin(Stdio::inherit());
    let options = Options::new().timeout_ms(Some(PATIENCE)).strip_ansi_escape_codes(escapes == Escapes::Dropped);
    spawn_with_options(command, options).expect("a terminal")
}

/// What moves the cursor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    Dropped,
    Kept,
}
