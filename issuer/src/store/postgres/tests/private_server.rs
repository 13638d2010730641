//! A PostgreSQL for tests: of one process, and gone with it.
//!
//! One file for two crates: the issuer's own tests have it as a module, and the system tests take it in by its path,
//! for they stand above the issuer and it cannot depend on them. It uses the standard library alone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Stands between the tests and the server. When its input ends, and so however the tests end, it stops the server and
/// leaves nothing behind. PostgreSQL runs under no root, so all of it runs as another user.
const KEEPER: &str = r#"
trap '' INT TERM HUP
bin=$1; port=$2; fsync=$3
dir=$(mktemp -d /tmp/passport-postgres.XXXXXX) && cd "$dir" || exit 1
options="-p $port -k $dir -h 127.0.0.1 -c fsync=$fsync -c max_connections=300 -c shared_buffers=32MB"
{ "$bin/initdb" -D "$dir/data" -U passport -A trust --no-sync -E UTF8 --locale=C &&
  "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" start -o "$options" ; } >"$dir/start" 2>&1 </dev/null \
  && echo "ready $dir" || { tr '\n' ' ' <"$dir/start"; cat "$dir/log"; }
# A line is a crash: all of it is killed at once, and started again.
while read -r _; do
  pid=$(head -n 1 "$dir/data/postmaster.pid")
  kill -9 "$pid" $(cat "/proc/$pid/task/$pid/children") 2>/dev/null
  # Gone, or waiting to be reaped by whoever does that here.
  while grep -q '^State:.[^ZX]' "/proc/$pid/status" 2>/dev/null; do sleep 0.01; done
  # What was forked in that moment ends by itself, and holds the server's memory until then.
  for _ in $(seq 100); do
    "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" start -o "$options" >"$dir/start" 2>&1 </dev/null && echo ready && continue 2
    sleep 0.1
  done
  tr '\n' ' ' <"$dir/start"; tail -n 5 "$dir/log" | tr '\n' ' '; echo
done
"$bin/pg_ctl" -D "$dir/data" -m immediate stop >/dev/null 2>&1
rm -rf "$dir"
"#;

/// A running server. Its keeper stops it when this is dropped, or when the process ends.
pub struct PrivateServer {
    bin: PathBuf,
    port: u16,
    /// Where its socket is.
    folder: String,
    databases: AtomicU32,
    keeper: Child,
    said: BufReader<ChildStdout>,
}

impl PrivateServer {
    /// Starts a server; with `fsync` it keeps what it has acknowledged.
    pub fn start(fsync: bool) -> Self {
        let bin = binaries();
        let mut told = String::new();
        // Another process may take the port between the look and the start.
        for _ in 0..5 {
            let port = std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a free port").port();
            let mut command = match is_root() {
                true => {
                    let mut command = Command::new("setpriv");
                    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "sh"]);
                    command
                }
                false => Command::new("sh"),
            };
            let mut keeper = command
                .args(["-c", KEEPER, "keeper"])
                .arg(&bin)
                .args([port.to_string().as_str(), if fsync { "on" } else { "off" }])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .expect("sh, and as root setpriv of util-linux, can be started");
            told.clear();
            let mut said = BufReader::new(keeper.stdout.take().expect("piped"));
            said.read_line(&mut told).expect("the keeper speaks");
            if let Some(folder) = told.trim().strip_prefix("ready ") {
                // Waited for when it is dropped.
                return Self { bin, port, folder: folder.to_owned(), databases: AtomicU32::new(0), keeper, said };
            }
            drop(keeper.stdin.take());
            let _ = keeper.wait();
        }
        panic!("PostgreSQL does not start: {told}");
    }

    /// Kills the server and all its processes at once (-9), starts it again, and waits until it takes connections.
    pub fn crash(&mut self) {
        writeln!(self.keeper.stdin.as_mut().expect("piped"), "crash").expect("the keeper listens");
        let mut told = String::new();
        self.said.read_line(&mut told).expect("the keeper speaks");
        assert_eq!(told.trim(), "ready", "PostgreSQL does not come back");
    }

    /// The URL of a new, empty database, over TCP.
    pub fn new_database(&self) -> String {
        format!("postgres://passport@127.0.0.1:{}/{}", self.port, self.create())
    }

    /// The URL of a new, empty database, by the server's socket: for measuring, as it is reached where both are on one machine.
    pub fn new_database_here(&self) -> String {
        format!("postgres://passport@localhost:{}/{}?host={}", self.port, self.create(), self.folder)
    }

    fn create(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::SeqCst));
        self.psql("postgres", &format!("CREATE DATABASE {name}"));
        name
    }

    /// Runs statements in a database as its owner would, and gives what they answer.
    pub fn psql(&self, database: &str, statements: &str) -> String {
        let done = Command::new(self.bin.join("psql"))
            .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-U", "passport", "-d", database, "-p"])
            .arg(self.port.to_string())
            .args(["-c", statements])
            .output()
            .expect("psql runs");
        assert!(done.status.success(), "{statements}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("text").trim().to_owned()
    }
}

impl Drop for PrivateServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The newest PostgreSQL that is installed. It is needed: a test that is passed over keeps no promise.
fn binaries() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .collect();
    found.sort();
    found.pop().expect("no PostgreSQL under /usr/lib/postgresql; install it: apt-get install postgresql").1
}

fn is_root() -> bool {
    std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").expect("/proc")) == 0
}
