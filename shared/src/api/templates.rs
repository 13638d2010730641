//! Templates: named sets of grants with parameters (docs/format.md F2.13 to F2.20).

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The body of `POST /v1/templates` and of `PUT /v1/templates/{name}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SaveTemplate {
    /// Its name, 1 to 256 bytes; with `PUT` the one in the path.
    pub name: String,
    /// With `PUT`: the revision that this one is made of. It is refused where there is another by now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// What it is for; at most 4,096 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it leaves open: declarations by name, at most 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub parameters: Option<Box<RawValue>>,
    /// The grants, with placeholders in them.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// The services that passports by it are for, where their order names none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Vec<String>>,
    /// How long passports by it live, in seconds, where their order says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<u64>,
}

/// A template.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Template {
    /// Its name.
    pub name: String,
    /// Its revision: 1 at first, one more with each change, and never used again.
    pub revision: i64,
    /// What it is for.
    pub description: Option<String>,
    /// What it leaves open.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub parameters: Box<RawValue>,
    /// The grants, with placeholders in them.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// The services that passports by it are for, unless said otherwise.
    pub audience: Option<Vec<String>>,
    /// How long passports by it live, in seconds, unless said otherwise.
    pub expires_in: Option<u64>,
    /// When it was created.
    pub created_at: String,
    /// The agent that created it.
    pub created_by: String,
    /// When this revision was saved.
    pub saved_at: String,
    /// The agent that saved it.
    pub saved_by: String,
    /// When the template was deleted: its revisions can be read still.
    pub deleted_at: Option<String>,
}

/// The body of `POST /v1/templates/{name}/expand`; it may be left out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExpandTemplate {
    /// The values of its parameters, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub parameters: Option<Box<RawValue>>,
}

/// The body of `POST /v1/templates/{name}/preview`: what would be saved, and values to try it with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviewTemplate {
    /// What it would leave open: declarations by name, at most 32.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub parameters: Option<Box<RawValue>>,
    /// The grants, with placeholders in them.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// Values of the parameters, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub values: Option<Box<RawValue>>,
}

/// What a template that is being written would come to. Nothing is saved.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TemplatePreview {
    /// All parameters with their values, those that were left to their default included.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub values: Box<RawValue>,
    /// The grants as they would be signed.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// The same in sentences.
    pub describe: Vec<String>,
    /// What a passport by it would keep from the audit log, in sentences; none where it is nothing.
    #[serde(default)]
    pub hides: Vec<String>,
}

/// What a template comes to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ExpandedTemplate {
    /// The template.
    pub name: String,
    /// Its revision.
    pub revision: i64,
    /// All parameters with their values, those that were left to their default included.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub parameters: Box<RawValue>,
    /// The grants as they would be signed.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub grants: Box<RawValue>,
    /// The same in sentences.
    pub describe: Vec<String>,
    /// What a passport by it keeps from the audit log, in sentences; none where it is nothing.
    #[serde(default)]
    pub hides: Vec<String>,
}

/// The answer to `DELETE /v1/templates/{name}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DeletedTemplate {
    /// The template.
    pub name: String,
    /// Its last revision.
    pub revision: i64,
    /// How many passports by it are live still, of any revision: they stay so until they are revoked or expire.
    pub live_passports: u64,
}
