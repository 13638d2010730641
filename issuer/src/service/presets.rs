//! Roles: plain grants for the issuer's own API, and nothing more.

use passport_shared::grant::Grant;

/// The roles there are: a name, what it is for, and its grants as an API takes them.
pub const PRESETS: [(&str, &str, &str); 5] = [
    ("admin", "everything at this issuer", r#"[{"resource":"issuer/**","allowedActions":["*"]}]"#),
    (
        "issuer",
        "agents, passports and templates",
        r#"[{"resource":"issuer/agents","allowedActions":["agents.*"]},{"resource":"issuer/passports","allowedActions":["passports.*"]},{"resource":"issuer/templates","allowedActions":["templates.*"]}]"#,
    ),
    (
        "auditor",
        "reads everything and changes nothing",
        r#"[{"resource":"issuer/audit","allowedActions":["audit.read"]},{"resource":"issuer/agents","allowedActions":["agents.read"]},{"resource":"issuer/passports","allowedActions":["passports.read"]},{"resource":"issuer/keys","allowedActions":["keys.read"]},{"resource":"issuer/templates","allowedActions":["templates.read"]}]"#,
    ),
    ("approver", "decides what needs a person", r#"[{"resource":"issuer/approvals","allowedActions":["approvals.*"]}]"#),
    ("reporter", "reports decisions, for verifiers", r#"[{"resource":"issuer/audit","allowedActions":["audit.write"]}]"#),
];

/// The grants of the role `name`; `None` for a name that is none.
///
/// A passport with them is for the issuer's own API: its audience has to be the issuer's URL.
#[must_use]
pub fn preset(name: &str) -> Option<Vec<Grant>> {
    let (_, _, grants) = PRESETS.into_iter().find(|(preset, _, _)| *preset == name)?;
    Grant::read_all(grants, "").ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_is_made_of_sound_grants() {
        for (name, purpose, _) in PRESETS {
            assert!(!purpose.is_empty());
            let grants = preset(name).expect(name);
            assert!(grants.iter().all(|grant| grant.understood && grant.resource.as_str().starts_with("issuer/")), "{name}");
        }
        assert_eq!(preset("root"), None);
    }
}
