//! What is expected of a decision, and what differs.

use passport_shared::decision::{Outcome, Reason, Unmet, Verdict};
use passport_shared::text::quote;
use serde::Serialize;
use serde_json::value::RawValue;

use super::yaml::{Kind, Node, Wrong};

const MEMBERS: [&str; 5] = ["outcome", "reason", "grant", "approvers", "details"];
const CLAUSE_MEMBERS: [&str; 5] = ["grant", "attribute", "operator", "expected", "actual"];

/// What a decision has to be. What is not said is not looked at.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Expected {
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) grant: Option<usize>,
    /// How many people have to approve.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) approvers: Option<u8>,
    /// The clauses that are not met: all of them, in any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<Vec<Clause>>,
}

/// One clause that is not met.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Clause {
    pub(super) attribute: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    grant: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    operator: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actual: Option<Box<RawValue>>,
}

impl Expected {
    /// `allow`, `deny` or `approval_required`; a reason code; or an object of what a decision has.
    pub(super) fn read(node: &Node) -> Result<Self, Wrong> {
        let plain = |outcome: Outcome, reason| Self { outcome: outcome.code(), reason, grant: None, approvers: None, details: None };
        match &node.kind {
            Kind::Text(text) => {
                if let Some(outcome) = outcome(text) {
                    return Ok(plain(outcome, None));
                }
                let reason = reason(node, text)?;
                Ok(plain(outcome_of(reason), Some(reason.code())))
            }
            Kind::Map(members) => {
                known(members, &MEMBERS, "what is expected")?;
                let reason = node.get("reason").map(|node| reason(node, text(node)?)).transpose()?;
                let told = node.get("outcome").map(|node| {
                    let given = text(node)?;
                    outcome(given).ok_or_else(|| node.wrong(format!("{} is no outcome; they are {OUTCOMES}", quote(given))))
                });
                let outcome = match (told.transpose()?, reason) {
                    (Some(outcome), Some(reason)) if outcome_of(reason) != outcome => {
                        let what = format!("`{}` is never `{}`; one of the two is wrong", reason.code(), outcome.code());
                        return Err(node.get("outcome").unwrap_or(node).wrong(what));
                    }
                    (Some(outcome), _) => outcome,
                    (None, Some(reason)) => outcome_of(reason),
                    (None, None) => return Err(node.wrong("say which `outcome` is expected, or which `reason`")),
                };
                Ok(Self {
                    grant: node.get("grant").map(number).transpose()?,
                    approvers: node.get("approvers").map(number).transpose()?,
                    details: node.get("details").map(clauses).transpose()?,
                    ..plain(outcome, reason.map(Reason::code))
                })
            }
            _ => Err(node.wrong(format!("it must be {OUTCOMES}, a reason, or an object of them, not {}", node.kind_name()))),
        }
    }

    /// What of it is not so.
    pub(super) fn differs(&self, verdict: &Verdict) -> Vec<&'static str> {
        let mut differs = Vec::new();
        let mut look = |name: &'static str, is_so: bool| {
            if !is_so {
                differs.push(name);
            }
        };
        look("outcome", self.outcome == verdict.outcome().code());
        look("reason", self.reason.is_none_or(|reason| reason == verdict.reason().code()));
        look("grant", self.grant.is_none_or(|grant| verdict.grant() == Some(grant)));
        let approvers = match verdict {
            Verdict::NeedsApproval { approvers, .. } => Some(*approvers),
            Verdict::Allow { .. } | Verdict::Deny(_) => None,
        };
        look("approvers", self.approvers.is_none_or(|expected| approvers == Some(expected)));
        look("details", self.details.as_ref().is_none_or(|clauses| same(clauses, verdict.details())));
        differs
    }
}

const OUTCOME: [Outcome; 3] = [Outcome::Allow, Outcome::Deny, Outcome::ApprovalRequired];
const OUTCOMES: &str = "`allow`, `deny` and `approval_required`";

fn outcome(text: &str) -> Option<Outcome> {
    OUTCOME.into_iter().find(|outcome| outcome.code() == text)
}

fn reason(node: &Node, text: &str) -> Result<Reason, Wrong> {
    let found = Reason::ALL.iter().copied().find(|reason| reason.code() == text);
    found.ok_or_else(|| {
        let known = OUTCOME.iter().map(|outcome| outcome.code()).chain(Reason::ALL.iter().map(|reason| reason.code()));
        let near = known.map(|code| (strsim::jaro_winkler(code, text), code)).filter(|(near, _)| *near > 0.8);
        let near = near.max_by(|(one, _), (other, _)| one.total_cmp(other));
        let hint = match near {
            Some((_, code)) => format!("; is `{code}` meant?"),
            None => "; docs/format.md F3.13 lists the reasons".to_owned(),
        };
        node.wrong(format!("{} is neither an outcome nor a reason{hint}", quote(text)))
    })
}

fn outcome_of(reason: Reason) -> Outcome {
    match reason {
        Reason::Granted => Outcome::Allow,
        Reason::ApprovalRequired => Outcome::ApprovalRequired,
        _ => Outcome::Deny,
    }
}

/// Whether the clauses are those, each told by as much as is said of it.
fn same(clauses: &[Clause], unmet: &[Unmet]) -> bool {
    let mut left: Vec<&Unmet> = unmet.iter().collect();
    let took = |clause: &Clause| {
        let at = left.iter().position(|unmet| clause.is(unmet));
        at.map(|at| left.swap_remove(at)).is_some()
    };
    // The one that says the most first, so that it is not left with what another would have done for.
    let mut clauses: Vec<&Clause> = clauses.iter().collect();
    clauses.sort_by_key(|clause| std::cmp::Reverse(clause.said()));
    clauses.into_iter().all(took) && left.is_empty()
}

impl Clause {
    fn said(&self) -> usize {
        [self.grant.is_some(), self.operator.is_some(), self.expected.is_some(), self.actual.is_some()]
            .into_iter()
            .filter(|said| *said)
            .count()
    }

    fn is(&self, unmet: &Unmet) -> bool {
        let is = |told: &Option<Box<RawValue>>, is: Result<String, serde_json::Error>| {
            told.as_ref().is_none_or(|told| is.is_ok_and(|is| loose(told.get()) == loose(&is)))
        };
        self.attribute == unmet.attribute
            && self.grant.is_none_or(|grant| grant == unmet.grant)
            && is(&self.operator, serde_json::to_string(&unmet.operator))
            && is(&self.expected, serde_json::to_string(&unmet.expected))
            && is(&self.actual, serde_json::to_string(&unmet.actual))
    }
}

fn clauses(node: &Node) -> Result<Vec<Clause>, Wrong> {
    let Kind::List(items) = &node.kind else { return Err(node.wrong("it must be a list of the clauses that are not met")) };
    items.iter().map(clause).collect()
}

fn clause(node: &Node) -> Result<Clause, Wrong> {
    let Kind::Map(members) = &node.kind else { return Err(node.wrong("a clause is an object with an `attribute` at least")) };
    known(members, &CLAUSE_MEMBERS, "a clause")?;
    let Some(attribute) = node.get("attribute") else { return Err(node.wrong("the member `attribute` is missing")) };
    Ok(Clause {
        attribute: text(attribute)?.to_owned(),
        grant: node.get("grant").map(number).transpose()?,
        operator: node.get("operator").map(value).transpose()?,
        expected: node.get("expected").map(value).transpose()?,
        actual: node.get("actual").map(value).transpose()?,
    })
}

/// To the letter.
fn value(node: &Node) -> Result<Box<RawValue>, Wrong> {
    RawValue::from_string(node.to_json()).map_err(|error| node.wrong(error.to_string()))
}

/// A value as text, without regard to quotes: a decision shows bounds as strings, and nobody has to know which.
fn loose(json: &str) -> String {
    if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
        return format!("[{}]", items.iter().map(|item| loose(item.get())).collect::<Vec<_>>().join(","));
    }
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned())
}

fn text(node: &Node) -> Result<&str, Wrong> {
    node.text().ok_or_else(|| node.wrong(format!("it must be a string, not {}", node.kind_name())))
}

fn number<T: std::str::FromStr>(node: &Node) -> Result<T, Wrong> {
    let read = match &node.kind {
        Kind::Plain(text) => text.parse().ok(),
        _ => None,
    };
    read.ok_or_else(|| node.wrong("it must be a whole number from 0 on"))
}

fn known(given: &[(String, super::yaml::Place, Node)], members: &[&str], what: &str) -> Result<(), Wrong> {
    match given.iter().find(|(name, ..)| !members.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, place, _)) => {
            let listed = members.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            Err(Wrong { place: *place, what: format!("{what} has no member {}; it has {listed}", quote(name)) })
        }
    }
}
