//! Names of attributes, as a setting has them.

use std::str::FromStr;

use passport_shared::limits::{REQUEST_ATTRIBUTES, STRING_BYTES};
use passport_shared::request::is_reserved;
use passport_shared::text::quote;

/// Names with commas between, such as `vendor,amount,currency`; none, for an empty text.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub struct AttributeNames(pub Vec<String>);

impl FromStr for AttributeNames {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let names: Vec<String> = text.split(',').map(str::trim).map(str::to_owned).collect();
        if names == [""] {
            return Ok(Self::default());
        }
        for name in &names {
            if name.is_empty() || name.len() > STRING_BYTES {
                return Err(format!("{} is no name of an attribute, which has 1 to {STRING_BYTES} bytes", quote(name)));
            }
            if is_reserved(name) {
                return Err(format!("{} is a reserved name, not an attribute's, and cannot be hidden", quote(name)));
            }
        }
        match names.len() {
            1..=REQUEST_ATTRIBUTES => Ok(Self(names)),
            many => Err(format!("these are {many} names, and no request has more than {REQUEST_ATTRIBUTES} attributes")),
        }
    }
}

impl TryFrom<String> for AttributeNames {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes_are_read_and_what_is_none_is_named() {
        assert_eq!("vendor, amount".parse(), Ok(AttributeNames(vec!["vendor".into(), "amount".into()])));
        assert_eq!("".parse(), Ok(AttributeNames::default()), "to show none");
        for (text, why) in [("a,,b", "no name"), ("a,action", "`action` is a reserved name"), (&"x".repeat(257), "no name")] {
            assert!(text.parse::<AttributeNames>().unwrap_err().contains(why), "{text}");
        }
        assert!(vec!["x"; 65].join(",").parse::<AttributeNames>().unwrap_err().contains("65 names"));
    }
}
