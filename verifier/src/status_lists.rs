//! The status lists of a snapshot of trust, by their URI.

use std::sync::Arc;

use passport_shared::status_list::StatusListClaims;
use passport_shared::text::same;

/// Lists in the order of their URIs' ends, which is where the URIs of one issuer differ: a look-up compares eight bytes
/// a step, and a whole URI once.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatusLists {
    lists: Vec<(u64, Arc<StatusListClaims>)>,
}

impl StatusLists {
    /// The list with this URI.
    pub(crate) fn get(&self, uri: &str) -> Option<&StatusListClaims> {
        let at = self.place(uri).ok()?;
        self.lists.get(at).map(|(_, list)| &**list)
    }

    /// Adds a list, or replaces the one with its URI.
    pub(crate) fn insert(&mut self, list: Arc<StatusListClaims>) {
        match self.place(&list.uri) {
            Ok(at) => {
                if let Some((_, known)) = self.lists.get_mut(at) {
                    *known = list;
                }
            }
            Err(at) => self.lists.insert(at, (end(&list.uri), list)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<StatusListClaims>> {
        self.lists.iter().map(|(_, list)| list)
    }

    /// Where the list with this URI stands, or where it would.
    #[inline]
    fn place(&self, uri: &str) -> Result<usize, usize> {
        let wanted = end(uri);
        let from = self.lists.partition_point(|(end, _)| *end < wanted);
        let mut alike = self.lists.iter().skip(from).take_while(|(end, _)| *end == wanted);
        alike.position(|(_, list)| same(&list.uri, uri)).map(|at| from + at).ok_or(from)
    }
}

/// The last eight bytes; fewer for what is shorter.
fn end(uri: &str) -> u64 {
    let bytes = uri.as_bytes();
    match bytes.last_chunk::<8>() {
        Some(chunk) => u64::from_le_bytes(*chunk),
        None => bytes.iter().fold(0, |end, byte| end << 8 | u64::from(*byte)),
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
}
