//! The grants of a passport.

use std::ops::Deref;

use crate::footprint::Footprint;
use crate::grant::Grant;
use crate::request::Request;
use crate::resource::Beginning;

/// The grants of a passport, each with its index in `authorization_details`: a list of them, for whoever reads it.
///
/// How their resources begin stands beside them, close together. A decision passes most grants over by that alone, and
/// then reads nothing of them: with many passports at hand, each grant that it reads is a line that a processor's cache
/// has to hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    list: Vec<(usize, Grant)>,
    beginnings: Box<[Beginning]>,
}

impl Grants {
    /// Those that cover the resource of `request`; all, where it names none.
    #[inline]
    pub fn covering<'g>(&'g self, request: &'g Request) -> impl Iterator<Item = &'g (usize, Grant)> + Clone {
        let start = request.resource_start();
        let fitting = self.beginnings.iter().zip(&self.list).filter(move |(beginning, _)| start.is_none_or(|start| beginning.fits(start)));
        fitting.map(|(_, entry)| entry).filter(|(_, grant)| grant.covers(request))
    }
}

impl From<Vec<(usize, Grant)>> for Grants {
    fn from(list: Vec<(usize, Grant)>) -> Self {
        let beginnings = list.iter().map(|(_, grant)| grant.resource.beginning()).collect();
        Self { list, beginnings }
    }
}

impl FromIterator<(usize, Grant)> for Grants {
    fn from_iter<I: IntoIterator<Item = (usize, Grant)>>(grants: I) -> Self {
        Self::from(Vec::from_iter(grants))
    }
}

/// They are read and not changed: the beginnings are those of this list.
impl Deref for Grants {
    type Target = [(usize, Grant)];

    fn deref(&self) -> &Self::Target {
        &self.list
    }
}

impl IntoIterator for Grants {
    type Item = (usize, Grant);
    type IntoIter = std::vec::IntoIter<(usize, Grant)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'g> IntoIterator for &'g Grants {
    type Item = &'g (usize, Grant);
    type IntoIter = std::slice::Iter<'g, (usize, Grant)>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl Footprint for Grants {
    fn heap_bytes(&self) -> usize {
        self.list.heap_bytes() + size_of_val(&*self.beginnings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_cover_are_found_whatever_their_resources_begin_with() {
        let patterns = ["mail/1", "mail/*", "mail/**", "mailbox/1", "**", "*", "commerce/eu/shop", "commerce/*/shop", "m", "*/1"];
        let grants: Vec<String> =
            patterns.iter().map(|pattern| format!(r#"{{"resource":"{pattern}","allowedActions":["read"]}}"#)).collect();
        let grants: Grants = Grant::read_all(&format!("[{}]", grants.join(",")), "").expect("sound").into_iter().enumerate().collect();
        for resource in ["mail/1", "mail", "mail/1/2", "mailbox/1", "m", "commerce/eu/shop", "commerce/us/shop", "commerce/eu/shops", "x"] {
            let request = Request::new("read").on(resource);
            let plainly = grants.iter().filter(|(_, grant)| grant.resource.covers(resource));
            assert!(grants.covering(&request).eq(plainly), "{resource}");
        }
        assert!(grants.covering(&Request::new("read")).eq(&grants), "without a resource, all");
    }
}
