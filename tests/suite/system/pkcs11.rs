//! An issuer whose keys live in a PKCS#11 token: SoftHSM2, through its real library.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use passport_tests::process::{Client, passport};
use passport_verifier::{Reason, Request, Trust, Verifier};
use serde_json::{Value, json};

const ISSUER: &str = "https://issuer.test";
const SHOP: &str = "https://shop.example";

/// Where Debian puts the library.
fn library() -> PathBuf {
    let places = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"].map(PathBuf::from);
    places.into_iter().find(|path| path.exists()).expect("SoftHSM2 is installed: apt install softhsm2, or ./check tools")
}

/// A token of its own, in a folder of its own.
struct Token {
    folder: tempfile::TempDir,
}

impl Token {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("tokens")).expect("made");
        std::fs::write(folder.path().join("conf"), format!("directories.tokendir = {}/tokens\n", folder.path().display()))
            .expect("written");
        let token = Self { folder };
        token.pin("4711\n");
        let made = token
            .around(&mut Command::new("softhsm2-util"))
            .args(["--init-token", "--free", "--label", "issuer"])
            .args(["--so-pin", "0815", "--pin", "4711"])
            .output();
        assert!(made.expect("softhsm2-util runs").status.success());
        token
    }

    /// Writes the PIN's file, for its owner alone.
    fn pin(&self, pin: &str) {
        let path = self.folder.path().join("pin");
        std::fs::write(&path, pin).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    }

    fn around<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command.env("SOFTHSM2_CONF", self.folder.path().join("conf"))
    }

    /// `passport` with the keys in this token.
    fn passport(&self, arguments: &[&str]) -> Command {
        let mut command = passport();
        self.around(&mut command).args(arguments).arg("--data").arg(self.data()).arg("--pkcs11-module").arg(library());
        command.args(["--pkcs11-token", "issuer", "--pkcs11-pin-file"]).arg(self.folder.path().join("pin"));
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Serves until `act` has been done.
    fn serve(&self, act: impl FnOnce(&Client)) {
        let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string();
        let log = std::fs::File::create(self.folder.path().join("log")).expect("a log");
        let mut command = self.passport(&["serve", "--issuer", ISSUER, "--listen", &address]);
        let mut issuer = command.stdout(Stdio::null()).stderr(log).spawn().expect("it starts");
        let (file, began) = (self.data().join("admin.passport"), Instant::now());
        let url = format!("http://{address}");
        let ready = || Client { url: url.clone(), passport: String::new() }.is_ready() && file.exists();
        while !ready() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(began.elapsed() < Duration::from_secs(30) && issuer.try_wait().expect("a child").is_none(), "it is not ready: {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
        act(&Client { url, passport: std::fs::read_to_string(&file).expect("read").trim().to_owned() });
        issuer.kill().expect("killed");
        issuer.wait().expect("gone");
    }
}

fn issue(admin: &Client) -> Value {
    let grants = json!([{"resource": "commerce", "allowedActions": ["purchase"]}]);
    admin.post("/v1/passports", &json!({"agentId": "ollie", "audience": [SHOP], "grants": grants, "expiresIn": 600}))
}

fn reason(admin: &Client, issued: &Value) -> Reason {
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs()).expect("small");
    let trust = Trust::from_bundle(admin.text("/v1/trust-bundle").as_bytes(), now).expect("a sound bundle");
    Verifier::new(trust, SHOP).decide(issued["passport"].as_str().expect("a token"), &Request::new("purchase").on("commerce"), now).reason()
}

fn holds_a_key(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| entries.flatten().any(|entry| entry.path().extension().is_some_and(|end| end == "pem")))
}

#[test]
fn an_issuer_signs_with_keys_that_never_leave_their_token() {
    let token = Token::new();
    let (mut first, mut webhook) = (Value::Null, Value::Null);
    token.serve(|admin| {
        admin.post("/v1/agents", &json!({"agentId": "ollie", "name": "Ollie"}));
        first = issue(admin);
        assert_eq!(reason(admin, &first), Reason::Granted);
        // A fresh key is made in the token, and the next one signs.
        admin.post("/v1/keys/rotate", &json!({}));
        let second = issue(admin);
        assert_ne!(first["keyId"], second["keyId"]);
        assert_eq!((reason(admin, &first), reason(admin, &second)), (Reason::Granted, Reason::Granted));
        webhook = admin.post("/v1/webhooks", &json!({"url": "https://hooks.invalid", "events": ["admin.passport_issued"]}));
        let key = first["keyId"].as_str().expect("a thumbprint");
        // The admin's own passport is signed by it too, so this is its last call.
        admin.post(&format!("/v1/keys/{key}/revoke"), &json!({"reason": "test"}));
        assert_eq!((reason(admin, &first), reason(admin, &second)), (Reason::KeyRevoked, Reason::Granted));
    });
    assert!(!holds_a_key(&token.data()) && !holds_a_key(&token.data().join("keys")), "no key is in a file");
    // After a restart the same keys sign: the admin gets a new passport, by one of them.
    let made = token.passport(&["admin-passport"]).output().expect("it runs");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    std::fs::write(token.data().join("admin.passport"), &made.stdout).expect("written");
    token.serve(|admin| {
        assert_eq!(reason(admin, &issue(admin)), Reason::Granted);
        // What is sent to a webhook is signed by what the token makes, the same as before: else nothing would be tried.
        let path = format!("/v1/webhooks/{}/deliveries", webhook["webhookId"].as_str().expect("an id"));
        let began = Instant::now();
        while admin.list(&path).is_empty() {
            assert!(began.elapsed() < Duration::from_secs(30), "nothing was tried");
            std::thread::sleep(Duration::from_millis(50));
        }
    });

    // A wrong PIN opens nothing, and is not repeated.
    token.pin("secret-pin");
    let refused = token.passport(&["admin-passport"]).output().expect("it runs");
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && told.contains("PKCS#11 token `issuer`") && !told.contains("secret-pin"), "{told}");
}
