//! What a passport says, in sections for a person.

use passport_shared::grant::Grant;
use passport_shared::hidden::HiddenAttributes;

use super::output::{STRONG, bullets, styled};

/// What these grants allow, or nothing, and what they forbid.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) allowed: Option<String>,
    pub(crate) forbidden: Option<String>,
}

impl Said {
    pub(crate) fn by<'g>(grants: impl IntoIterator<Item = &'g Grant>, now: i64) -> Self {
        let (mut may, mut must_not) = (Vec::new(), Vec::new());
        for words in grants.into_iter().map(|grant| grant.describe(now)) {
            may.extend(words.may);
            must_not.extend(words.must_not);
        }
        Self { allowed: section("It allows", &may), forbidden: section("It forbids, whatever else is allowed", &must_not) }
    }
}

/// The heading over what is kept from the audit log.
pub(crate) const KEPT_FROM_THE_LOG: &str = "From the audit log it";

/// What is kept from the audit log, where it stands as keyed hashes.
pub(crate) fn hidden(hidden: &HiddenAttributes) -> Option<String> {
    section(KEPT_FROM_THE_LOG, &hidden.describe())
}

/// A heading over its items; none without an item.
pub(crate) fn section(heading: &str, items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| format!("{}\n{}", styled(STRONG, heading), bullets(items)))
}
