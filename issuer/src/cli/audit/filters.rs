//! Which events: the same for a list, a tail and an export.

use clap::Args;

use crate::cli::error::CliError;
use crate::cli::verify::read_attribute;

/// Which events.
#[derive(Debug, Default, Args)]
pub(super) struct Filters {
    /// Only of this agent
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Only with this passport
    #[arg(long, value_name = "ID")]
    passport: Option<String>,
    /// Only with this outcome: allow, deny or approval_required
    #[arg(long)]
    outcome: Option<String>,
    /// Only with this reason, as in constraint_unmet
    #[arg(long, value_name = "CODE")]
    reason: Option<String>,
    /// Only for this action
    #[arg(long)]
    action: Option<String>,
    /// Only on this resource
    #[arg(long)]
    resource: Option<String>,
    /// Only reported by this verifier
    #[arg(long, value_name = "ID")]
    reporter: Option<String>,
    /// Only of this kind: decision or admin
    #[arg(long)]
    kind: Option<String>,
    /// Only with this attribute: name=value for a string, name:=json for a number or a boolean; repeatable
    #[arg(long = "attr", value_name = "NAME=VALUE")]
    attributes: Vec<String>,
    /// At or after this RFC 3339 time
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Before this RFC 3339 time
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

impl Filters {
    /// As the query says it.
    pub(super) fn query(&self) -> Result<Vec<(&'static str, Option<String>)>, CliError> {
        let mut members = Vec::new();
        for attribute in &self.attributes {
            let (name, value) = read_attribute(attribute)?;
            members.push(format!("{}:{value}", serde_json::Value::from(name)));
        }
        let attributes = (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")));
        Ok(vec![
            ("agentId", self.agent.clone()),
            ("passportId", self.passport.clone()),
            ("outcome", self.outcome.clone()),
            ("reason", self.reason.clone()),
            ("action", self.action.clone()),
            ("resource", self.resource.clone()),
            ("reporter", self.reporter.clone()),
            ("kind", self.kind.clone()),
            ("attributes", attributes),
            ("from", self.from.clone()),
            ("to", self.to.clone()),
        ])
    }
}
