//! The values of a template's parameters on the command line.

use clap::Args;
use passport_shared::text::quote;
use serde_json::value::RawValue;

use crate::cli::error::CliError;
use crate::cli::verify::check_json;

/// What a template is filled in with.
#[derive(Debug, Args)]
pub(crate) struct Params {
    /// A parameter: name=value for a string, name:=json for anything else; repeatable
    #[arg(long = "param", value_name = "NAME=VALUE")]
    given: Vec<String>,
}

impl Params {
    /// The values as a JSON object; `None` where none is given. A number stands in it as it was written.
    pub(crate) fn read(&self) -> Result<Option<Box<RawValue>>, CliError> {
        if self.given.is_empty() {
            return Ok(None);
        }
        let members = self.given.iter().map(|text| member(text)).collect::<Result<Vec<_>, _>>()?;
        let text = format!("{{{}}}", members.join(","));
        // A name that stands twice: which of the two was meant?
        check_json("--param", &text)?;
        RawValue::from_string(text).map(Some).map_err(|error| CliError::usage(format!("--param is not sound JSON: {error}")))
    }
}

fn member(text: &str) -> Result<String, CliError> {
    let Some((name, value)) = text.split_once('=') else {
        return Err(CliError::usage(format!("--param {} has no `=`", quote(text)))
            .hint("`--param team=north` is a string, `--param limit:=500` is JSON"));
    };
    let json = |text: &str| serde_json::Value::from(text).to_string();
    match name.strip_suffix(':') {
        Some(name) => {
            // Checked by itself, so that it cannot end the member that it is put in.
            check_json(&format!("--param {}", quote(text)), value)?;
            Ok(format!("{}:{value}", json(name)))
        }
        None => Ok(format!("{}:{}", json(name), json(value))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(given: &[&str]) -> Result<Option<Box<RawValue>>, CliError> {
        Params { given: given.iter().map(|text| (*text).to_owned()).collect() }.read()
    }

    #[test]
    fn parameters_are_strings_or_json_to_the_letter() {
        let values = read(&["team=north", "limit:=1.10", "vendors:=[\"a\"]", "note=x=y"]).expect("values").expect("some");
        assert_eq!(values.get(), r#"{"team":"north","limit":1.10,"vendors":["a"],"note":"x=y"}"#);
        assert!(read(&[]).expect("none").is_none());
    }

    #[test]
    fn what_is_no_parameter_is_a_wrong_call() {
        for wrong in [&["team"][..], &["a:="], &["a:=x"], &["a:=1,\"b\":2"], &["a=1", "a=2"], &["a:=1}"]] {
            assert_eq!(read(wrong).expect_err("refused").exit(), 2, "{wrong:?}");
        }
    }
}
