//! What the log signs of itself.

use passport_shared::log::checkpoint::Checkpoint;

use super::{Backend, NOW, agent, append, decision, event};
use crate::store::{LogHold, SignedCheckpoint, Store, StoreError};

async fn grow(store: &dyn Store, name: &str, events: usize) {
    let batch = (0..events).map(|event| decision(&format!("{name}-{event}"), "h")).collect();
    append(store, "shop", None, batch).await.unwrap();
}

/// A note as far as the store looks at one: nobody checks its signature here.
async fn signed(store: &dyn Store) -> (SignedCheckpoint, [u8; 32]) {
    let head = store.log_head().await.unwrap();
    let text = Checkpoint::new("log.example", u64::try_from(head.size).unwrap(), head.root).unwrap().text();
    let signature = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    (SignedCheckpoint { size: head.size, note: format!("{text}\n— log.example {signature}\n"), signed_at: NOW }, head.root)
}

pub(crate) async fn the_logs_key_is_chosen_once(backend: impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.log_state().await.unwrap().verifier_key, None);
    assert_eq!(store.keep_log_key("one", NOW, event(1)).await.unwrap(), "one");
    assert_eq!(store.keep_log_key("two", NOW, event(2)).await.unwrap(), "one");
    let state = store.log_state().await.unwrap();
    assert_eq!((state.verifier_key.as_deref(), state.head.size), (Some("one"), 1), "the event of a change that was none is not there");
}

pub(crate) async fn a_checkpoint_is_kept_only_of_the_tree_as_it_is_and_grows(backend: impl Backend) {
    let store = backend.open().await;
    let store = store.as_ref();
    store.keep_log_key("key", NOW, event(1)).await.unwrap();
    let mut all = Vec::new();
    for (round, events) in [1, 300, 255, 1, 700].into_iter().enumerate() {
        grow(store, &format!("{round}"), events).await;
        let (one, root) = signed(store).await;
        let conflict = store.keep_checkpoint(one.clone(), [9; 32]).await;
        assert!(matches!(conflict, Err(StoreError::Conflict { what: "checkpoint", .. })), "{conflict:?}");
        let ahead = SignedCheckpoint { size: one.size + 1, ..one.clone() };
        assert!(store.keep_checkpoint(ahead, root).await.is_err());
        // It has grown since it was read.
        store.create_agent(agent(&format!("a{round}")), event(10 + u32::try_from(round).unwrap())).await.unwrap();
        assert_eq!(store.keep_checkpoint(one.clone(), root).await.unwrap(), one);
        let second = SignedCheckpoint { note: "another".to_owned(), ..one.clone() };
        assert_eq!(store.keep_checkpoint(second, root).await.unwrap(), one, "the first of a size counts");
        let state = store.log_state().await.unwrap();
        assert_eq!((state.last.as_ref(), state.doubt), (Some(&one), None));
        all.push(one);
    }
    let page = store.checkpoints(0, 3).await.unwrap();
    assert_eq!((page.items.as_slice(), page.next), (&all[..3], Some(all[2].size)));
    let page = store.checkpoints(all[2].size, 3).await.unwrap();
    assert_eq!((page.items.as_slice(), page.next), (&all[3..], None));
}

pub(crate) async fn a_log_that_is_held_keeps_no_checkpoint(backend: impl Backend) {
    let store = backend.open().await;
    let store = store.as_ref();
    store.keep_log_key("key", NOW, event(1)).await.unwrap();
    let hold = LogHold { at: NOW, why: "restored".to_owned() };
    assert!(store.hold_log(hold.clone(), event(2)).await.unwrap());
    assert!(!store.hold_log(LogHold { why: "again".to_owned(), ..hold.clone() }, event(3)).await.unwrap());
    assert_eq!(store.log_state().await.unwrap().hold, Some(hold));
    let (one, root) = signed(store).await;
    assert!(store.keep_checkpoint(one, root).await.is_err());
    assert!(store.resume_log(event(4)).await.unwrap());
    assert!(!store.resume_log(event(5)).await.unwrap());
    let (one, root) = signed(store).await;
    assert_eq!(store.keep_checkpoint(one.clone(), root).await.unwrap(), one);
    assert_eq!(one.size, 3, "each change with its event, and no more");
}
