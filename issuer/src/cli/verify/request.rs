//! The request on the command line, as the JSON text that it stands for.

use clap::Args;
use passport_shared::request::is_reserved;
use passport_shared::text::quote;

use super::check_json;
use crate::cli::error::CliError;

/// What the agent wants to do.
#[derive(Debug, Args)]
pub(crate) struct RequestArgs {
    /// What the agent wants to do
    #[arg(long, required_unless_present_any = ["request", "batch"])]
    action: Option<String>,
    /// On what
    #[arg(long, requires = "action")]
    resource: Option<String>,
    /// With what: name=value for a string, name:=json for anything else; repeatable
    #[arg(long = "attr", value_name = "NAME=VALUE", requires = "action")]
    attributes: Vec<String>,
    /// The agent that says it asks
    #[arg(long, value_name = "ID", requires = "action")]
    agent: Option<String>,
    /// The whole request as JSON
    #[arg(long, value_name = "JSON", conflicts_with = "action")]
    request: Option<String>,
}

impl RequestArgs {
    /// The request's text. Numbers stand in it as they were written.
    pub(super) fn to_json(&self) -> Result<String, CliError> {
        if let Some(request) = &self.request {
            return Ok(request.clone());
        }
        let mut members = Vec::new();
        for (name, value) in [("action", &self.action), ("resource", &self.resource), ("agentId", &self.agent)] {
            members.extend(value.as_ref().map(|value| format!("{}:{}", json(name), json(value))));
        }
        for attribute in &self.attributes {
            let (name, value) = read_attribute(attribute)?;
            members.push(format!("{}:{value}", json(name)));
        }
        Ok(format!("{{{}}}", members.join(",")))
    }
}

/// `name=value` or `name:=json`, as a name and the text of a JSON value.
pub(crate) fn read_attribute(text: &str) -> Result<(&str, String), CliError> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(CliError::usage(format!("--attr {} has no `=`", quote(text)))
            .hint("`--attr vendor=coachella.com` is a string, `--attr amount:=742` is JSON"));
    };
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => {
            // Checked by itself, so that it cannot end the member that it is put in.
            check_json(&format!("--attr {}", quote(text)), value)?;
            (name, value.to_owned())
        }
        None => (name, json(value)),
    };
    if is_reserved(name) {
        return Err(CliError::usage(format!("--attr {}: this is not an attribute", quote(text)))
            .hint("there are --action, --resource and --agent, and --request takes the whole request as JSON"));
    }
    Ok((name, value))
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[&str]) -> Result<String, CliError> {
        let attributes = attributes.iter().map(|text| (*text).to_owned()).collect();
        RequestArgs { action: Some("buy \"x\"".into()), resource: None, attributes, agent: None, request: None }.to_json()
    }

    #[test]
    fn attributes_are_strings_or_json_to_the_letter() {
        let text = request(&["a=1", "b:=1.10", "c:=[\"x\"]", "d=x=y:=z", "e=", "f:=1e2"]).expect("a request");
        assert_eq!(text, r#"{"action":"buy \"x\"","a":"1","b":1.10,"c":["x"],"d":"x=y:=z","e":"","f":1e2}"#);
    }

    #[test]
    fn what_is_no_attribute_is_a_wrong_call() {
        for wrong in ["a", "a:=", "a:=x", "a:=1,\"b\":2", "a:=1}", "action=x", "agentId:=\"x\"", "proof=x"] {
            assert_eq!(request(&[wrong]).expect_err(wrong).exit(), 2, "{wrong}");
        }
    }
}
