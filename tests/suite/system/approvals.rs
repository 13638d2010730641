//! An approval from the question to the audit log, by the command line.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use passport_tests::process::{Issuer, passport};
use passport_verifier::{Guard, Reason, Reporter, ReporterPassport, ReporterSettings, Request, Trust, Verifier};
use serde_json::{Value, json};

const SHOP: &str = "https://shop.example";

/// Who calls the command.
struct Caller<'a> {
    url: &'a str,
    passport: PathBuf,
}

impl Caller<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = passport();
        command.args(arguments).env("PASSPORT_URL", self.url).env("PASSPORT_FILE", &self.passport);
        command
    }

    /// What it says, where it ends well.
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().expect("it runs");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text").trim().to_owned()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.run(arguments)).expect("JSON")
    }

    /// A passport for an agent, in a file.
    fn issue(&self, folder: &Path, agent: &str, audience: &str, grant: &Value) -> Caller<'_> {
        self.run(&["agents", "create", agent, "--id", agent]);
        let (file, grant) = (folder.join(agent), grant.to_string());
        let path = file.to_str().expect("text");
        self.run(&["issue", "--agent", agent, "--audience", audience, "--expires-in", "1h", "--grant", &grant, "-o", path]);
        Caller { url: self.url, passport: file }
    }

    fn token(&self) -> String {
        std::fs::read_to_string(&self.passport).expect("a passport").trim().to_owned()
    }
}

/// Asks again and again until there is something.
fn until<T>(what: &str, look: impl Fn() -> Option<T>) -> T {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it did not come to that: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn what_an_agent_asks_and_a_person_approves_is_done_once_and_told_in_the_audit_log() {
    let folder = tempfile::tempdir().expect("a folder");
    let (place, data) = (folder.path(), folder.path().join("data"));
    let issuer = Issuer::start(&data);
    let (url, address) = (issuer.url(), issuer.address().to_owned());
    let admin = Caller { url: &url, passport: data.join("admin.passport") };
    let charge = json!({"resource": "cards", "allowedActions": ["charge"], "requiresApproval": true});
    let ollie = admin.issue(place, "ollie", SHOP, &charge);
    let ann = admin.issue(place, "ann", &url, &json!({"resource": "issuer/approvals", "allowedActions": ["approvals.*"]}));
    let shop = admin.issue(place, "shop", &url, &json!({"resource": "issuer/audit", "allowedActions": ["audit.write"]}));

    // The service has its trust from a file, and reports.
    let bundle = place.join("bundle");
    admin.run(&["trust", "fetch", "-o", bundle.to_str().expect("text")]);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs();
    let trust =
        Trust::from_bundle(std::fs::read(&bundle).expect("a bundle").trim_ascii_end(), i64::try_from(now).expect("a time")).expect("trust");
    let reports = ReporterPassport::read(&shop.token()).expect("a passport");
    let settings = ReporterSettings::new(url.parse().expect("a url"), reports, place.join("spool"));
    let reporter = Arc::new(Reporter::start(settings).expect("a spool"));
    let guard = Guard::new(Verifier::new(trust, SHOP)).with_recorder(Arc::clone(&reporter));
    let request = Request::new("charge").on("cards").with("amount", 742);
    assert_eq!(guard.decide(ollie.token(), &request).reason(), Reason::ApprovalRequired);

    // The agent asks and waits; a person finds it in the list and approves it.
    let wants = json!({"action": "charge", "resource": "cards", "amount": 742}).to_string();
    let asking = ollie.command(&["approvals", "ask", "--request", &wants]).stdout(Stdio::piped()).spawn().expect("it runs");
    let id = until("the request is in the list", || {
        let list = ann.json(&["approvals", "list", "--json"]);
        list["items"][0]["approvalId"].as_str().map(str::to_owned)
    });
    assert!(ann.run(&["approvals", "show", &id]).contains("0 of 1 has approved"));
    let own = ollie.command(&["approvals", "approve", &id]).output().expect("it runs");
    assert!(!own.status.success(), "its own agent does not decide");
    assert_eq!(ann.json(&["approvals", "approve", &id, "--json"])["state"], "approved");
    let asked = asking.wait_with_output().expect("it ended");
    assert!(asked.status.success());
    let approval = String::from_utf8(asked.stdout).expect("text").trim().to_owned();

    // Decided with the issuer away, and once.
    assert!(issuer.stop());
    let approved = request.approved(approval);
    let decided = guard.decide(ollie.token(), &approved);
    assert_eq!(decided.reason(), Reason::Granted);
    assert_eq!(guard.decide(ollie.token(), &approved).reason(), Reason::ApprovalInvalid);

    // What was done is in the audit log once the issuer is back, with the approval that it was done by.
    let _issuer = Issuer::start_at(&data, &address);
    reporter.flush(Duration::from_secs(60)).expect("reported");
    let log = admin.json(&["audit", "list", "--agent", "ollie", "--json"]);
    let items = log["items"].as_array().expect("events").iter();
    let of_shop: Vec<&Value> = items.filter(|event| event["action"] == "charge").collect();
    let used: Vec<&str> = of_shop.iter().filter_map(|event| event["approvalId"].as_str()).collect();
    assert_eq!(used, [id.as_str()], "{log}");
    let reasons: Vec<&str> = of_shop.iter().filter_map(|event| event["reason"].as_str()).collect();
    assert_eq!(reasons, ["approval_invalid", "granted", "approval_required"], "newest first: {log}");
}
