//! The status lists of a snapshot of trust, by their URI.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use passport_shared::status_list::StatusListClaims;
use passport_shared::text::same;

/// Lists by the ends of their URIs, which is where the URIs of one issuer differ: a look-up mixes eight bytes, and compares
/// a whole URI once. Nobody but the issuer chooses a URI, so nobody can make many of them end alike.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatusLists {
    lists: Vec<Arc<StatusListClaims>>,
    /// Where they stand, by the ends of their URIs.
    places: HashMap<u64, Vec<usize>, BuildHasherDefault<Folded>>,
}

/// Where a list was found last: where it is looked for first. It says nothing, since the list that is there has to have the
/// URI, and is kept by who looks up the same URI again and again. Snapshots that follow one another have their lists in
/// one order as long as the issuer drops none.
#[derive(Debug, Default)]
pub(crate) struct Place(AtomicUsize);

impl StatusLists {
    /// The list with this URI.
    #[inline]
    pub(crate) fn get(&self, uri: &str) -> Option<&StatusListClaims> {
        self.find(uri).map(|(_, list)| list)
    }

    /// The same, first at the place where it was last.
    #[inline]
    pub(crate) fn get_at(&self, place: &Place, uri: &str) -> Option<&StatusListClaims> {
        match self.lists.get(place.0.load(Ordering::Relaxed)) {
            Some(list) if same(&list.uri, uri) => Some(list),
            _ => self.find_anew(place, uri),
        }
    }

    #[inline(never)]
    fn find_anew(&self, place: &Place, uri: &str) -> Option<&StatusListClaims> {
        let (at, list) = self.find(uri)?;
        place.0.store(at, Ordering::Relaxed);
        Some(list)
    }

    #[inline]
    fn find(&self, uri: &str) -> Option<(usize, &StatusListClaims)> {
        let with = |at: usize| self.lists.get(at).filter(|list| same(&list.uri, uri)).map(|list| (at, &**list));
        self.places.get(&end(uri))?.iter().find_map(|at| with(*at))
    }

    /// Adds a list, or replaces the one with its URI.
    pub(crate) fn insert(&mut self, list: Arc<StatusListClaims>) {
        match self.find(&list.uri).map(|(at, _)| at).and_then(|at| self.lists.get_mut(at)) {
            Some(known) => *known = list,
            None => {
                self.places.entry(end(&list.uri)).or_default().push(self.lists.len());
                self.lists.push(list);
            }
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<StatusListClaims>> {
        self.lists.iter()
    }
}

/// The last eight bytes; fewer for what is shorter.
#[inline]
fn end(uri: &str) -> u64 {
    let bytes = uri.as_bytes();
    match bytes.last_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => bytes.iter().fold(0, |end, byte| end << 8 | u64::from(*byte)),
    }
}

/// A hash of one number: both halves of a product with an odd constant, so that each bit of it moves with each of the number.
#[derive(Clone, Copy, Debug, Default)]
struct Folded(u64);

impl Hasher for Folded {
    #[inline]
    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number ^ self.0).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let [high, low] = [product >> 64, product & u128::from(u64::MAX)].map(|half| u64::try_from(half).unwrap_or_default());
        self.0 = high ^ low;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::status_list::StatusList;

    use super::*;

    fn list(uri: &str, issued_at: i64) -> Arc<StatusListClaims> {
        Arc::new(StatusListClaims { uri: uri.into(), issued_at, expires_at: None, list: StatusList::new(8, []) })
    }

    #[test]
    fn each_list_is_found_by_its_whole_uri_and_no_other() {
        let mut lists = StatusLists::default();
        let uris: Vec<_> = (0..200).map(|n| format!("https://issuer.example/v1/status/{n}")).collect();
        let others = ["", "a", "ab", "b/status/1", "https://other.example/v1/status/1", "https://issuer.example/v1/status/"];
        for uri in uris.iter().map(String::as_str).chain(others) {
            assert!(lists.get(uri).is_none());
            lists.insert(list(uri, 1));
        }
        for uri in uris.iter().map(String::as_str).chain(others) {
            assert_eq!(lists.get(uri).map(|list| list.uri.as_str()), Some(uri));
        }
        assert_eq!(lists.iter().count(), uris.len() + others.len());
        lists.insert(list("ab", 7));
        assert_eq!(lists.get("ab").map(|list| list.issued_at), Some(7));
        assert_eq!(lists.iter().count(), uris.len() + others.len(), "replaced, not added");
        assert!(lists.get("https://issuer.example/v1/status/200").is_none());
    }

    #[test]
    fn a_place_that_is_not_so_any_more_misleads_nobody() {
        let of = |uris: &[&str]| {
            let mut lists = StatusLists::default();
            uris.iter().for_each(|uri| lists.insert(list(uri, 1)));
            lists
        };
        let place = Place::default();
        for uris in [&["a", "b", "c"][..], &["c", "b", "a"], &["x", "b"], &["c"], &[], &["c", "b"]] {
            for uri in ["a", "b", "c", "b"] {
                let found = of(uris).get_at(&place, uri).map(|list| list.uri.to_string());
                assert_eq!(found.as_deref(), uris.iter().copied().find(|own| *own == uri), "{uri} in {uris:?}");
            }
        }
    }
}
