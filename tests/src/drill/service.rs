//! What the drills of reports share: an issuer that knows an agent and reporters, and services that decide and report.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use passport_verifier::{Delivery, Guard, Reporter, ReporterPassport, ReporterSettings, Request, StatusPolicy, Trust, Verifier};
use serde_json::{Value, json};

use crate::process::{Client, Issuer};

/// The service that the passports are for.
const AUDIENCE: &str = "https://shop.example";

/// Everything that a service is given, as it is handed to another process.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub(super) struct Papers {
    url: String,
    /// The issuer's name for itself.
    issuer: String,
    keys: String,
    /// The agent's passport.
    pub(super) passport: String,
    pub(super) reporter: String,
    reporter_passport: String,
}

impl Papers {
    /// Has the issuer make them: for the agent `ollie`, and for a reporter of this name.
    pub(super) fn issue(issuer: &Issuer, admin: &Client, reporter: &str) -> Self {
        let agent = |id: &str| drop(admin.try_post("/v1/agents", &json!({"agentId": id, "name": id})));
        let metadata = admin.get("/.well-known/passport-issuer");
        let name = metadata["issuer"].as_str().expect("an issuer").to_owned();
        let passport = |id: &str, audience: &str, grants: Value| {
            agent(id);
            let order = json!({"agentId": id, "audience": [audience], "grants": grants, "expiresIn": 86_400});
            admin.post("/v1/passports", &order)["passport"].as_str().expect("a passport").to_owned()
        };
        let constraints = json!({"amount": {"max": "500.00"}, "currency": {"equals": "USD"}, "vendor": {"oneOf": ["coachella.com"]}});
        Self {
            url: issuer.url(),
            keys: admin.get("/.well-known/jwks.json").to_string(),
            passport: passport(
                "ollie",
                AUDIENCE,
                json!([{"resource": "commerce", "allowedActions": ["purchase"], "constraints": constraints}]),
            ),
            reporter_passport: passport(reporter, &name, json!([{"resource": "issuer/audit", "allowedActions": ["audit.write"]}])),
            reporter: reporter.to_owned(),
            issuer: name,
        }
    }

    /// A verifier that goes on deciding whatever becomes of the issuer.
    pub(super) fn verifier(&self) -> Verifier {
        let trust = Trust::from_key_set(&self.issuer, self.keys.as_bytes()).expect("sound keys");
        Verifier::new(trust, AUDIENCE).with_status_policy(StatusPolicy::AllowUnavailable)
    }

    /// A reporter with a spool in `directory`.
    pub(super) fn reporter(&self, directory: &Path, delivery: Delivery) -> Arc<Reporter> {
        let passport = ReporterPassport::read(&self.reporter_passport).expect("a passport");
        let settings = ReporterSettings::new(self.url.parse().expect("a url"), passport, directory)
            .with_delivery(delivery)
            .with_linger(Duration::from_millis(20))
            .with_waits(Duration::from_millis(50), Duration::from_secs(1));
        Arc::new(Reporter::start(settings).expect("a spool"))
    }

    /// A guard that reports there.
    pub(super) fn guard(&self, reporter: &Arc<Reporter>) -> Guard {
        Guard::new(self.verifier()).with_recorder(Arc::clone(reporter))
    }
}

/// A purchase: allowed up to 500.00.
pub(super) fn purchase(amount: u64) -> Request {
    Request::new("purchase").on("commerce").with("vendor", "coachella.com").with("amount", amount).with("currency", "USD")
}
