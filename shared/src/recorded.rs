//! A decision as it was reported, read back: what was answered, and the request that it was about, to be decided again.

use crate::decision::Outcome;
use crate::json::{Controls, Document, Value};
use crate::passport::Passport;
use crate::request::Request;
use crate::time;

/// What an event of the audit log says of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// The id of the request.
    pub request_id: String,
    /// What was answered.
    pub outcome: Outcome,
    /// Why: a code, which a later release may have made.
    pub reason: String,
    /// The grant that decided.
    pub grant: Option<usize>,
    /// The agent.
    pub agent_id: Option<String>,
    /// The passport.
    pub passport_id: Option<String>,
    /// Its issuer.
    pub issuer: Option<String>,
    /// The key that had signed it.
    pub key_id: Option<String>,
    /// The approval that was used up.
    pub approval_id: Option<String>,
    /// When, in seconds since 1970.
    pub evaluated_at: Option<i64>,
    /// The sequence of the trust that was gone by.
    pub trust_sequence: Option<i64>,
    /// Who decided.
    pub engine: Option<String>,
    /// What was asked.
    pub asked: Asked,
}

/// The request that a decision was about, as far as the decision repeats it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it that is decided on.
    Whole(Request),
    /// All but these attributes, which stand there in another form than they were given: whatever they were, they are kept
    /// from readers.
    Hidden {
        /// The rest.
        request: Request,
        /// Their names.
        names: Vec<String>,
    },
    /// It is not told what was asked, or by which attributes.
    NotTold,
}

impl Asked {
    /// The request, where all of it is known that the grants of `passport` look at.
    #[must_use]
    pub fn for_grants_of(&self, passport: &Passport) -> Option<&Request> {
        let weighs = |name: &String| {
            passport.grants.iter().flat_map(|(_, grant)| &grant.constraints).any(|constraint| *constraint.attribute == **name)
        };
        match self {
            Self::Whole(request) => Some(request),
            Self::Hidden { request, names } => Some(request).filter(|_| !names.iter().any(weighs)),
            Self::NotTold => None,
        }
    }

    /// The request, where all of it is known.
    #[must_use]
    pub fn whole(&self) -> Option<&Request> {
        match self {
            Self::Whole(request) => Some(request),
            Self::Hidden { .. } | Self::NotTold => None,
        }
    }
}

impl Recorded {
    /// Reads an event, with or without the members that the log adds. `None` for what is no decision: a gap record, an event
    /// whose body was dropped, or what was never an event.
    #[must_use]
    pub fn read(event: &[u8]) -> Option<Self> {
        let document = Document::read(event, Controls::InValues).ok()?;
        let root = document.root();
        let text = |name: &str| root.get(name).and_then(Value::as_str).map(str::to_owned);
        let whole = |name: &str| root.get(name).and_then(|value| value.as_integer(i64::MAX));
        let outcome = root.get("outcome").and_then(Value::as_str)?;
        let outcome = [Outcome::Allow, Outcome::ApprovalRequired, Outcome::Deny].into_iter().find(|known| known.code() == outcome)?;
        Some(Self {
            request_id: text("requestId")?,
            outcome,
            reason: text("reason")?,
            grant: whole("grant").and_then(|grant| usize::try_from(grant).ok()),
            agent_id: text("agentId"),
            passport_id: text("passportId"),
            issuer: text("issuer"),
            key_id: text("keyId"),
            approval_id: text("approvalId"),
            evaluated_at: root.get("evaluatedAt").and_then(Value::as_str).and_then(time::parse_any),
            trust_sequence: whole("trustSequence"),
            engine: text("engine"),
            asked: asked(root),
        })
    }
}

fn asked(root: Value<'_>) -> Asked {
    let text = |name: &str| root.get(name).and_then(Value::as_str);
    let (Some(action), Some(members)) = (text("action"), root.get("attributes").and_then(Value::members)) else {
        return Asked::NotTold;
    };
    // An attribute is never an object or `null`: what stands there as one was put in its place.
    let (hidden, told): (Vec<_>, Vec<_>) = members.partition(|(_, value)| matches!(value.kind_name(), "an object" | "null"));
    let request = Request::repeated(action, text("resource"), &told);
    match hidden.is_empty() {
        true => Asked::Whole(request),
        false => Asked::Hidden { request, names: hidden.into_iter().map(|(name, _)| name.to_owned()).collect() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scalar::Number;

    const EVENT: &str = r#"{"sequence":9,"reporter":"shop","seq":3,"previous":null,"trustSequence":41,"engine":"passport-verifier/0.1.0",
        "requestId":"req_1","allowed":true,"outcome":"allow","reason":"granted","message":"","details":[],"agentId":"ollie","passportId":"pp_1",
        "issuer":"https://i.example","keyId":"k","grant":2,"action":"buy","resource":"shop/a","attributes":{"amount":7.50,"who":["a","b"],"ok":true},
        "evaluatedAt":"2026-11-23T18:00:00Z"}"#;

    #[test]
    fn a_decision_and_its_request_are_read_back_to_the_letter() {
        let read = Recorded::read(EVENT.as_bytes()).expect("a decision");
        assert_eq!((read.outcome, read.reason.as_str(), read.grant), (Outcome::Allow, "granted", Some(2)));
        assert_eq!((read.trust_sequence, read.engine.as_deref()), (Some(41), Some("passport-verifier/0.1.0")));
        assert_eq!((read.passport_id.as_deref(), read.key_id.as_deref()), (Some("pp_1"), Some("k")));
        assert_eq!(read.evaluated_at.and_then(time::format).as_deref(), Some("2026-11-23T18:00:00Z"));
        let amount = Number::parse("7.50").expect("a number");
        let asked = Request::new("buy").on("shop/a").with("amount", amount).with("who", ["a", "b"]).with("ok", true);
        assert_eq!(read.asked, Asked::Whole(asked));
    }

    #[test]
    fn what_is_hidden_is_named_and_what_is_not_told_is_not_made_up() {
        let hidden = EVENT.replace("7.50", r#"{"sha256":"x"}"#).replace(r#"["a","b"]"#, "null");
        let Asked::Hidden { request, names } = Recorded::read(hidden.as_bytes()).expect("a decision").asked else { panic!("hidden") };
        assert_eq!((request, names), (Request::new("buy").on("shop/a").with("ok", true), vec!["amount".to_owned(), "who".to_owned()]));
        for gone in [r#""action":"buy","#, r#","attributes":{"amount":7.50,"who":["a","b"],"ok":true}"#] {
            assert_eq!(Recorded::read(EVENT.replace(gone, "").as_bytes()).expect("a decision").asked, Asked::NotTold);
        }
    }

    #[test]
    fn what_is_no_decision_is_none_and_what_is_unsound_is_a_mistake() {
        for text in ["", "[]", "{}", r#"{"requestId":"r","gap":{"count":1}}"#, &EVENT.replace("\"allow\"", "\"maybe\"")] {
            assert_eq!(Recorded::read(text.as_bytes()), None, "{text}");
        }
        let many: Vec<String> = (0..65).map(|number| format!(r#""a{number}":1"#)).collect();
        for attributes in [many.join(","), r#""action":"twice""#.to_owned(), r#""n":1e99"#.to_owned(), r#""l":[1]"#.to_owned()] {
            let event = EVENT.replace(r#""amount":7.50,"who":["a","b"],"ok":true"#, &attributes);
            let read = Recorded::read(event.as_bytes()).expect("a decision");
            assert!(read.asked.whole().expect("told").problem().is_some(), "{attributes}");
        }
    }
}
