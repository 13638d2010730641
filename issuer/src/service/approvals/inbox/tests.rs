use serde_json::json;

use super::super::tests::{Office, charge};
use super::*;

const LONG: Duration = Duration::from_secs(600);

fn pending() -> ApprovalQuery {
    ApprovalQuery { state: Some(ApprovalState::Pending), ..ApprovalQuery::default() }
}

impl Office {
    async fn inbox(&self) -> ApprovalPage {
        self.world.issuer.approvals(&pending()).await.unwrap()
    }

    async fn unless(&self, version: &str, wait: Duration) -> ApprovalPage {
        self.world.issuer.approvals_unless(&pending(), version, wait).await.unwrap()
    }
}

#[tokio::test]
async fn an_inbox_that_waits_is_told_of_what_is_asked_and_of_what_is_decided() {
    let office = Office::open().await;
    let empty = office.inbox().await;
    assert_eq!(office.unless(&empty.version, Duration::ZERO).await.version, empty.version, "nothing has happened");
    let (waited, asked) = tokio::join!(office.unless(&empty.version, LONG), office.ask(charge()));
    let asked = asked.unwrap();
    assert_eq!(waited.items.iter().map(|one| &one.approval_id).collect::<Vec<_>>(), [&asked.approval_id]);
    assert_ne!(waited.version, empty.version);
    // Who has an older list is answered at once.
    assert_eq!(office.unless(&empty.version, LONG).await.version, waited.version);
    // The first of two people makes it another list, and the second takes it off.
    let (ann, bob) = (office.person("ann").await, office.person("bob").await);
    let transfer = office.ask(json!({"action": "transfer", "resource": "bank"})).await.unwrap();
    let both = office.inbox().await.version;
    let (waited, _) = tokio::join!(office.unless(&both, LONG), office.decide(&ann, &transfer, true));
    assert_eq!(waited.items.iter().map(|one| one.approved_by.len()).collect::<Vec<_>>(), [1, 0]);
    let (waited, _) = tokio::join!(office.unless(&waited.version, LONG), office.decide(&bob, &transfer, true));
    assert_eq!(waited.items.len(), 1);
    let (waited, _) = tokio::join!(office.unless(&waited.version, LONG), office.decide(&bob, &asked, false));
    assert_eq!(waited.version, empty.version, "the same list has the same version");
}

#[tokio::test]
async fn what_lapses_leaves_an_inbox_that_waits() {
    let office = Office::open().await;
    office.ask(charge()).await.unwrap();
    let one = office.inbox().await.version;
    let later = async {
        tokio::task::yield_now().await;
        office.world.place.clock.advance(3_600);
    };
    let (waited, ()) = tokio::join!(office.unless(&one, LONG), later);
    assert!(waited.items.is_empty());
    let expired = ApprovalQuery { state: Some(ApprovalState::Expired), ..ApprovalQuery::default() };
    assert_eq!(office.world.issuer.approvals(&expired).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn an_inbox_that_waits_when_the_issuer_stops_is_answered() {
    let office = Office::open().await;
    let version = office.inbox().await.version;
    let stop = async { office.world.issuer.end_waits() };
    let (waited, ()) = tokio::join!(office.unless(&version, LONG), stop);
    assert_eq!(waited.version, version);
}
