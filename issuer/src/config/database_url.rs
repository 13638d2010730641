//! The URL of a database, which may hold a password.

use std::convert::Infallible;
use std::str::FromStr;

/// A database's URL as it was given. Its `Debug` does not show it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// The URL. It goes into no message.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DatabaseUrl(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_in_no_debug() {
        let url: DatabaseUrl = "postgres://u:s3cret@h/d".parse().unwrap();
        assert_eq!(url.reveal(), "postgres://u:s3cret@h/d");
        assert_eq!(format!("{url:?}"), "DatabaseUrl(…)");
    }
}
