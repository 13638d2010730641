//! What a template comes to with some values: one that is saved, or one that is being written.

use passport_shared::api::templates::{ExpandTemplate, ExpandedTemplate, PreviewTemplate, TemplatePreview};
use passport_shared::describe::sentences;
use passport_shared::fault::Fault;
use passport_shared::grant::{Grant, Ordered};
use passport_shared::template;
use serde_json::value::RawValue;

use super::super::change::to_json;
use super::super::{Issuer, ServiceError};
use super::{NOTHING, expand, raw, read};

impl Issuer {
    /// What a template comes to with these values. Nothing is issued.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`]; [`ServiceError::Invalid`], with everything that is wrong with the values.
    pub async fn expand_template(&self, name: &str, body: ExpandTemplate) -> Result<ExpandedTemplate, ServiceError> {
        let template = self.store().template(name).await?;
        let expanded = expand(&template, &read(&template)?, body.parameters.as_deref())?;
        let (used, grants) = expanded.map_err(|errors| ServiceError::Invalid { errors })?;
        Ok(ExpandedTemplate {
            name: used.name,
            revision: used.revision,
            parameters: raw(used.parameters)?,
            describe: sentences(&grants, self.now()),
            hides: hides(&grants),
            grants: ordered(&grants)?,
        })
    }

    /// What a template would come to if it were saved so, with these values. Nothing is saved, and none has to be there.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], with everything that saving would say of grants and declarations; where they are sound,
    /// everything that is wrong with the values.
    pub fn preview_template(&self, body: &PreviewTemplate) -> Result<TemplatePreview, ServiceError> {
        let text = |json: &Option<Box<RawValue>>| json.as_deref().map_or(NOTHING, RawValue::get).to_owned();
        let invalid = |errors| ServiceError::Invalid { errors };
        let template = template::Template::check(&text(&body.parameters), body.grants.get()).map_err(invalid)?;
        let expansion = template.expand(&text(&body.values)).map_err(|faults| invalid(faults.into_iter().map(of_values).collect()))?;
        Ok(TemplatePreview {
            values: raw(expansion.parameters)?,
            describe: sentences(&expansion.grants, self.now()),
            hides: hides(&expansion.grants),
            grants: ordered(&expansion.grants)?,
        })
    }
}

/// A value is given under `/values` here, where an order gives it under `/parameters`.
fn of_values(fault: Fault) -> Fault {
    match fault.pointer.strip_prefix("/parameters") {
        Some(within) => Fault { pointer: format!("/values{within}"), ..fault },
        None => fault,
    }
}

fn ordered(grants: &[Grant]) -> Result<Box<RawValue>, ServiceError> {
    raw(to_json(&grants.iter().map(Ordered).collect::<Vec<_>>())?)
}

fn hides(grants: &[Grant]) -> Vec<String> {
    Grant::hidden(grants).map(|hidden| hidden.describe()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::{World, pointers};

    fn body(parameters: &str, grants: &str, values: Option<&str>) -> PreviewTemplate {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("JSON");
        PreviewTemplate { parameters: Some(raw(parameters)), grants: raw(grants), values: values.map(raw) }
    }

    #[tokio::test]
    async fn what_is_being_written_is_tried_before_it_is_saved_and_nothing_is_kept_of_it() {
        let world = World::new().await;
        let before = world.log().await.len();
        let parameters = r#"{"team":{"type":"string"},"pages":{"type":"number","max":100,"default":50}}"#;
        let grants = r#"[{"resource":"reports/${team}","allowedActions":["read"],"constraints":{"pages":{"max":{"$param":"pages"}}},"sensitiveAttributes":["reader"]}]"#;
        let tried = |parameters: &str, grants: &str, values| world.issuer.preview_template(&body(parameters, grants, values));
        let preview = tried(parameters, grants, Some(r#"{"team":"north"}"#)).unwrap();
        assert_eq!(preview.describe, ["may `read` on `reports/north`, with `pages` at most 50"]);
        assert_eq!(preview.hides, ["hides `reader` of requests on `reports/north`"]);
        assert_eq!(preview.values.get(), r#"{"team":"north","pages":50}"#);

        // Wrong values are told as such, and only where the template is sound.
        let wrong = tried(parameters, grants, Some(r#"{"team":7,"pages":101,"more":1}"#)).unwrap_err();
        assert_eq!(pointers(&wrong), ["/values/more", "/values/team", "/values/pages"]);
        assert_eq!(pointers(&tried(parameters, grants, None).unwrap_err()), ["/values/team"]);
        let unsound = tried(parameters, &grants.replace("{team}", "{nobody}"), Some(r#"{"team":7}"#)).unwrap_err();
        assert!(pointers(&unsound).contains(&"/grants/0/resource"), "{unsound:?}");
        assert_eq!(unsound.code(), "invalid_body");

        assert!(world.issuer.templates(None, None).await.unwrap().items.is_empty());
        assert_eq!(world.log().await.len(), before);
    }
}
