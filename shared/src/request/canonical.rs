//! The one name of a request: what an approval is bound to (contract section 6).
//!
//! The request as JSON in the canonical form of RFC 8785, of that SHA-256, in unpadded base64url. Three things are put
//! right first: `agentId` is the passport's where the request names none; `requestId`, `approval` and `proof` are left out;
//! and a number is written as the object `{"n": "<its plain decimal>"}`, since RFC 8785 would round it to a double. So there
//! is no number in it, and the canonical form is sorting names by their UTF-16 code units and escaping strings.

use sha2::{Digest as _, Sha256};

use super::Request;
use crate::jose;
use crate::json::write::string;
use crate::scalar::{Attribute, Scalar};

impl Request {
    /// The hash of this request, made by the agent `agent_id`: 43 characters of base64url. Of a request with a
    /// [`problem`](Self::problem) it says nothing.
    #[must_use]
    pub fn hash(&self, agent_id: &str) -> String {
        jose::encode(Sha256::digest(self.canonical(agent_id)))
    }

    /// The canonical text that is hashed.
    #[must_use]
    pub fn canonical(&self, agent_id: &str) -> String {
        let mut members: Vec<(&str, String)> =
            vec![("action", string(&self.action)), ("agentId", string(self.agent_id().unwrap_or(agent_id)))];
        members.extend(self.resource.as_deref().map(|resource| ("resource", string(resource))));
        members.extend(self.attributes.iter().map(|(name, value)| (name.as_str(), attribute(value))));
        members.sort_by(|(one, _), (other, _)| one.encode_utf16().cmp(other.encode_utf16()));
        let members: Vec<String> = members.iter().map(|(name, value)| format!("{}:{value}", string(name))).collect();
        format!("{{{}}}", members.join(","))
    }
}

fn attribute(value: &Attribute) -> String {
    match value {
        Attribute::Scalar(Scalar::Text(text)) => string(text),
        Attribute::Scalar(Scalar::Bool(flag)) => flag.to_string(),
        Attribute::Scalar(Scalar::Number(number)) => format!(r#"{{"n":"{}"}}"#, number.value().to_plain()),
        Attribute::List(items) => format!("[{}]", items.iter().map(|item| string(item)).collect::<Vec<_>>().join(",")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_canonical_form_is_that_of_rfc_8785_with_numbers_as_decimals() {
        let request = Request::parse(
            br#"{"requestId":"r","approval":"a","proof":"p","vendor":"x\"\u00e9\u0001\n","amount":742.10,"tags":["b","a"],"ok":true,"action":"buy","resource":"shop"}"#,
        );
        assert_eq!(request.problem(), None);
        assert_eq!(
            request.canonical("ollie"),
            "{\"action\":\"buy\",\"agentId\":\"ollie\",\"amount\":{\"n\":\"742.1\"},\"ok\":true,\"resource\":\"shop\",\"tags\":[\"b\",\"a\"],\"vendor\":\"x\\\"\u{e9}\\u0001\\n\"}"
        );
        // Names by UTF-16 code units (RFC 8785, section 3.2.3): U+1F600, which begins with the unit D83D, stands before U+FB33.
        let request = Request::new("x").with("\u{fb33}", 1).with("\u{1f600}", 2).with("\u{20ac}", 3).with("1", 4);
        assert_eq!(
            request.canonical("a"),
            "{\"1\":{\"n\":\"4\"},\"action\":\"x\",\"agentId\":\"a\",\"\u{20ac}\":{\"n\":\"3\"},\"\u{1f600}\":{\"n\":\"2\"},\"\u{fb33}\":{\"n\":\"1\"}}"
        );
    }

    #[test]
    fn what_the_same_request_may_be_written_as_has_one_hash_and_everything_else_another() {
        let hash = |json: &str| Request::parse(json.as_bytes()).hash("ollie");
        let reference = hash(r#"{"action":"buy","resource":"shop","amount":100}"#);
        assert_eq!(reference.len(), 43);
        for same in [
            r#"{"amount":1e2,"resource":"shop","action":"buy"}"#,
            r#"{"action":"buy","resource":"shop","amount":100.00,"agentId":"ollie"}"#,
            r#"{"action":"b\u0075y","resource":"shop","amount":100,"requestId":"7","proof":"p","approval":"q"}"#,
        ] {
            assert_eq!(hash(same), reference, "{same}");
        }
        for other in [
            r#"{"action":"buy","resource":"shop","amount":"100"}"#,
            r#"{"action":"buy","resource":"shop","amount":100.01}"#,
            r#"{"action":"buy","resource":"shop"}"#,
            r#"{"action":"buy","amount":100}"#,
            r#"{"action":"buy","resource":"shop","amount":100,"agentId":"other"}"#,
            r#"{"action":"buy","resource":"shop","amount":100,"more":true}"#,
            r#"{"action":"buy","resource":"shop","amount":["100"]}"#,
        ] {
            assert_ne!(hash(other), reference, "{other}");
        }
    }

    proptest! {
        #[test]
        fn it_is_json_that_says_what_was_asked(text in ".{0,40}", name in "[a-z\u{80}-\u{ffff}\u{10000}-\u{10ffff}]{1,8}") {
            let request = Request::new("act").with(name.as_str(), text.as_str());
            prop_assume!(request.problem().is_none());
            let read: serde_json::Value = serde_json::from_str(&request.canonical("a")).expect("json");
            prop_assert_eq!(read[&name].as_str(), Some(text.as_str()));
        }
    }
}
