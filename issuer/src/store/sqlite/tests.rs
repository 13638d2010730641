//! The contract suite on SQLite, and what SQLite adds: settings read back, file modes, a broken handle.

mod lists;

use std::path::PathBuf;
use std::sync::Arc;

use sqlx::{ConnectOptions, Connection};

use super::driver::Failure;
use super::open::{migrations, read_setting};
use super::{SqliteStore, copy};
use crate::store::contract_tests::{Backend, NOW, agent, append, contract_suite, decision, event, passport, with_ollie};
use crate::store::{AuditFilter, CountFilter, NewEvent, OpenError, Store, StoreError};

struct TempFile {
    folder: tempfile::TempDir,
}

impl TempFile {
    fn path(&self) -> PathBuf {
        self.folder.path().join("data/passport.db")
    }

    async fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.path()).await.unwrap()
    }

    /// A plain connection to the file, as another program would make it.
    async fn outside(&self) -> sqlx::SqliteConnection {
        sqlx::sqlite::SqliteConnectOptions::new().filename(self.path()).connect().await.unwrap()
    }
}

impl Backend for TempFile {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(self.store().await)
    }
}

contract_suite!(TempFile);

const SETTINGS: [&str; 5] =
    ["PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA busy_timeout", "PRAGMA wal_autocheckpoint"];

#[tokio::test]
async fn the_write_handle_is_durable_by_its_own_account() {
    let store = TempFile::new();
    let store = store.store().await;
    let told = store
        .writer
        .write(|conn| {
            Box::pin(async move {
                let mut told = Vec::new();
                for setting in SETTINGS {
                    told.push(read_setting(conn, setting).await?);
                }
                Ok(told)
            })
        })
        .await
        .unwrap();
    assert_eq!(told, ["wal", "2", "1", "5000", "0"]);
}

#[tokio::test]
async fn the_read_handles_cannot_write() {
    let place = TempFile::new();
    let store = place.store().await;
    let mut handles = Vec::new();
    for _ in 0..4 {
        handles.push(store.reader.pool().acquire().await.unwrap());
    }
    for handle in &mut handles {
        let told = [SETTINGS[0], SETTINGS[2], SETTINGS[3]];
        for (setting, expected) in told.into_iter().zip(["wal", "1", "5000"]) {
            assert_eq!(read_setting(handle, setting).await.unwrap(), expected);
        }
        let refused = sqlx::query("UPDATE trust SET sequence = 9").execute(&mut **handle).await;
        assert!(refused.unwrap_err().to_string().contains("readonly"));
    }
}

/// A read handle whose transaction SQLite has ended by itself, as it does on an I/O error, while the driver still
/// counts it: it must not keep an old snapshot for the reads that follow.
#[tokio::test]
async fn no_read_handle_is_stuck_in_the_past() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let mut handles = Vec::new();
    for _ in 0..4 {
        handles.push(store.reader.pool().acquire().await.unwrap());
    }
    for handle in &mut handles {
        let mut transaction = handle.begin().await.unwrap();
        sqlx::query("ROLLBACK").execute(&mut *transaction).await.unwrap();
        assert!(transaction.rollback().await.is_err());
    }
    drop(handles);
    for number in 0..10 {
        let list = i64::from(number) + 1;
        let told = store.create_status_list(list, 8).await.unwrap();
        assert_eq!(store.trust_sequence().await.unwrap(), told);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = TempFile::new();
    let mode = |path: PathBuf| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let store = place.store().await;
    let path = place.path();
    assert_eq!(mode(path.parent().unwrap().to_owned()), 0o700);
    for end in ["", "-wal", "-shm"] {
        assert_eq!(mode(path.with_file_name(format!("passport.db{end}"))), 0o600, "{end}");
    }
    store.close().await.unwrap();
    // One that was left open to others is closed to them.
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let _store = place.store().await;
    assert_eq!(mode(path), 0o600);
}

#[tokio::test]
async fn closing_folds_the_log_into_the_database() {
    let place = TempFile::new();
    let store = with_ollie(&place).await;
    store.close().await.unwrap();
    let log = place.path().with_file_name("passport.db-wal");
    assert!(!log.exists() || std::fs::metadata(log).unwrap().len() == 0);
}

#[tokio::test]
async fn a_copy_says_how_much_of_it_is_written_and_ends_with_all() {
    let place = TempFile::new();
    let store = with_ollie(&place).await;
    store.close().await.unwrap();
    let (to, mut told) = (place.path().with_file_name("copy.db"), Vec::new());
    copy(&place.path(), &to, &mut |done, of| told.push((done, of))).await.unwrap();
    let bytes = std::fs::metadata(place.path()).unwrap().len();
    let (first, last) = (*told.first().unwrap(), *told.last().unwrap());
    assert!(first.0 == 0 && last.0 == last.1 && told.iter().all(|(_, of)| *of == last.1), "{told:?}");
    assert!(told.is_sorted(), "{told:?}");
    // Of a database of which nothing was taken away again, it is every page.
    assert_eq!((last.1, std::fs::metadata(&to).unwrap().len()), (bytes, bytes));
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused() {
    let place = TempFile::new();
    place.store().await.close().await.unwrap();
    let mut conn = place.outside().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (99, 'later', TRUE, x'00', 0)",
    )
    .execute(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    assert!(matches!(SqliteStore::open(&place.path()).await, Err(OpenError::SchemaTooNew { found: 99, known: 1.., .. })));
}

/// What was issued before there were renewals is the first of its lineage, and cannot be renewed.
#[tokio::test]
async fn a_database_from_before_renewals_is_brought_up_with_its_passports() {
    let place = TempFile::new();
    std::fs::create_dir(place.path().parent().unwrap()).unwrap();
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(place.path()).create_if_missing(true);
    let mut conn = options.connect().await.unwrap();
    let older = migrations().into_iter().filter(|step| step.version < 5).collect();
    sqlx::migrate::Migrator::with_migrations(older).run_direct(None, &mut conn, false).await.unwrap();
    let before = "INSERT INTO agents (agent_id, name, created_at) VALUES ('ollie', 'Ollie', 1);
         INSERT INTO keys (key_id, public_x, state, created_at, activated_at) VALUES ('k1', 'x', 'active', 1, 1);
         INSERT INTO status_lists (list, size, used) VALUES (0, 1000, 2);
         INSERT INTO passports (passport_id, agent_id, key_id, claims, audience, issued_at, expires_at, status_list, status_index, issued_by)
         VALUES ('pp_a', 'ollie', 'k1', '{}', '[]', 1, 9, 0, 1, 'admin'), ('pp_b', 'ollie', 'k1', '{}', '[]', 1, 9, 0, 2, 'admin');";
    sqlx::raw_sql(before).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let store = place.store().await;
    let kept = store.passport("pp_a").await.unwrap();
    assert_eq!((kept.lineage.as_str(), kept.renew_until, kept.renewed_from, kept.revoked_with_key), ("pp_a", None, None, None));
    let just = Box::new(|_: &_| Ok(event(1)));
    assert_eq!(store.revoke_passport("pp_a", None, 2, None, just).await.unwrap().matched.passport_ids, ["pp_a"]);
    assert_eq!(store.revoked_indexes(0).await.unwrap(), [1], "they are no kin");
}

/// Decisions used to be counted with each group that came.
#[tokio::test]
async fn what_was_counted_at_once_is_counted_by_block_and_comes_to_the_same() {
    let place = TempFile::new();
    let store = place.store().await;
    for from in (0..4_500).step_by(900) {
        let one = |number: i64| NewEvent {
            agent_id: Some(format!("agent-{}", number % 3)),
            outcome: Some("allow".to_owned()),
            ..decision(&format!("r{number}"), "h")
        };
        append(&store, "shop", None, (from..from + 900).map(one).collect()).await.unwrap();
    }
    let all = CountFilter { from_hour: 0, to_hour: i64::MAX, by_hour: true, by_agent: true, by_reason: true, ..CountFilter::default() };
    let by_block = store.counts(all.clone()).await.unwrap();
    assert_eq!(by_block.iter().map(|count| count.count).sum::<i64>(), 4_500);
    let mut conn = place.outside().await;
    let in_table = "SELECT sum(count) FROM audit_counts";
    let kept: i64 = sqlx::query_scalar(in_table).fetch_one(&mut conn).await.unwrap();
    assert_eq!(kept, 4_096);
    // As it was: the others are in the table too, some with those of the full block and some alone.
    let as_before = "INSERT INTO audit_counts SELECT coalesce(evaluated_at, received_at) / 3600, agent_id, outcome, coalesce(reason, ''), count(*) \
         FROM audit_events WHERE sequence > 4096 GROUP BY 1, 2, 3, 4 \
         ON CONFLICT DO UPDATE SET count = audit_counts.count + excluded.count";
    sqlx::query(as_before).execute(&mut conn).await.unwrap();
    let migration = include_str!("../../../migrations/sqlite/0015_counts_by_block.sql");
    sqlx::raw_sql(migration).execute(&mut conn).await.unwrap();
    assert_eq!(store.counts(all).await.unwrap(), by_block);
    assert_eq!(sqlx::query_scalar::<_, i64>(in_table).fetch_one(&mut conn).await.unwrap(), kept);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused_untouched() {
    let place = TempFile::new();
    let path = place.path();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let text = "no database at all, but long enough to have a header. ".repeat(40);
    std::fs::write(&path, &text).unwrap();
    assert!(SqliteStore::open(&path).await.is_err());
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}

#[tokio::test]
async fn the_audit_log_cannot_be_edited() {
    let place = TempFile::new();
    let store = place.store().await;
    let batch = vec![decision("r1", "h1")];
    append(&store, "shop", None, batch).await.unwrap();
    let mut conn = place.outside().await;
    for edit in ["UPDATE audit_events SET body = ''", "UPDATE audit_events SET body = '{}'", "DELETE FROM audit_events"] {
        let refused = sqlx::query(edit).execute(&mut conn).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{edit}");
    }
    // Where bodies go by their age, nothing but those goes.
    sqlx::query("UPDATE audit_retention SET dropped_to = 1").execute(&mut conn).await.unwrap();
    let columns: Vec<String> = sqlx::query_scalar("SELECT name FROM pragma_table_info('audit_events')").fetch_all(&mut conn).await.unwrap();
    for column in columns.iter().filter(|column| *column != "body") {
        let value = if column == "body_hash" || column == "reported_hash" {
            "zeroblob(32)"
        } else if column == "kind" {
            "'admin'"
        } else if column == "conflict" {
            "1"
        } else {
            "77"
        };
        let edit = format!("UPDATE audit_events SET body = '', {column} = {value}");
        let refused = sqlx::query(sqlx::AssertSqlSafe(edit)).execute(&mut conn).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{column}: {refused}");
    }
    assert!(sqlx::query("UPDATE audit_events SET body = '{}'").execute(&mut conn).await.is_err());
    assert_eq!(sqlx::query("UPDATE audit_events SET body = ''").execute(&mut conn).await.unwrap().rows_affected(), 1);
}

/// After an I/O error on the write handle nothing more is acknowledged, and what was before stays readable.
#[tokio::test]
async fn a_write_handle_with_an_io_error_acknowledges_nothing_more() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let failed = store
        .writer
        .write::<(), _>(|_| {
            Box::pin(async {
                let error = std::io::Error::other("fsync failed");
                Err(Failure::Driver(sqlx::Error::Io(error)))
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    assert_poisoned(&store).await;
    assert_eq!(store.agent("ollie").await.unwrap().agent_id, "ollie");
    store.close().await.unwrap();
    let store = place.store().await;
    store.insert_passport(passport(0), event(1)).await.unwrap();
}

/// The same with an error that SQLite itself reports: a table whose pages are not where the schema says.
#[tokio::test]
async fn a_write_handle_that_meets_damage_acknowledges_nothing_more() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let failed = store
        .writer
        .write(|conn| {
            Box::pin(async move {
                for step in [
                    "PRAGMA writable_schema = ON",
                    "UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'trust'",
                    "PRAGMA writable_schema = RESET",
                    "UPDATE trust SET sequence = sequence + 1",
                ] {
                    sqlx::query(step).execute(&mut *conn).await?;
                }
                Ok(())
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Corrupt { .. })), "{failed:?}");
    assert_poisoned(&store).await;
}

/// A commit that SQLite refuses, here because there is nothing to commit any more: what became of it is not known.
#[tokio::test]
async fn a_commit_that_fails_is_not_acknowledged_and_the_last() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let failed = store
        .writer
        .write(|conn| {
            Box::pin(async move {
                sqlx::query("ROLLBACK").execute(conn).await?;
                Ok(())
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    assert_poisoned(&store).await;
}

/// As when `passport` looks at the data of a running issuer.
#[tokio::test]
async fn two_processes_share_a_file() {
    let place = TempFile::new();
    let one = with_ollie_on(&place).await;
    let two = place.store().await;
    for number in 0..10 {
        let (writes, reads) = if number % 2 == 0 { (&one, &two) } else { (&two, &one) };
        let id = format!("agent_{number}");
        writes.create_agent(agent(&id), event(number)).await.unwrap();
        assert_eq!(reads.agent(&id).await.unwrap().agent_id, id);
    }
    one.close().await.unwrap();
    two.insert_passport(passport(0), event(100)).await.unwrap();
}

#[tokio::test]
async fn a_write_that_panics_acknowledges_nothing_more() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let failed = store
        .writer
        .write::<(), _>(|conn| {
            Box::pin(async move {
                sqlx::query("DELETE FROM agents").execute(conn).await?;
                panic!("a mistake of our own")
            })
        })
        .await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    assert_poisoned(&store).await;
    assert_eq!(store.agent("ollie").await.unwrap().agent_id, "ollie");
}

/// A full disk is no reason to stop for good: the write is refused, and the next is taken once there is room.
#[tokio::test]
async fn a_full_disk_refuses_a_write_and_nothing_else() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    set_page_limit(&store, "PRAGMA max_page_count = 1").await;
    let big = NewEvent { body: "x".repeat(1_000_000), ..decision("r1", "h1") };
    for _ in 0..2 {
        let batch = vec![decision("r0", "h0"), big.clone()];
        let failed = append(&store, "shop", None, batch).await;
        assert!(matches!(failed, Err(StoreError::Unavailable(_))));
    }
    store.ping().await.unwrap();
    let filter = AuditFilter { reporter: Some("shop".to_owned()), limit: 10, ..AuditFilter::default() };
    assert_eq!(store.events(filter).await.unwrap().items, []);
    set_page_limit(&store, "PRAGMA max_page_count = 100000").await;
    let done = append(&store, "shop", None, vec![big]).await.unwrap();
    assert_eq!(done.accepted, 1);
}

/// While the storage takes no writes, a store does not say that it would: it tries one. Here the storage that fails is one
/// table, which both the write and the trial touch.
#[tokio::test]
async fn a_store_whose_last_write_failed_is_ready_once_a_write_goes_through() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let mut conn = place.outside().await;
    for list in [1, 2] {
        sqlx::query("CREATE TRIGGER broken BEFORE UPDATE ON trust BEGIN SELECT RAISE(ABORT, 'the disk is full'); END")
            .execute(&mut conn)
            .await
            .unwrap();
        store.ping().await.unwrap_or_else(|error| panic!("nothing has failed yet, and nothing is tried: {error}"));
        assert!(matches!(store.create_status_list(list, 8).await, Err(StoreError::Unavailable(_))));
        for _ in 0..2 {
            assert!(matches!(store.ping().await, Err(StoreError::Unavailable(_))));
        }
        // A write that was refused for what it asked tells nothing of the storage.
        assert!(matches!(store.create_agent(agent("ollie"), event(1)).await, Err(StoreError::Conflict { .. })));
        assert!(store.ping().await.is_err());
        if list == 1 {
            // One that goes well does: the trial, which would still fail, is not made any more.
            store.create_agent(agent("new"), event(2)).await.unwrap();
            store.ping().await.unwrap();
        }
        sqlx::query("DROP TRIGGER broken").execute(&mut conn).await.unwrap();
        store.ping().await.unwrap();
    }
    assert_eq!(store.trust_sequence().await.unwrap(), 2, "a trial changes nothing");
}

/// It is folded beside the writer, which never stops: so that it begins anew all the same, a write waits for the rest.
#[tokio::test]
async fn the_log_is_folded_beside_the_writer_and_begins_anew_before_it_is_long() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    let log = place.path().with_file_name("passport.db-wal");
    let (mut longest, mut written) = (0, 0);
    for batch in 0..40 {
        let large =
            |number| NewEvent { body: format!("{{\"x\":\"{}\"}}", "x".repeat(8_000)), ..decision(&format!("r{batch}-{number}"), "h") };
        append(&store, "shop", None, (0..500).map(large).collect()).await.unwrap();
        written += 500 * 8_000;
        longest = longest.max(std::fs::metadata(&log).unwrap().len());
    }
    // 64 MiB, and the batches until that is seen: two, or a few where the machine has much else to do.
    assert!(written > 150 << 20 && longest < 112 << 20, "{longest} of {written}");
}

/// To ask how long it is folds nothing: a few small writes stay in the log, and are not written twice at once.
#[tokio::test]
async fn the_log_is_not_folded_for_a_few_writes() {
    let place = TempFile::new();
    let store = with_ollie_on(&place).await;
    for number in 0..5 {
        append(&store, "shop", None, vec![decision(&format!("r{number}"), "h")]).await.unwrap();
    }
    let mut conn = place.outside().await;
    let (_, pages, folded): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(NOOP)").fetch_one(&mut conn).await.unwrap();
    assert!(pages > 5 && folded == 0, "{pages} {folded}");
}

async fn with_ollie_on(place: &TempFile) -> SqliteStore {
    with_ollie(place).await.close().await.unwrap();
    place.store().await
}

async fn set_page_limit(store: &SqliteStore, pragma: &'static str) {
    store
        .writer
        .write(move |conn| {
            Box::pin(async move {
                sqlx::query(pragma).execute(conn).await?;
                Ok(())
            })
        })
        .await
        .unwrap();
}

async fn assert_poisoned(store: &SqliteStore) {
    assert!(matches!(store.ping().await, Err(StoreError::Poisoned)));
    let write = store.insert_passport(passport(0), event(1)).await;
    assert!(matches!(write, Err(StoreError::Poisoned)));
    let batch = vec![decision("r1", "h1")];
    let write = append(store, "shop", None, batch).await;
    assert!(matches!(write, Err(StoreError::Poisoned)));
    let write = store.disable_agent("ollie", "r", NOW, event(2)).await;
    assert!(matches!(write, Err(StoreError::Poisoned)));
}
