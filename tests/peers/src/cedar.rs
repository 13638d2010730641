//! cedar-policy: a policy for each grant. Nothing is signed, so the wrong request stands for the flipped bit.

use std::time::{SystemTime, UNIX_EPOCH};

use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicySet, Request, RestrictedExpression};

use crate::peer::Peer;
use crate::reference::{ACTION, AGENT, AMOUNT, CURRENCY, RESOURCE, VENDOR, WRONG_VENDOR};

pub fn peer(grants: usize) -> Peer {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs();
    let end = now + 3_600;
    let head = |action: &str, resource: &str| {
        format!(r#"permit(principal == Agent::"{AGENT}", action == Action::"{action}", resource == Resource::"{resource}")"#)
    };
    let others: String =
        (1..grants).map(|index| format!("{} when {{ context.now < {end} }};\n", head("read", &format!("mail/{index}")))).collect();
    let asked = format!(
        r#"{} when {{ context.now < {end} && context.amount.lessThanOrEqual(decimal("500.00")) && context.currency == "{CURRENCY}"
            && ["{VENDOR}", "ticketmaster.com"].contains(context.vendor) }};"#,
        head(ACTION, RESOURCE)
    );
    let policies: PolicySet = format!("{others}{asked}").parse().expect("sound policies");

    let uid = |kind: &str, name: &str| -> EntityUid { format!(r#"{kind}::"{name}""#).parse().expect("a name") };
    let requests = [WRONG_VENDOR, VENDOR].map(|vendor| {
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let context = Context::from_pairs([
            ("now".to_owned(), RestrictedExpression::new_long(now as i64)),
            ("amount".to_owned(), RestrictedExpression::new_decimal(format!("{AMOUNT}.0"))),
            ("currency".to_owned(), text(CURRENCY)),
            ("vendor".to_owned(), text(vendor)),
        ]);
        let (principal, action, resource) = (uid("Agent", AGENT), uid("Action", ACTION), uid("Resource", RESOURCE));
        Request::new(principal, action, resource, context.expect("a context"), None).expect("a request")
    });
    let (authorizer, entities) = (Authorizer::new(), Entities::empty());
    Peer::new("cedar-policy", vec![String::new()], move |_, right| {
        authorizer.is_authorized(&requests[usize::from(right)], &policies, &entities).decision() == Decision::Allow
    })
}
