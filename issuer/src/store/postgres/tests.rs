//! The contract suite on PostgreSQL, and what PostgreSQL adds: durable settings, a lost connection, several stores.

#[expect(unreachable_pub, reason = "the system tests have this file too, where it is reached")]
mod private_server;

use std::sync::{Arc, OnceLock};

use passport_keys::{KeyVault as _, Passphrase, Protection};
use tokio::task::JoinSet;

use self::private_server::PrivateServer;
use super::passports::{Range, query};
use super::{Durability, PostgresOptions, PostgresStore, PostgresVault};
use crate::store::contract_tests::{Backend, agent, append, contract_suite, decision, event, with_ollie};
use crate::store::{AgentFilter, AuditFilter, OpenError, PassportFilter, PassportState, Store, StoreError, transfer};

/// The server of all these tests. It waits for no disk: what a crash would lose is PostgreSQL's own concern.
fn server() -> &'static PrivateServer {
    static SERVER: OnceLock<PrivateServer> = OnceLock::new();
    SERVER.get_or_init(|| PrivateServer::start(false))
}

struct Database {
    url: String,
}

impl Database {
    fn options(&self) -> PostgresOptions {
        PostgresOptions::parse(&self.url).unwrap().with_durability(Durability::NotChecked)
    }

    async fn store(&self) -> PostgresStore {
        PostgresStore::open(&self.options()).await.unwrap()
    }

    fn psql(&self, statements: &str) -> String {
        server().psql(self.url.rsplit('/').next().unwrap(), statements)
    }
}

impl Backend for Database {
    fn new() -> Self {
        Self { url: server().new_database() }
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store().await)
    }
}

contract_suite!(Database);

/// As `psql` reaches it where both are on one machine.
#[tokio::test]
async fn a_database_on_this_machine_is_reached_by_its_socket() {
    let place = Database { url: server().new_database_here() };
    let store = with_ollie(&place).await;
    assert_eq!(append(&*store, "shop", None, vec![decision("r1", "h")]).await.unwrap().accepted, 1);
    assert!(place.options().place().starts_with("postgres:///tmp/passport-postgres."), "{}", place.options().place());
}

#[tokio::test]
async fn a_database_that_may_lose_what_it_acknowledged_is_refused() {
    let place = Database::new();
    let options = place.options().with_durability(Durability::Required);
    let error = PostgresStore::open(&options).await.unwrap_err();
    assert!(matches!(error, OpenError::Setting { setting: "fsync", .. }), "{error}");
    assert_eq!(place.psql("SELECT to_regclass('agents') IS NULL"), "t", "nothing was made in it");
    let kept = PrivateServer::start(true);
    let url = kept.new_database();
    PostgresStore::open(&PostgresOptions::parse(&url).unwrap()).await.unwrap();
    kept.psql("postgres", "ALTER DATABASE test_0 SET synchronous_commit = off");
    let error = PostgresStore::open(&PostgresOptions::parse(&url).unwrap()).await.unwrap_err();
    assert!(matches!(error, OpenError::Setting { setting: "synchronous_commit", .. }), "{error}");
}

#[tokio::test]
async fn the_audit_log_cannot_be_edited_in_postgresql() {
    let place = Database::new();
    let store = with_ollie(&place).await;
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&place.url).await.unwrap();
    for statement in ["UPDATE audit_events SET body = '{}'", "DELETE FROM audit_events", "TRUNCATE audit_events"] {
        let error = sqlx::query(statement).execute(&mut conn).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert_eq!(store.events(AuditFilter { limit: 10, ..AuditFilter::default() }).await.unwrap().items.len(), 2);
    // Where bodies go by their age, nothing but those goes.
    sqlx::query("UPDATE audit_retention SET dropped_to = 1").execute(&mut conn).await.unwrap();
    for edit in [
        "body = '', seq = 77",
        "body = '', agent_id = 'x'",
        "body = '', body_hash = decode(repeat('00', 32), 'hex')",
        "body = 'x'",
        "conflict = 1",
    ] {
        let edit = format!("UPDATE audit_events SET {edit} WHERE sequence = 1");
        let error = sqlx::query(sqlx::AssertSqlSafe(edit)).execute(&mut conn).await.unwrap_err();
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    assert!(sqlx::query("UPDATE audit_events SET body = ''").execute(&mut conn).await.is_err(), "the second is beyond");
    let dropped = sqlx::query("UPDATE audit_events SET body = '' WHERE sequence = 1").execute(&mut conn).await.unwrap();
    assert_eq!(dropped.rows_affected(), 1);
}

#[tokio::test]
async fn a_move_says_how_many_of_how_many_rows_are_done_and_ends_with_all() {
    let (place, folder) = (Database::new(), tempfile::tempdir().unwrap());
    let source = folder.path().join("passport.db");
    let store = crate::store::SqliteStore::open(&source).await.unwrap();
    for number in 0..60 {
        store.create_agent(agent(&format!("agent_{number}")), event(number)).await.unwrap();
    }
    store.close().await.unwrap();
    let keys = passport_keys::KeyDir::open(folder.path().join("keys"), Protection::PlainForDevelopment).unwrap();
    let mut told = Vec::new();
    let proofs = transfer(&source, &keys, true, &place.options(), &mut |done, of| told.push((done, of))).await.unwrap();
    let rows: u64 = proofs.iter().map(|proof| proof.rows).sum();
    assert!(rows > 120, "agents and their events: {rows}");
    assert!(told.is_sorted() && told.iter().all(|(_, of)| *of == rows), "{told:?}");
    assert_eq!(told.last(), Some(&(rows, rows)));
    // Each row counts when it is written, and when it is read back.
    assert_eq!(u64::try_from(told.len()).unwrap(), 2 * rows);
}

/// Where reading all is out of the question: of few rows a database reads all.
#[tokio::test]
async fn passports_that_end_soon_are_found_by_an_index_of_their_ends_in_postgresql() {
    let place = Database::new();
    let _store = with_ollie(&place).await;
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&place.url).await.unwrap();
    sqlx::query("SET enable_seqscan = off").execute(&mut conn).await.unwrap();
    let state = Some(PassportState::Live);
    let soon = PassportFilter {
        agent_id: None,
        key_id: None,
        template: None,
        state,
        text: None,
        expires_before: Some(60),
        now: 0,
        cursor: None,
        limit: 9,
    };
    let plan = query("EXPLAIN ", soon, Range::ByExpiry).build().fetch_all(&mut conn).await.unwrap();
    let plan: Vec<String> = plan.iter().map(|row| sqlx::Row::get(row, 0)).collect();
    assert!(plan.iter().any(|line| line.contains("passports_by_expiry")), "{plan:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_goes_on_after_its_connections_were_lost() {
    let place = Database::new();
    let store = with_ollie(&place).await;
    place.psql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()",
    );
    // The first after it may fail, and then says so; none hangs and none is acknowledged that was not written.
    let mut acknowledged = 0;
    for number in 0..10 {
        match store.create_agent(agent(&format!("a{number}")), event(number)).await {
            Ok(_) => acknowledged += 1,
            Err(StoreError::Unavailable(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    assert!(acknowledged >= 9, "{acknowledged}");
    store.ping().await.unwrap();
    assert_eq!(store.agents(AgentFilter { limit: 100, ..AgentFilter::default() }).await.unwrap().items.len(), acknowledged + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_that_open_an_empty_database_together_make_one_schema() {
    let place = Database::new();
    let mut opening = JoinSet::new();
    for _ in 0..4 {
        let options = place.options();
        opening.spawn(async move { PostgresStore::open(&options).await.unwrap() });
    }
    for store in opening.join_all().await {
        assert_eq!(store.trust_sequence().await.unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_refused() {
    let place = Database::new();
    place.store().await.close().await.unwrap();
    place.psql("UPDATE _sqlx_migrations SET version = 9999 WHERE version = 1");
    let error = PostgresStore::open(&place.options()).await.unwrap_err();
    assert!(matches!(error, OpenError::SchemaTooNew { found: 9999, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_at_one_store_is_told_at_another_even_when_its_connection_was_lost() {
    let place = Database::new();
    let (one, other) = (place.store().await, place.store().await);
    let mut changes = other.changes().unwrap();
    for list in 0..3 {
        let sequence = one.create_status_list(list, 8).await.unwrap();
        let told = changes.wait_for(|told| *told >= sequence);
        // The longest that a broken test waits; how fast it is, is for the system tests.
        tokio::time::timeout(std::time::Duration::from_secs(30), told).await.unwrap().unwrap();
        place.psql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        );
    }
    other.close().await.unwrap();
    assert!(changes.wait_for(|_| false).await.is_err(), "it ends with the store");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_rest_sealed_in_rows_that_every_issuer_signs_with() {
    let place = Database::new();
    place.store().await.close().await.unwrap();
    let vault = |passphrase: &str| {
        let protection = Protection::Sealed(Passphrase::from_text(passphrase).unwrap());
        PostgresVault::new(place.options(), protection)
    };
    // A thread that belongs to a runtime: the vault needs none of its own accord.
    let (one, other) = (vault("p"), vault("p"));
    let public = one.create(&mut rand::rng()).unwrap();
    assert_eq!(one.sign(&public.id, b"x").unwrap(), other.sign(&public.id, b"x").unwrap());
    assert_eq!(other.holds().unwrap(), [public.id]);
    assert!(place.psql("SELECT pem FROM sealed_keys").starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    let error = vault("wrong").sign(&public.id, b"x").unwrap_err().to_string();
    assert!(!error.contains("BEGIN"), "{error}");
    let plain = PostgresVault::new(place.options(), Protection::PlainForDevelopment);
    assert!(plain.sign(&public.id, b"x").is_err(), "a sealed key is not opened without its passphrase");
    one.forget(&public.id).unwrap();
    assert!(one.sign(&public.id, b"x").is_err());
    assert_eq!(place.psql("SELECT count(*) FROM sealed_keys"), "0");
}

/// Two issuers write while a third follows with the highest sequence that it has seen: it misses nothing.
#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_order_whoever_writes_them() {
    let place = Database::new();
    let reader = place.open().await;
    let mut writing = JoinSet::new();
    for writer in 0..2 {
        let store = place.open().await;
        for lane in 0..2 {
            let store = Arc::clone(&store);
            writing.spawn(async move {
                for number in 0..20 {
                    let batch = (0..3).map(|part| decision(&format!("{writer}-{lane}-{number}-{part}"), "h")).collect();
                    append(store.as_ref(), "shop", None, batch).await.unwrap();
                }
            });
        }
    }
    let mut seen = Vec::new();
    let mut last = 0;
    loop {
        let ended = writing.is_empty();
        let page = reader.events(AuditFilter { limit: 1_000, ..AuditFilter::default() }).await.unwrap();
        let mut fresh: Vec<_> = page.items.into_iter().filter(|event| event.sequence > last).collect();
        fresh.reverse();
        last = fresh.last().map_or(last, |event| event.sequence);
        seen.extend(fresh);
        if ended {
            break;
        }
        while writing.try_join_next().is_some_and(|done| done.is_ok()) {}
    }
    assert_eq!(seen.len(), 2 * 2 * 20 * 3);
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_server_was_killed_and_the_store_goes_on() {
    let mut kept = PrivateServer::start(true);
    let options = PostgresOptions::parse(&kept.new_database()).unwrap();
    let store = PostgresStore::open(&options).await.unwrap();
    store.create_agent(agent("ollie"), event(1)).await.unwrap();
    kept.crash();
    // The first call of each lost connection may fail; then there are new ones.
    let mut found = store.agent("ollie").await;
    for _ in 0..50 {
        if found.is_ok() {
            break;
        }
        found = store.agent("ollie").await;
    }
    assert_eq!(found.unwrap().agent_id, "ollie");
    let mut made = store.create_agent(agent("later"), event(2)).await;
    for _ in 0..50 {
        if made.is_ok() {
            break;
        }
        made = store.create_agent(agent("later"), event(2)).await;
    }
    assert_eq!(made.unwrap().agent_id, "later");
}
