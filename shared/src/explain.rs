//! What each grant says to a request: the walk of a decision (steps 10 to 13) told grant by grant, for a person who asks why.
//!
//! [`judge`](crate::judge::judge) decides, and stops where the answer is certain; this looks at every grant and decides nothing.

use serde::Serialize;

use crate::decision::Unmet;
use crate::grant::Grant;
use crate::judge::unmet_clauses;
use crate::request::Request;
use crate::text::{bounded, quote};
use crate::time;

/// What one grant says to a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    /// Its index in `authorization_details`.
    pub grant: usize,
    /// What it says.
    pub says: Says,
    /// The same as a sentence for a person; at most 512 bytes, with what it quotes escaped.
    pub message: String,
    /// Every clause that is not met, in the order written; empty unless it says [`Says::ConstraintUnmet`].
    pub unmet: Vec<UnmetClause>,
}

/// One demand that a request does not meet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UnmetClause {
    /// As a decision's `details` have it.
    #[serde(flatten)]
    pub clause: Unmet,
    /// What is wrong, for a person.
    pub message: String,
}

/// The kinds of what a grant can say, from the one that outweighs all others to the one that counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Says {
    /// It forbids the action, whatever else allows it.
    Blocks,
    /// It allows the request.
    Allows,
    /// It allows the request once people have approved.
    NeedsApproval,
    /// It allows the action, but not like this.
    ConstraintUnmet,
    /// It would allow the action, but has a member or an operator that is not known here.
    NotUnderstood,
    /// It has ended.
    Ended,
    /// It is about this resource, and not about this action.
    OtherAction,
    /// It is about another resource.
    OtherResource,
}

/// What each of `grants`, given with its index in `authorization_details`, says to `request` at `now`, in seconds since 1970.
/// Nothing, where the request is not well formed: no grant is looked at then.
#[must_use]
pub fn explain<'g>(grants: impl IntoIterator<Item = (usize, &'g Grant)>, request: &Request, now: i64) -> Vec<Explained> {
    if request.problem().is_some() {
        return Vec::new();
    }
    grants.into_iter().map(|(index, grant)| one(index, grant, request, now)).collect()
}

fn one(index: usize, grant: &Grant, request: &Request, now: i64) -> Explained {
    let action = request.action();
    let pattern = || quote(grant.resource.as_str());
    let told = |says, message: String| Explained { grant: index, says, message: bounded(message), unmet: Vec::new() };
    if !grant.covers(request) {
        let resource = quote(request.resource().unwrap_or_default());
        return told(Says::OtherResource, format!("it is about {}, which does not cover {resource}", pattern()));
    }
    if !grant.is_live(now) {
        let ended = grant.expires_at.and_then(time::format).unwrap_or_default();
        return told(Says::Ended, format!("it ended at {ended}"));
    }
    if grant.blocks(action) {
        return told(Says::Blocks, format!("it forbids {} on {}, whatever else allows it", quote(action), pattern()));
    }
    if !grant.allows(action) {
        return told(Says::OtherAction, format!("it covers the resource and does not list {}", quote(action)));
    }
    if !grant.understood {
        return told(Says::NotUnderstood, "it would allow this, but has a member or operator that is not known here".to_owned());
    }
    let clauses = grant.constraints.iter().flat_map(|constraint| {
        unmet_clauses(index, constraint, request.attribute(&constraint.attribute))
            .map(|(clause, message)| UnmetClause { clause, message: bounded(message) })
    });
    let unmet: Vec<UnmetClause> = clauses.collect();
    if !unmet.is_empty() {
        let message = match unmet.len() {
            1 => "it allows the action, and one demand is not met".to_owned(),
            count => format!("it allows the action, and {count} demands are not met"),
        };
        return Explained { grant: index, says: Says::ConstraintUnmet, message, unmet };
    }
    match (grant.requires_approval, grant.approvers) {
        (false, _) => told(Says::Allows, "it allows this".to_owned()),
        (true, ..=1) => told(Says::NeedsApproval, "it allows this once a person has approved it".to_owned()),
        (true, people) => told(Says::NeedsApproval, format!("it allows this once {people} different people have approved it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRANTS: &str = r#"[
        {"resource":"shop/**","allowedActions":["buy"],"constraints":{"amount":{"max":100},"vendor":{"oneOf":["a","b"]}}},
        {"resource":"shop/*","allowedActions":["buy"],"requiresApproval":true},
        {"resource":"shop/toys","allowedActions":["buy"],"expiresAt":"2020-01-01T00:00:00Z"},
        {"resource":"shop/toys","allowedActions":["look"],"blockedActions":["steal"]},
        {"resource":"drive","allowedActions":["*"]}]"#;
    const NOW: i64 = 1_700_000_000;

    fn says(request: &Request) -> Vec<Says> {
        let grants = Grant::read_all(GRANTS, "").expect("grants");
        explain(grants.iter().enumerate(), request, NOW).iter().map(|explained| explained.says).collect()
    }

    #[test]
    fn every_grant_is_looked_at_and_says_one_thing() {
        use Says::{Allows, Blocks, ConstraintUnmet, Ended, NeedsApproval, OtherAction, OtherResource};
        let buy = Request::new("buy").on("shop/toys");
        let cheap = buy.clone().with("amount", 20).with("vendor", "a");
        assert_eq!(says(&cheap), [Allows, NeedsApproval, Ended, OtherAction, OtherResource]);
        assert_eq!(says(&buy), [ConstraintUnmet, NeedsApproval, Ended, OtherAction, OtherResource]);
        assert_eq!(says(&Request::new("steal").on("shop/toys")), [OtherAction, OtherAction, Ended, Blocks, OtherResource]);
        // Without a resource every grant is asked.
        assert_eq!(says(&Request::new("look")), [OtherAction, OtherAction, Ended, Allows, Allows]);
    }

    #[test]
    fn every_clause_that_is_not_met_is_told_with_its_reason() {
        let grants = Grant::read_all(GRANTS, "").expect("grants");
        let request = Request::new("buy").on("shop/toys").with("amount", 742);
        let told = explain(grants.iter().enumerate().take(1), &request, NOW);
        assert_eq!(
            serde_json::to_string(&told).expect("json"),
            concat!(
                r#"[{"grant":0,"says":"constraint_unmet","message":"it allows the action, and 2 demands are not met","unmet":["#,
                r#"{"grant":0,"attribute":"amount","operator":"max","expected":"100","actual":"742","message":"`amount` is 742, over the maximum of 100"},"#,
                r#"{"grant":0,"attribute":"vendor","operator":"oneOf","expected":["a","b"],"actual":null,"message":"`vendor` is missing; it must be one of `a`, `b`"}]}]"#
            )
        );
    }

    #[test]
    fn a_request_that_is_not_well_formed_is_held_against_no_grant() {
        assert_eq!(says(&Request::parse(b"{}")), []);
    }
}
