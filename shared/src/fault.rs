//! Saying where in a document something is wrong (RFC 6901), at no cost while nothing is.

use serde::{Deserialize, Serialize};

/// One thing that is wrong in a document, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// A JSON pointer (RFC 6901) to the value concerned.
    pub pointer: String,
    /// What is wrong with it, for a person.
    pub detail: String,
}

/// A place in a document. It lives on the stack and is written out only for a fault.
#[derive(Clone, Copy, Debug)]
pub struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root(&'p str),
    Name(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    /// The outermost place, whose pointer is `prefix` (empty for the whole document).
    #[must_use]
    pub fn root(prefix: &'p str) -> Self {
        Self { parent: None, step: Step::Root(prefix) }
    }

    /// The member `name` of this place.
    #[must_use]
    pub fn name(&'p self, name: &'p str) -> Self {
        Self { parent: Some(self), step: Step::Name(name) }
    }

    /// The item `index` of this place.
    #[must_use]
    pub fn index(&'p self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }

    /// The JSON pointer to this place.
    #[must_use]
    pub fn pointer(&self) -> String {
        let before = self.parent.map(Place::pointer).unwrap_or_default();
        match self.step {
            Step::Root(prefix) => prefix.to_owned(),
            Step::Name(name) => format!("{before}/{}", name.replace('~', "~0").replace('/', "~1")),
            Step::Index(index) => format!("{before}/{index}"),
        }
    }
}

/// The faults found while a document is read. Reading goes on after a fault, so that a person sees them all.
#[derive(Debug, Default)]
pub struct Faults {
    found: Vec<Fault>,
    count: usize,
}

/// The most faults that are written down: a person mends these first.
const MOST: usize = 32;

impl Faults {
    /// Notes a fault. Always `None`, so that a reader can end with it.
    pub fn note<T>(&mut self, place: &Place<'_>, detail: impl Into<String>) -> Option<T> {
        self.count += 1;
        if self.found.len() < MOST {
            self.found.push(Fault { pointer: place.pointer(), detail: detail.into() });
        }
        None
    }

    /// Whether nothing was wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// How many there were, those beyond the written ones included.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// What was wrong, in the order found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Fault> {
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_written_as_rfc_6901_says() {
        let root = Place::root("/grants");
        let grant = root.index(3);
        let member = grant.name("a/b~c");
        assert_eq!(member.pointer(), "/grants/3/a~1b~0c");
        assert_eq!(Place::root("").pointer(), "");
    }

    #[test]
    fn a_flood_of_faults_is_bounded() {
        let mut faults = Faults::default();
        for n in 0..1000 {
            let _: Option<()> = faults.note(&Place::root("").index(n), "wrong");
        }
        assert_eq!(faults.into_vec().len(), MOST);
    }
}
