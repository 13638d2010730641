//! An issuer on a real store and real key files, with a clock and a chance that a test decides on.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use passport_keys::{FileVault, KeyDir, Protection};
use passport_shared::api::agents::NewAgent;
use passport_shared::api::passports::{IssuePassport, IssuedPassport};
use passport_shared::fault::Fault;
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::{Caller, Denial, Issuer, Parts, ServiceError, Settings, StartError, preset};
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::store::{AuditEvent, AuditFilter, SqliteStore, Store};

/// When the tests take place.
pub(crate) const NOW: i64 = 1_795_000_000;
/// The issuer's URL in the tests.
pub(crate) const ISSUER: &str = "https://issuer.example";
/// Some service's.
pub(crate) const SHOP: &str = "https://shop.example";
/// A grant for it.
pub(crate) const SHOPPING: &str = r#"[{"resource":"commerce","allowedActions":["purchase"],"constraints":{"amount":{"max":"500.00"}}}]"#;

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct HandClock(AtomicI64);

impl HandClock {
    pub(crate) fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000, Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Chance that repeats itself from run to run.
#[derive(Debug)]
struct Seeded(Mutex<StdRng>);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap().fill_bytes(bytes);
    }
}

/// A data directory, and what an issuer on it is made of.
pub(crate) struct Place {
    pub(crate) clock: Arc<HandClock>,
    entropy: Arc<Seeded>,
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            clock: Arc::new(HandClock(AtomicI64::new(NOW * 1_000))),
            entropy: Arc::new(Seeded(Mutex::new(StdRng::seed_from_u64(7)))),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn vault(&self) -> FileVault {
        FileVault::new(KeyDir::open(self.path().join("keys"), Protection::PlainForDevelopment).unwrap())
    }

    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.path().join("passport.db")).await.unwrap())
    }

    pub(crate) async fn parts(&self) -> Parts {
        Parts { store: self.store().await, vault: Arc::new(self.vault()), clock: self.clock.clone(), entropy: self.entropy.clone() }
    }

    pub(crate) async fn try_start(&self, settings: Settings) -> Result<(Issuer, Option<IssuedPassport>), StartError> {
        Issuer::start(self.parts().await, settings).await
    }

    pub(crate) async fn start(&self) -> (Issuer, Option<IssuedPassport>) {
        self.try_start(settings()).await.unwrap()
    }
}

/// Settings with lists that are small enough to fill.
pub(crate) fn settings() -> Settings {
    Settings { status_list_size: 64, ..Settings::new(ISSUER) }
}

/// An issuer that has been started for the first time, and its admin's passport.
pub(crate) struct World {
    pub(crate) issuer: Issuer,
    pub(crate) admin: String,
    pub(crate) place: Place,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: Settings) -> Self {
        let place = Place::new();
        let (issuer, issued) = place.try_start(settings).await.unwrap();
        Self { issuer, admin: issued.expect("a first start").passport, place }
    }

    /// The admin, let through for one action.
    pub(crate) async fn admin(&self, action: &'static str, resource: &'static str) -> Caller {
        self.issuer.authorize(Some(&self.admin), action, resource, &[]).await.unwrap()
    }

    /// The admin, let through to issue.
    pub(crate) async fn minter(&self) -> Caller {
        self.admin("passports.issue", "issuer/passports").await
    }

    pub(crate) async fn agent(&self, id: &str) {
        let body = NewAgent { agent_id: Some(id.to_owned()), name: format!("The agent {id}"), description: None };
        self.issuer.create_agent(&self.admin("agents.write", "issuer/agents").await, body).await.unwrap();
    }

    /// A passport for an agent that is made where it is missing, an hour long.
    pub(crate) async fn passport(&self, agent: &str, audience: &str, grants: &str) -> IssuedPassport {
        if self.issuer.agent(agent).await.is_err() {
            self.agent(agent).await;
        }
        self.issuer.issue_passport(&self.minter().await, order(agent, audience, grants)).await.unwrap()
    }

    /// A passport of Ollie's for the shop.
    pub(crate) async fn ollie(&self) -> IssuedPassport {
        self.passport("ollie", SHOP, SHOPPING).await
    }

    /// A token with the grants of a preset, of an agent of that name.
    pub(crate) async fn role(&self, name: &str) -> String {
        let grants = serde_json::to_string(&preset(name).expect(name)).unwrap();
        self.passport(&format!("the-{name}"), ISSUER, &grants).await.passport
    }

    /// The reason code that the gate gives for a token.
    pub(crate) async fn gate(&self, token: &str, action: &'static str, resource: &'static str) -> &'static str {
        match self.issuer.authorize(Some(token), action, resource, &[]).await {
            Ok(_) => "granted",
            Err(denial) => Denial::code(&denial),
        }
    }

    /// What the issuer's verify call says to a purchase with a token.
    pub(crate) async fn reason(&self, token: &str) -> String {
        let body = json!({
            "passport": token, "audience": SHOP, "request": { "action": "purchase", "resource": "commerce", "amount": 5 },
        });
        let decision = self.issuer.verify(serde_json::from_value(body).unwrap()).await.unwrap();
        serde_json::from_str::<Value>(&decision).unwrap()["reason"].as_str().unwrap().to_owned()
    }

    /// All audit events, newest first.
    pub(crate) async fn log(&self) -> Vec<AuditEvent> {
        self.issuer.store().events(AuditFilter { limit: 1_000, ..AuditFilter::default() }).await.unwrap().items
    }

    /// The newest audit event, which must be of a change of this type; it is held against the caller that made it.
    pub(crate) async fn last_change(&self, caller: &Caller, kind: &str) -> Value {
        let event = self.log().await.into_iter().next().unwrap();
        assert_eq!((event.kind.as_str(), event.reporter.as_str()), ("admin", caller.agent_id()));
        assert_eq!(event.event.request_id, caller.request_id());
        let body: Value = serde_json::from_str(&event.event.body).unwrap();
        assert_eq!(body["change"]["type"], kind);
        assert_eq!(body["outcome"], "allow");
        assert_eq!(body["agentId"], caller.agent_id());
        assert_eq!(body["passportId"], caller.passport_id());
        assert_eq!(body["requestId"], caller.request_id());
        assert!(!event.event.body.contains("eyJ"), "a token is in an event: {}", event.event.body);
        body["change"].clone()
    }
}

/// A body for issuing, an hour long.
pub(crate) fn order(agent: &str, audience: &str, grants: &str) -> IssuePassport {
    IssuePassport {
        agent_id: agent.to_owned(),
        audience: vec![audience.to_owned()],
        grants: Some(RawValue::from_string(grants.to_owned()).unwrap()),
        template: None,
        parameters: None,
        expires_in: Some(3_600),
        expires_at: None,
        not_before: None,
        on_behalf_of: None,
        cnf: None,
        renew_until: None,
    }
}

/// The pointers of an invalid body.
pub(crate) fn pointers(error: &ServiceError) -> Vec<&str> {
    match error {
        ServiceError::Invalid { errors } | ServiceError::Forbidden { errors, .. } => {
            errors.iter().map(|Fault { pointer, .. }| pointer.as_str()).collect()
        }
        other => panic!("not a fault in a body: {other:?}"),
    }
}
