//! Templates.

use std::sync::Arc;

use super::{Backend, NOW, event, just, passport, with_ollie};
use crate::store::{
    AuditFilter, DeletedTemplate, EventOf, LiveFilter, Maker, NewPassport, NewTemplate, Page, PassportFilter, Store, StoreError, Template,
    TemplateUse,
};

/// An event that says what came of the change.
pub(crate) fn telling<T: std::fmt::Debug>(number: u32) -> EventOf<T> {
    Box::new(move |done| {
        let mut told = event(number);
        told.event.body = format!("{{\"done\":{}}}", serde_json::Value::from(format!("{done:?}")));
        Ok(told)
    })
}

pub(crate) fn template(name: &str, revises: Option<i64>) -> NewTemplate {
    let body = format!("{{ \"of\": \"{name}\",\n \"é\": {} }}", revises.unwrap_or(0));
    NewTemplate {
        name: name.to_owned(),
        body,
        revises,
        saved_at: NOW + revises.unwrap_or(0),
        saved_by: format!("agent_{}", revises.unwrap_or(0)),
    }
}

fn used(name: &str, revision: i64) -> Option<TemplateUse> {
    Some(TemplateUse { name: name.to_owned(), revision, parameters: "{ \"team\":\"é\" }".to_owned() })
}

async fn save(store: &dyn Store, number: u32, new: NewTemplate) -> Result<Template, StoreError> {
    store.save_template(new, None, telling(number)).await
}

async fn log(store: &dyn Store) -> usize {
    store.events(AuditFilter { limit: 1_000, ..AuditFilter::default() }).await.unwrap().items.len()
}

fn is_changed<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    let told = format!("{outcome:?}");
    assert!(
        matches!(outcome, Err(StoreError::Conflict { what: "template", problem, .. }) if problem.contains("changed meanwhile")),
        "{told}"
    );
}

fn is_missing<T: std::fmt::Debug>(outcome: Result<T, StoreError>) {
    let told = format!("{outcome:?}");
    assert!(matches!(outcome, Err(StoreError::NotFound { what: "template", id }) if id == "team"), "{told}");
}

pub(crate) async fn each_save_is_a_revision_with_its_event(backend: impl Backend) {
    let store = backend.open().await;
    let store = store.as_ref();
    is_missing(store.template("team").await);
    is_missing(save(store, 1, template("team", Some(1))).await);
    let first = save(store, 2, template("team", None)).await.unwrap();
    let expected = Template {
        name: "team".to_owned(),
        revision: 1,
        body: template("team", None).body,
        created_at: NOW,
        created_by: "agent_0".to_owned(),
        saved_at: NOW,
        saved_by: "agent_0".to_owned(),
        deleted_at: None,
    };
    assert_eq!((&first, &store.template("team").await.unwrap()), (&expected, &expected));
    let again = save(store, 3, template("team", None)).await;
    assert!(matches!(again, Err(StoreError::Conflict { what: "template", problem, .. }) if problem == "exists already"));

    let second = save(store, 4, template("team", Some(1))).await.unwrap();
    assert_eq!((second.revision, second.created_at, second.created_by.as_str()), (2, NOW, "agent_0"));
    assert_eq!((second.saved_at, second.saved_by.as_str()), (NOW + 1, "agent_1"));
    assert_eq!(store.template("team").await.unwrap(), second);
    assert_eq!(store.template_revision("team", 1).await.unwrap(), first, "it is kept");
    for (name, revision) in [("team", 0), ("team", 3), ("other", 1)] {
        assert!(matches!(store.template_revision(name, revision).await, Err(StoreError::NotFound { .. })), "{name} {revision}");
    }
    // Who has not seen the newest changes nothing, and neither does who says the same.
    is_changed(save(store, 5, template("team", Some(1))).await);
    is_changed(save(store, 6, template("team", Some(3))).await);
    let same = NewTemplate { body: second.body.clone(), ..template("team", Some(2)) };
    assert_eq!(save(store, 7, same).await.unwrap(), second);
    assert_eq!(log(store).await, 2, "what was refused or changed nothing wrote no event");
    let events = store.events(AuditFilter { limit: 1, ..AuditFilter::default() }).await.unwrap();
    assert!(events.items[0].event.body.contains("revision: 2"), "{}", events.items[0].event.body);
}

pub(crate) async fn a_template_that_is_deleted_leaves_its_passports_and_its_numbers(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let store = store.as_ref();
    save(store, 1, template("team", None)).await.unwrap();
    save(store, 2, template("other", None)).await.unwrap();
    let by = |number: i64, template| NewPassport { template, template_newest: true, ..passport(number) };
    store.insert_passport(by(0, used("team", 1)), event(10)).await.unwrap();
    store.insert_passport(by(1, used("team", 1)), event(11)).await.unwrap();
    store.insert_passport(by(2, used("other", 1)), event(12)).await.unwrap();
    store.insert_passport(by(3, None), event(13)).await.unwrap();
    store.revoke_passport("pp_1", None, NOW, None, just(event(14))).await.unwrap();
    let done = store.delete_template("team", NOW + 5, None, telling(20)).await.unwrap();
    assert_eq!(done, DeletedTemplate { revision: 1, live: 1 });
    let before = log(store).await;
    is_missing(store.template("team").await);
    is_missing(store.delete_template("team", NOW + 6, None, telling(21)).await);
    is_missing(save(store, 22, template("team", Some(1))).await);
    is_missing(store.insert_passport(by(4, used("team", 1)), event(23)).await);
    assert_eq!(log(store).await, before);
    assert_eq!(store.passport("pp_0").await.unwrap().revoked_at, None);
    // A name and a revision mean one thing for ever.
    let again = save(store, 24, NewTemplate { saved_at: NOW + 9, ..template("team", None) }).await.unwrap();
    assert_eq!((again.revision, again.created_at), (2, NOW + 9));
    let deleted = async |revision| store.template_revision("team", revision).await.unwrap().deleted_at;
    assert_eq!((deleted(1).await, deleted(2).await), (Some(NOW + 5), None));
    save(store, 25, template("team", Some(2))).await.unwrap();
    store.delete_template("team", NOW + 20, None, telling(26)).await.unwrap();
    assert_eq!((deleted(1).await, deleted(2).await, deleted(3).await), (Some(NOW + 5), Some(NOW + 20), Some(NOW + 20)));
}

pub(crate) async fn templates_are_listed_by_name_in_pages(backend: impl Backend) {
    let store = backend.open().await;
    let store = store.as_ref();
    for (number, name) in (1..).zip(["d", "a", "c/ö", "b", "e"]) {
        save(store, number, template(name, None)).await.unwrap();
    }
    save(store, 10, template("a", Some(1))).await.unwrap();
    store.delete_template("b", NOW, None, telling(11)).await.unwrap();
    let (mut seen, mut after) = (Vec::new(), None::<String>);
    loop {
        let Page { items, next } = store.templates(after.as_deref(), 2).await.unwrap();
        assert_eq!(items.len(), 2);
        seen.extend(items.into_iter().map(|template| (template.name, template.revision)));
        after = next;
        if after.is_none() {
            break;
        }
    }
    let expected = [("a", 2), ("c/ö", 1), ("d", 1), ("e", 1)].map(|(name, revision)| (name.to_owned(), revision));
    assert_eq!(seen, expected);
}

pub(crate) async fn a_passport_keeps_the_template_that_it_was_issued_by(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let store = store.as_ref();
    save(store, 1, template("team", None)).await.unwrap();
    let by = |number: i64, revision: i64, newest: bool| NewPassport {
        template: used("team", revision),
        template_newest: newest,
        ..passport(number)
    };
    store.insert_passport(by(0, 1, true), event(10)).await.unwrap();
    save(store, 2, template("team", Some(1))).await.unwrap();
    // Between the expansion and the signature it was changed: what it says now is what counts.
    is_changed(store.insert_passport(by(1, 1, true), event(11)).await);
    store.insert_passport(by(1, 2, true), event(12)).await.unwrap();
    // What comes in the place of another passport keeps its template.
    store.insert_passport(by(2, 1, false), event(13)).await.unwrap();
    store.insert_passport(passport(3), event(14)).await.unwrap();
    assert_eq!(store.passport("pp_0").await.unwrap().template, used("team", 1));
    assert_eq!(store.passport("pp_3").await.unwrap().template, None);
    let of = |template: &str| PassportFilter { template: Some(template.to_owned()), now: NOW, limit: 10, ..PassportFilter::default() };
    let ids = |page: Page<crate::store::Passport, i64>| page.items.into_iter().map(|passport| passport.passport_id).collect::<Vec<_>>();
    assert_eq!(ids(store.passports(of("team")).await.unwrap()), ["pp_2", "pp_1", "pp_0"]);
    assert_eq!(ids(store.passports(of("other")).await.unwrap()), [""; 0]);
    let filter = LiveFilter { template: Some("team".to_owned()), now: NOW, ..LiveFilter::default() };
    let done = store.revoke_passports(filter, "withdrawn", None, telling(20)).await.unwrap();
    assert_eq!(done.matched.passport_ids, ["pp_0", "pp_1", "pp_2"]);
    assert_eq!(store.passport("pp_3").await.unwrap().revoked_at, None);
}

pub(crate) async fn one_of_two_saves_of_a_revision_wins(backend: impl Backend) {
    let store: Arc<dyn Store> = backend.open().await;
    save(store.as_ref(), 1, template("team", None)).await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..4_u32 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            let new = NewTemplate { body: format!("{{\"by\":{number}}}"), ..template("team", Some(1)) };
            save(store.as_ref(), 10 + number, new).await.is_ok()
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += usize::from(task.await.unwrap());
    }
    assert_eq!((won, store.template("team").await.unwrap().revision, log(store.as_ref()).await), (1, 2, 2));
}

pub(crate) async fn a_template_is_not_changed_without_its_event_or_by_a_maker_that_counts_no_more(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    let store = store.as_ref();
    store.insert_passport(passport(0), event(1)).await.unwrap();
    let first = save(store, 2, template("team", None)).await.unwrap();
    store.revoke_passport("pp_0", None, NOW, None, just(event(3))).await.unwrap();
    let before = log(store).await;
    let gone = || Some(Maker { passport_id: "pp_0".to_owned(), at: NOW + 5 });
    for outcome in [
        store.save_template(template("team", Some(1)), gone(), telling(10)).await.map(drop),
        store.save_template(template("new", None), gone(), telling(11)).await.map(drop),
        store.delete_template("team", NOW, gone(), telling(12)).await.map(drop),
    ] {
        assert!(matches!(outcome, Err(StoreError::MakerRevoked { .. })), "{outcome:?}");
    }
    // An event id that is there already.
    assert!(save(store, 2, template("team", Some(1))).await.is_err());
    assert!(store.delete_template("team", NOW, None, telling(2)).await.is_err());
    assert_eq!((store.template("team").await.unwrap(), log(store).await), (first, before));
    assert_eq!(store.templates(None, 10).await.unwrap().items.len(), 1);
}
