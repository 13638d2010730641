//! Requests: first a plan, which the grants lean towards, then its JSON.

use super::Gen;
use super::node::{Node, raw, text, texts};
use super::values::{ACTIONS, ATTRIBUTES, Kind, RESOURCES, attribute};

/// The agent that claims and requests name in the normal case.
pub(super) const AGENT: &str = "agent_ollie";

/// What is going to be asked.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) action: &'static str,
    pub(super) resource: Option<&'static str>,
    pub(super) attributes: Vec<(&'static str, Kind, Node)>,
}

/// Makes a plan.
pub(super) fn plan(generator: &mut Gen) -> Plan {
    let action = *generator.pick(ACTIONS);
    let resource = if generator.chance(880) { Some(*generator.pick(RESOURCES)) } else { None };
    let mut attributes: Vec<(&str, Kind, Node)> = Vec::new();
    for _ in 0..*generator.pick(&[0, 1, 2, 2, 3, 3, 4, 6]) {
        let (name, kind) = *generator.pick(ATTRIBUTES);
        if attributes.iter().all(|(given, _, _)| *given != name) {
            let value = attribute(generator, kind);
            attributes.push((name, kind, value));
        }
    }
    Plan { action, resource, attributes }
}

/// Writes the plan down, with the other reserved members, and a small chance of a bad one.
pub(super) fn build(generator: &mut Gen, plan: &Plan) -> Node {
    let mut members = vec![("action".to_owned(), text(plan.action))];
    if let Some(resource) = plan.resource {
        members.push(("resource".into(), text(resource)));
    }
    if generator.chance(700) {
        let other = generator.chance(20);
        members.push(("agentId".into(), text(if other { *generator.pick(&["agent_olli", "Agent_ollie", "x"]) } else { AGENT })));
    }
    for (name, chance) in [("requestId", 300), ("approval", 120), ("proof", 80)] {
        if generator.chance(chance) {
            members.push((name.into(), text(*generator.pick(&["req_01", "x", "a.b.c"]))));
        }
    }
    for (name, _, value) in &plan.attributes {
        members.push(((*name).into(), value.clone()));
    }
    if generator.chance(20) {
        edge(generator, &mut members);
    }
    if generator.chance(300) {
        shuffle(generator, &mut members);
    }
    Node::Object(members)
}

/// Puts `members` in another order.
pub(super) fn shuffle(generator: &mut Gen, members: &mut [(String, Node)]) {
    for index in (1..members.len()).rev() {
        members.swap(index, generator.below(index + 1));
    }
}

/// Sets a member, in place of one of that name.
pub(super) fn set(members: &mut Vec<(String, Node)>, name: &str, value: Node) {
    members.retain(|(given, _)| given != name);
    members.push((name.to_owned(), value));
}

/// Something at or just over a bound, or a reserved member of a bad form.
fn edge(generator: &mut Gen, members: &mut Vec<(String, Node)>) {
    let over = usize::from(generator.chance(500));
    match generator.below(9) {
        0 => set(
            members,
            "resource",
            text(*generator.pick(&["", "/", "/a", "a/", "a//b", ".", "a/..", "*", "a*", "a%2fb", "a\\b", "a\nb", "...", "a/~"])),
        ),
        1 => set(members, "action", text(*generator.pick(&["", "*", "calendar.*", "a*b", "a\u{0}", "a b", "\u{85}"]))),
        2 => {
            let name = *generator.pick(&["requestId", "agentId", "action", "resource"]);
            set(members, name, text("x".repeat(256 + over)));
        }
        3 => {
            let name = *generator.pick(&["approval", "proof"]);
            set(members, name, text("x".repeat(*generator.pick(&[0, 1, 8192, 8193]))));
        }
        4 => set(members, "note", text("x".repeat(4096 + over))),
        5 => set(members, "tags", texts(vec!["USD"; 128 + over])),
        6 => {
            let have = members.iter().filter(|(name, _)| ATTRIBUTES.iter().any(|(known, _)| known == name)).count();
            members.extend((have..64 + over).map(|index| (format!("a{index}"), raw(index))));
        }
        7 => {
            let name = if over == 0 { "é".repeat(128) } else { generator.pick(&["", "a\u{7f}", "\u{0}", "é\u{9f}"]).to_string() };
            set(members, &name, raw(1));
        }
        _ => {
            let name = *generator.pick(&["action", "resource", "agentId", "requestId", "approval", "proof"]);
            set(members, name, generator.pick(&[raw("null"), raw("true"), raw("1"), raw("[]"), raw("{}"), text(""), text("a\tb")]).clone());
        }
    }
}
