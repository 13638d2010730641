//! Where one place becomes a part of a wider one.

use std::collections::BTreeMap;

use super::{Place, Shrink, Use};
use crate::limits::STRING_BYTES;
use crate::resource::ResourcePattern;

/// So many resources that differ in one segment become one pattern, where that is asked for.
const ALIKE: usize = 3;

impl Shrink<'_> {
    /// All places of a grant become what is held.
    pub(super) fn widen(&mut self, grant: usize) {
        let mut wide = Use::fresh();
        let places: Vec<Place> = self.uses.keys().filter(|(own, _)| *own == grant).map(|(_, place)| place.clone()).collect();
        let mut any = false;
        for place in places.into_iter().filter(|place| *place != Place::Unnamed) {
            if let Some(seen) = self.uses.remove(&(grant, place)) {
                wide.join(seen);
                any = true;
            }
        }
        if any {
            self.uses.insert((grant, Place::Held), wide);
            self.open(format!("grant {grant} was used on too many resources: its resource stays as it is held"));
        }
    }

    /// The grant with the most places that are not all it holds already.
    pub(super) fn widest(&self) -> Option<usize> {
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        for (grant, _) in self.uses.keys() {
            *places.entry(*grant).or_default() += 1;
        }
        places.into_iter().filter(|(_, count)| *count > 1).max_by_key(|(_, count)| *count).map(|(grant, _)| grant)
    }

    /// Requests that named no resource are covered by every grant, so that one place will do: the one most used.
    pub(super) fn place_unnamed(&mut self) {
        let grants: Vec<usize> = self.uses.keys().filter(|(_, place)| *place == Place::Unnamed).map(|(grant, _)| *grant).collect();
        for grant in grants {
            let Some(seen) = self.uses.remove(&(grant, Place::Unnamed)) else { continue };
            let own = self.uses.iter_mut().filter(|((own, _), _)| *own == grant);
            match own.max_by_key(|(_, seen)| seen.requests) {
                Some((_, most)) => most.join(seen),
                None => {
                    self.uses.insert((grant, Place::Held), seen);
                    self.open(format!("grant {grant} was used by requests that name no resource alone: its resource stays as it is held"));
                }
            }
        }
    }

    /// A segment in which resources differ becomes `*`, the last segment first, as often as it can.
    pub(super) fn generalise(&mut self) {
        for index in self.held.grants.iter().map(|(index, _)| *index) {
            while self.generalise_once(index) {}
        }
    }

    fn generalise_once(&mut self, grant: usize) -> bool {
        let Some(held) = self.grant(grant) else { return false };
        let mut alike: BTreeMap<(std::cmp::Reverse<usize>, String), Vec<String>> = BTreeMap::new();
        for (own, place) in self.uses.keys() {
            let (true, Place::Exact(text)) = (*own == grant, place) else { continue };
            let segments: Vec<&str> = text.split('/').collect();
            for at in 0..segments.len() {
                let pattern: Vec<&str> =
                    segments.iter().enumerate().map(|(number, segment)| if number == at { "*" } else { *segment }).collect();
                alike.entry((std::cmp::Reverse(at), pattern.join("/"))).or_default().push(text.clone());
            }
        }
        let fits = |pattern: &str| {
            pattern.len() <= STRING_BYTES && ResourcePattern::parse(pattern).is_ok_and(|pattern| held.resource.contains(&pattern))
        };
        let found = alike.into_iter().find(|((_, pattern), resources)| resources.len() >= ALIKE && fits(pattern));
        let Some(((_, pattern), resources)) = found else { return false };
        let mut all = Use::fresh();
        for resource in resources {
            if let Some(seen) = self.uses.remove(&(grant, Place::Exact(resource))) {
                all.join(seen);
            }
        }
        self.uses.insert((grant, Place::Exact(pattern)), all);
        true
    }
}
