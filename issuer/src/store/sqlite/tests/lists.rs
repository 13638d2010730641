//! What a list looks at: by which index, and how much of it.

use sqlx::{Row as _, SqliteConnection};

use super::super::passports::{Range, list_within, query};
use super::super::{SqliteStore, agents, audit};
use super::*;
use crate::store::{AgentFilter, AuditFilter, Page, Passport, PassportFilter, PassportState};

fn filter() -> PassportFilter {
    PassportFilter {
        agent_id: None,
        key_id: None,
        template: None,
        state: None,
        text: None,
        expires_before: None,
        now: NOW,
        cursor: None,
        limit: 100,
    }
}

async fn plan(conn: &mut SqliteConnection, filter: PassportFilter, range: Range) -> String {
    let rows = query("EXPLAIN QUERY PLAN ", filter, range).build().fetch_all(conn).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ")
}

/// Ollie's passports of these ends, in their order.
async fn ending(place: &TempFile, ends: &[i64]) -> SqliteStore {
    with_ollie(place).await;
    let store = place.store().await;
    for (number, end) in (0..).zip(ends) {
        let mut new = passport(number);
        new.expires_at = *end;
        store.insert_passport(new, event(10 + u32::try_from(number).unwrap())).await.unwrap();
    }
    store
}

async fn looked(store: &SqliteStore, filter: PassportFilter, most: i64) -> (Vec<String>, Option<i64>) {
    let page: Page<Passport, i64> =
        store.reader.read(move |conn| Box::pin(async move { list_within(conn, filter, most).await })).await.unwrap();
    (page.items.into_iter().map(|passport| passport.passport_id).collect(), page.next)
}

#[tokio::test]
async fn passports_that_end_before_a_moment_are_found_by_an_index_of_their_ends() {
    let place = TempFile::new();
    let _store = ending(&place, &[]).await;
    let mut conn = place.outside().await;
    let soon = PassportFilter { expires_before: Some(NOW + 60), state: Some(PassportState::Live), ..filter() };
    let by_expiry = plan(&mut conn, soon.clone(), Range::ByExpiry).await;
    assert!(by_expiry.contains("USING INDEX passports_by_expiry (expires_at>? AND expires_at<?)"), "{by_expiry}");
    let by_ordinal = plan(&mut conn, soon, Range::From(7)).await;
    assert!(by_ordinal.contains("USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{by_ordinal}");
    assert!(!by_ordinal.contains("TEMP B-TREE"), "{by_ordinal}");
}

#[tokio::test]
async fn a_search_that_finds_nothing_stops_after_so_many_and_says_where() {
    let place = TempFile::new();
    let store = ending(&place, &[NOW + 9; 8]).await;
    let oldest = PassportFilter { text: Some("PP_0".to_owned()), ..filter() };
    let mut cursor = None;
    for (found, next) in [(vec![], Some(6)), (vec![], Some(3)), (vec!["pp_0".to_owned()], None)] {
        assert_eq!(looked(&store, PassportFilter { cursor, ..oldest.clone() }, 3).await, (found, next));
        cursor = next;
    }
    assert_eq!(looked(&store, oldest.clone(), 8).await, (vec!["pp_0".to_owned()], None));
    // An agent's own are found by an index.
    let of_agent = PassportFilter { agent_id: Some("ollie".to_owned()), ..oldest };
    assert_eq!(looked(&store, of_agent, 3).await, (vec!["pp_0".to_owned()], None));
    // A page that is full goes on where it ended, and not where it would have stopped.
    let all = PassportFilter { text: Some("pp".to_owned()), limit: 2, ..filter() };
    assert_eq!(looked(&store, all, 3).await, (vec!["pp_7".to_owned(), "pp_6".to_owned()], Some(7)));
}

#[tokio::test]
async fn few_that_end_soon_are_all_found_and_of_many_so_many_are_looked_at() {
    let place = TempFile::new();
    let ends: Vec<i64> = (0..12).map(|number| if number == 1 { NOW + 5 } else { NOW + 900 }).collect();
    let store = ending(&place, &ends).await;
    let before = |end| PassportFilter { expires_before: Some(end), ..filter() };
    assert_eq!(looked(&store, before(NOW + 60), 10).await, (vec!["pp_1".to_owned()], None));
    let (found, next) = looked(&store, before(NOW + 901), 10).await;
    assert_eq!((found.len(), next), (10, Some(3)));
    let (rest, next) = looked(&store, PassportFilter { cursor: next, ..before(NOW + 901) }, 10).await;
    assert_eq!((rest.len(), next), (2, None));
}

#[tokio::test]
async fn a_search_for_agents_stops_after_so_many_and_says_where() {
    let place = TempFile::new();
    let store = with_ollie(&place).await;
    for (number, name) in (1..).zip(["a", "b", "c", "d", "e"]) {
        store.create_agent(agent(name), event(number)).await.unwrap();
    }
    let store = place.store().await;
    let mut cursor: Option<String> = None;
    for (found, next) in [(vec![], Some("b")), (vec![], Some("d")), (vec!["ollie"], None)] {
        let filter = AgentFilter { text: Some("OLL".to_owned()), disabled: None, cursor: cursor.clone(), limit: 9 };
        let page = store.reader.read(move |conn| Box::pin(async move { agents::list_within(conn, filter, 2).await }));
        let page = page.await.unwrap();
        assert_eq!(page.items.iter().map(|agent| agent.agent_id.as_str()).collect::<Vec<_>>(), found);
        assert_eq!(page.next.as_deref(), next);
        cursor = page.next;
    }
}

#[tokio::test]
async fn events_of_many_spans_are_found_in_those_and_by_no_index_made_for_the_question() {
    let place = TempFile::new();
    let store = place.store().await;
    let two = AuditFilter { resource: Some("shop/7".to_owned()), outcome: Some("deny".to_owned()), ..AuditFilter::default() };
    for filter in [AuditFilter { agent_id: Some("ollie".to_owned()), ..AuditFilter::default() }, two] {
        for count in [2, 170] {
            let ranges: Vec<(i64, i64)> = (0..count).map(|span| (span * 256, span * 256 + 257)).collect();
            let filter = filter.clone();
            let plan = store.reader.read(move |conn| {
                Box::pin(async move {
                    let mut query = audit::list::in_spans("EXPLAIN QUERY PLAN ", &filter, &ranges, 101);
                    Ok(query.build().persistent(false).fetch_all(conn).await?)
                })
            });
            let plan = plan.await.unwrap().iter().map(|row| row.get::<String, _>("detail")).collect::<Vec<_>>().join("; ");
            assert!(plan.contains("SEARCH audit_events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{count}: {plan}");
        }
    }
}
