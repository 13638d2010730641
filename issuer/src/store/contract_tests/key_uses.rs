//! What each key has signed.

use super::{Backend, NOW, event, just, key, passport, with_ollie};
use crate::store::{KeyState, KeyUse, PassportFilter, RevokeKey};

pub(crate) async fn what_went_with_a_key_is_listed_until_it_is_revoked_by_itself_or_over(backend: impl Backend) {
    let store = with_ollie(&backend).await;
    assert_eq!(store.key_uses(NOW).await.unwrap(), []);
    for number in 1..=4 {
        store.insert_passport(passport(number), event(100 + u32::try_from(number).unwrap())).await.unwrap();
    }
    store.revoke_passport("pp_2", None, NOW, None, just(event(110))).await.unwrap();
    let ask = async |now, after, limit| {
        let page = store.passports_of_key("k1", now, after, limit).await.unwrap();
        (page.items.into_iter().map(|gone| gone.passport.passport_id).collect::<Vec<_>>(), page.next)
    };
    let (first, next) = ask(NOW, None, 2).await;
    assert_eq!((first, next.is_some()), (vec!["pp_1".to_owned(), "pp_3".to_owned()], true));
    assert_eq!(ask(NOW, next, 2).await, (vec!["pp_4".to_owned()], None));
    assert_eq!(store.key_uses(NOW).await.unwrap(), [KeyUse { key_id: "k1".to_owned(), signed: 4, live: 3 }]);

    let plan = RevokeKey {
        key_id: "k1".to_owned(),
        expected_state: KeyState::Active,
        promote: Some("k2".to_owned()),
        fresh_next: Some(key("k3", NOW)),
        reason: "stolen".to_owned(),
        now: NOW,
    };
    store.revoke_key(plan, event(111)).await.unwrap();
    assert_eq!(ask(NOW, None, 10).await.0, ["pp_1", "pp_3", "pp_4"], "the key's revocation is no own one");
    assert_eq!(store.key_uses(NOW).await.unwrap(), [KeyUse { key_id: "k1".to_owned(), signed: 4, live: 0 }]);
    let over = store.passport("pp_1").await.unwrap().expires_at;
    assert_eq!(ask(over, None, 10).await, (vec![], None), "what is over went with nothing");
    let of = async |key: &str| {
        let filter = PassportFilter { key_id: Some(key.to_owned()), now: NOW, limit: 10, ..PassportFilter::default() };
        store.passports(filter).await.unwrap().items.len()
    };
    assert_eq!((of("k1").await, of("k2").await), (4, 0), "a list can be narrowed to what a key has signed");
    assert_eq!(store.passports_of_key("k2", NOW, None, 10).await.unwrap().items, []);
}
