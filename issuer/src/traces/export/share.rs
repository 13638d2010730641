//! Which share of the requests is recorded.

use std::str::FromStr;

use passport_shared::text::quote;

/// A share, 0 to 1 in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "Given")]
pub struct Share {
    millionths: u32,
}

/// What is no share.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no share of requests; give a number from 0 to 1, as in 0.05", quote(.0))]
pub struct ShareError(String);

/// As a settings file has it.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum Given {
    Whole(i64),
    Part(f64),
    Text(String),
}

impl Share {
    /// Every request.
    pub const ALL: Self = Self { millionths: 1_000_000 };

    pub(super) fn ratio(self) -> f64 {
        f64::from(self.millionths) / 1_000_000.0
    }
}

impl FromStr for Share {
    type Err = ShareError;

    fn from_str(text: &str) -> Result<Self, ShareError> {
        let wrong = || ShareError(text.to_owned());
        let ratio: f64 = text.parse().map_err(|_| wrong())?;
        if !(0.0..=1.0).contains(&ratio) {
            return Err(wrong());
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is 0 to 1,000,000")]
        Ok(Self { millionths: (ratio * 1_000_000.0).round() as u32 })
    }
}

impl TryFrom<Given> for Share {
    type Error = ShareError;

    fn try_from(given: Given) -> Result<Self, ShareError> {
        match given {
            Given::Whole(number) => number.to_string(),
            Given::Part(number) => number.to_string(),
            Given::Text(text) => text,
        }
        .parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_a_number_from_nothing_to_all() {
        for (text, millionths) in [("0", 0), ("1", 1_000_000), ("1.0", 1_000_000), ("0.05", 50_000), ("0.000001", 1)] {
            assert_eq!(text.parse(), Ok(Share { millionths }), "{text}");
        }
        for wrong in ["", "-0.1", "1.000001", "NaN", "inf", "half", "50%"] {
            assert_eq!(wrong.parse::<Share>(), Err(ShareError(wrong.to_owned())));
        }
    }

    #[test]
    fn a_file_may_write_it_as_a_number_or_as_text() {
        let read = |text: &str| toml::from_str::<std::collections::BTreeMap<String, Share>>(text).map(|map| map["share"]);
        for text in ["share = 0.5", "share = \"0.5\""] {
            assert_eq!(read(text).unwrap(), Share { millionths: 500_000 });
        }
        assert_eq!(read("share = 1").unwrap(), Share::ALL);
        assert!(read("share = 2").is_err());
    }
}
