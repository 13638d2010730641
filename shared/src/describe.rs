//! A passport in words, for the agent that carries it and for the people who answer for it.

use crate::grant::Grant;
use crate::hidden::{HiddenAttributes, HidingRule};
use crate::passport::Passport;
use crate::text::quote;
use crate::time;

/// What one grant says, each sentence by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// What it allows; `None` where it allows nothing.
    pub may: Option<String>,
    /// What it forbids; `None` where it forbids nothing.
    pub must_not: Option<String>,
}

impl Grant {
    /// What this grant allows and forbids at `now`, in words.
    #[must_use]
    pub fn describe(&self, now: i64) -> Words {
        let names = |actions: &[crate::action::ActionPattern]| {
            actions
                .iter()
                .map(|action| if action.is_everything() { "anything".to_owned() } else { quote(&action.to_string()) })
                .collect::<Vec<_>>()
        };
        let on = format!("on {}", quote(self.resource.as_str()));
        let allowed = !self.allowed_actions.is_empty() && self.understood && self.is_live(now);
        let may = allowed.then(|| {
            let mut text = format!("{} {on}", either(&names(&self.allowed_actions)));
            let demands: Vec<_> = self.constraints.iter().map(crate::constraint::Constraint::describe).collect();
            if !demands.is_empty() {
                text.push_str(&format!(", with {}", demands.join(", ")));
            }
            if let Some(ends) = self.expires_at.and_then(time::format) {
                text.push_str(&format!(", until {ends}"));
            }
            if self.requires_approval {
                text.push_str(&match self.approvers {
                    ..=1 => ", once a person has approved it".to_owned(),
                    people => format!(", once {people} different people have approved it"),
                });
            }
            text
        });
        let blocks = !self.blocked_actions.is_empty() && self.is_live(now);
        let must_not = blocks.then(|| format!("{} {on}", either(&names(&self.blocked_actions))));
        Words { may, must_not }
    }
}

impl Words {
    /// The same as sentences about whoever carries the grant, without their subject.
    fn sentences(self) -> impl Iterator<Item = String> {
        let must_not = self.must_not.map(|text| format!("must never {text}, whatever else is allowed"));
        self.may.map(|text| format!("may {text}")).into_iter().chain(must_not)
    }
}

/// What these grants allow and forbid at `now`, in sentences like "may `read` on `reports/**`": none for a grant that is over
/// or is not understood.
#[must_use]
pub fn sentences<'g>(grants: impl IntoIterator<Item = &'g Grant>, now: i64) -> Vec<String> {
    grants.into_iter().flat_map(|grant| grant.describe(now).sentences()).collect()
}

impl HiddenAttributes {
    /// What is kept from the audit log, in sentences like "hides `card` and `email` of requests on `commerce`", one for each
    /// rule, without their subject.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        self.rules().iter().map(HidingRule::describe).collect()
    }
}

impl HidingRule {
    fn describe(&self) -> String {
        let quoted = |names: &[smol_str::SmolStr]| names.iter().map(|name| quote(name)).collect::<Vec<_>>();
        let what = match &self.names.shown {
            None => joined(&quoted(&self.names.sensitive), "and"),
            Some(shown) => {
                let shown: Vec<_> = shown.iter().filter(|name| !self.names.sensitive.contains(name)).cloned().collect();
                match shown.as_slice() {
                    [] => "every attribute".to_owned(),
                    shown => format!("every attribute but {}", joined(&quoted(shown), "and")),
                }
            }
        };
        match self.resource.as_str() {
            "**" => format!("hides {what} of every request"),
            resource => format!("hides {what} of requests on {}", quote(resource)),
        }
    }
}

/// "a", "a or b", "a, b or c".
fn either(items: &[String]) -> String {
    joined(items, "or")
}

fn joined(items: &[String], word: &str) -> String {
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} {word} {last}", rest.join(", ")),
    }
}

impl Passport {
    /// The passport as plain sentences, fit for an agent's instructions. They claim nothing about its signature.
    #[must_use]
    pub fn to_prompt(&self, now: i64) -> String {
        let shown = |seconds: i64| time::format(seconds).unwrap_or_default();
        let mut lines = vec![format!(
            "You are the agent {}. You carry the permission passport {} from {}, for {}, valid until {}.",
            quote(&self.agent_id),
            quote(&self.id),
            quote(&self.issuer),
            self.audience.iter().map(|audience| quote(audience)).collect::<Vec<_>>().join(" and "),
            shown(self.expires_at),
        )];
        if let Some(principal) = &self.on_behalf_of {
            lines.push(format!("You act on behalf of {}.", quote(principal)));
        }
        if self.expires_at <= now {
            lines.push("It has expired. You may do nothing with it; ask for a new one.".to_owned());
            return lines.join("\n");
        }
        let words: Vec<Words> = self.grants.iter().map(|(_, grant)| grant.describe(now)).collect();
        let listed = |items: Vec<String>| items.into_iter().map(|item| format!("- {item}.")).collect::<Vec<_>>();
        let may: Vec<String> = words.iter().filter_map(|words| words.may.clone()).collect();
        let must_not: Vec<String> = words.iter().filter_map(|words| words.must_not.clone()).collect();
        if may.is_empty() {
            lines.push("It allows nothing.".to_owned());
        } else {
            lines.push("You may:".to_owned());
            lines.extend(listed(may));
        }
        if !must_not.is_empty() {
            lines.push("You must never, whatever else is allowed:".to_owned());
            lines.extend(listed(must_not));
        }
        let unknown = self.grants.iter().filter(|(_, grant)| !grant.understood).count();
        if unknown > 0 {
            lines.push(format!("{unknown} of its grants cannot be understood here and allow nothing."));
        }
        lines.push("Everything that is not listed is refused. Do not try it; ask for permission instead.".to_owned());
        lines.join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Controls, Document};

    #[test]
    fn what_is_kept_from_the_log_is_told_in_words() {
        for (rules, told) in [
            (r#"[{"resource":"commerce","sensitive":["card"]}]"#, "hides `card` of requests on `commerce`"),
            (r#"[{"resource":"a/**","sensitive":["x","y","z"]}]"#, "hides `x`, `y` and `z` of requests on `a/**`"),
            (r#"[{"resource":"a","shown":["x","y"],"sensitive":["y","z"]}]"#, "hides every attribute but `x` of requests on `a`"),
            (r#"[{"resource":"a","shown":["x"],"sensitive":["x"]}]"#, "hides every attribute of requests on `a`"),
            (r#"[{"resource":"a","shown":["x","y"]}]"#, "hides every attribute but `x` and `y` of requests on `a`"),
            ("7", "hides every attribute of every request"),
        ] {
            let document = Document::read_value(rules.as_bytes(), Controls::Refused).expect("sound JSON");
            assert_eq!(HiddenAttributes::read(document.root()).expect("rules").describe(), [told], "{rules}");
        }
    }

    #[test]
    fn a_grant_is_told_in_words() {
        let grants = Grant::read_all(
            r#"[{"resource":"travel/flights","allowedActions":["book","hold"],"blockedActions":["cancel"],"requiresApproval":true,"expiresAt":"2027-01-01T00:00:00Z",
                "constraints":{"amount":{"min":1,"max":"1500.00"},"vendor":{"oneOf":["a","b"]},"ticket":{}}},
               {"resource":"drive","allowedActions":[],"blockedActions":["*"]}]"#,
            "",
        )
        .expect("grants");
        let words = grants[0].describe(0);
        assert_eq!(
            words.may.as_deref(),
            Some(
                "`book` or `hold` on `travel/flights`, with `amount` at least 1 and at most 1500.00, `vendor` one of `a`, `b`, `ticket` given, until 2027-01-01T00:00:00Z, once a person has approved it"
            )
        );
        assert_eq!(words.must_not.as_deref(), Some("`cancel` on `travel/flights`"));
        assert_eq!(grants[0].describe(i64::MAX), Words { may: None, must_not: None });
        assert_eq!(grants[1].describe(0), Words { may: None, must_not: Some("anything on `drive`".into()) });
        let told = [
            "may ",
            "must never `cancel` on `travel/flights`, whatever else is allowed",
            "must never anything on `drive`, whatever else is allowed",
        ];
        let sentences = sentences(&grants, 0);
        assert!(sentences.len() == 3 && sentences.iter().zip(told).all(|(one, told)| one.starts_with(told)), "{sentences:?}");
        let two = r#"[{"resource":"drive","allowedActions":["share"],"requiresApproval":true,"approvers":2}]"#;
        let words = Grant::read_all(two, "").expect("grants")[0].describe(0);
        assert_eq!(words.may.as_deref(), Some("`share` on `drive`, once 2 different people have approved it"));
    }
}
