//! Templates of grants: save, list, delete (docs/format.md F2.13 to F2.20).

mod expand;

use passport_shared::api::Page;
use passport_shared::api::passports::IssuePassport;
use passport_shared::api::templates::{DeletedTemplate, SaveTemplate, Template};
use passport_shared::fault::{Fault, Faults, Place};
use passport_shared::grant::Grant;
use passport_shared::limits::OPERAND_VALUES;
use passport_shared::template;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::change::to_json;
use super::{Caller, Issuer, ServiceError, Settings, check, paging};
use crate::store::{self, EventOf, Maker, NewTemplate, StoreError, TemplateUse};

/// No values, and no parameters.
const NOTHING: &str = "{}";

const ACT: &str = "read a template";

/// What a template says, as the store keeps it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    description: Option<String>,
    parameters: Box<RawValue>,
    grants: Box<RawValue>,
    audience: Option<Vec<String>>,
    expires_in: Option<u64>,
}

/// What an order's template comes to: or what is wrong with the values that it gives.
pub(super) type Expanded = Result<(TemplateUse, Vec<Grant>), Vec<Fault>>;

impl Issuer {
    /// Creates a template.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], with everything that is wrong; [`ServiceError::Conflict`] if the name is taken.
    pub async fn create_template(&self, caller: &Caller, body: SaveTemplate) -> Result<Template, ServiceError> {
        let mut faults = Faults::default();
        if body.revision.is_some() {
            let place = Place::root("");
            faults.note::<()>(&place.name("revision"), "a new template has no revision yet; leave it out");
        }
        self.save_template(caller, body, faults, "template_created").await
    }

    /// Changes a template: what is given takes the place of all that it said, as a new revision. What says the same is no
    /// change. Passports that were issued by it stay as they are.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`], with everything that is wrong; [`ServiceError::NotFound`]; [`ServiceError::Conflict`] if the
    /// body's revision is not the newest.
    pub async fn change_template(&self, caller: &Caller, name: &str, body: SaveTemplate) -> Result<Template, ServiceError> {
        let root = Place::root("");
        let mut faults = Faults::default();
        if body.name != name {
            faults.note::<()>(&root.name("name"), "it must be the name in the path: a template cannot be renamed");
        }
        if body.revision.is_none() {
            faults.note::<()>(&root.name("revision"), "give the revision that this one is made of, as `GET` shows it");
        }
        self.save_template(caller, body, faults, "template_changed").await
    }

    async fn save_template(
        &self,
        caller: &Caller,
        body: SaveTemplate,
        faults: Faults,
        kind: &'static str,
    ) -> Result<Template, ServiceError> {
        let parameters = match body.parameters {
            Some(parameters) => parameters,
            None => RawValue::from_string(NOTHING.to_owned()).map_err(|error| ServiceError::internal(ACT, error))?,
        };
        let (name, revises) = (body.name, body.revision);
        let body =
            Body { description: body.description, parameters, grants: body.grants, audience: body.audience, expires_in: body.expires_in };
        check_body(&name, &body, self.settings(), faults)?;
        let body = Body { parameters: raw(compact(body.parameters.get()))?, grants: raw(compact(body.grants.get()))?, ..body };
        let now = self.now();
        let new = NewTemplate { name, body: to_json(&body)?, revises, saved_at: now, saved_by: caller.author().name.clone() };
        let event = self
            .telling(caller, move |saved: &store::Template| json!({ "type": kind, "template": saved.name, "revision": saved.revision }));
        shown(self.store().save_template(new, self.maker(caller, now), event).await?)
    }

    /// Templates in the order of their names. `limit` is 1 to 1,000, and 100 where it is left out.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn templates(&self, cursor: Option<String>, limit: Option<u32>) -> Result<Page<Template>, ServiceError> {
        let after = paging::name(cursor.as_deref())?;
        let page = self.store().templates(after.as_deref(), paging::limit(limit)?).await?;
        let items = page.items.into_iter().map(shown).collect::<Result<_, _>>()?;
        Ok(Page { items, next_cursor: page.next.map(|name| paging::name_cursor(&name)) })
    }

    /// One template, in its newest revision; or in this one, also after it was deleted.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn template(&self, name: &str, revision: Option<i64>) -> Result<Template, ServiceError> {
        shown(match revision {
            Some(revision) => self.store().template_revision(name, revision).await?,
            None => self.store().template(name).await?,
        })
    }

    /// Deletes a template: nothing is issued by it any more. Passports that were stay as they are.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`].
    pub async fn delete_template(&self, caller: &Caller, name: &str) -> Result<DeletedTemplate, ServiceError> {
        let (now, told) = (self.now(), name.to_owned());
        let event = self.telling(caller, move |done: &store::DeletedTemplate| {
            json!({ "type": "template_deleted", "template": told, "revision": done.revision, "livePassports": done.live })
        });
        let done = self.store().delete_template(name, now, self.maker(caller, now), event).await?;
        Ok(DeletedTemplate { name: name.to_owned(), revision: done.revision, live_passports: done.live })
    }

    /// What the template that an order names comes to; the order is given the audience and the life that it leaves to the
    /// template. `None` where it names none, or grants beside it, which is for who reads the order to say.
    pub(super) async fn expand_for(&self, order: &mut IssuePassport) -> Result<Option<Expanded>, ServiceError> {
        let Some(name) = order.template.as_deref().filter(|_| order.grants.is_none()) else { return Ok(None) };
        let template = self.store().template(name).await?;
        let body = read(&template)?;
        let expanded = expand(&template, &body, order.parameters.as_deref())?;
        if order.audience.is_empty() {
            order.audience = body.audience.unwrap_or_default();
        }
        if order.expires_in.is_none() && order.expires_at.is_none() {
            order.expires_in = body.expires_in;
        }
        Ok(Some(expanded))
    }

    fn maker(&self, caller: &Caller, at: i64) -> Option<Maker> {
        caller.author().passport_id.clone().map(|passport_id| Maker { passport_id, at })
    }

    /// The event of a change by this caller, which says what the change came to.
    fn telling<T>(&self, caller: &Caller, change: impl FnOnce(&T) -> Value + Send + 'static) -> EventOf<T> {
        let (author, parts) = (caller.author().clone(), self.inner.parts.clone());
        Box::new(move |done| {
            let event = parts.admin_event(&author, &change(done));
            event.map_err(|error| StoreError::Corrupt { what: "a decision", source: error.into() })
        })
    }
}

/// Everything that is wrong with a template, at once.
fn check_body(name: &str, body: &Body, settings: &Settings, mut faults: Faults) -> Result<(), ServiceError> {
    let root = Place::root("");
    check::name(name, &root.name("name"), &mut faults);
    if matches!(name, "." | "..") {
        faults.note::<()>(&root.name("name"), "it must not be `.` or `..`, which cannot stand in a path; choose another");
    }
    check::description(body.description.as_deref(), &root.name("description"), &mut faults);
    if let Some(audience) = &body.audience {
        let place = root.name("audience");
        if !(1..=OPERAND_VALUES).contains(&audience.len()) {
            faults.note::<()>(&place, format!("it must name 1 to {OPERAND_VALUES} services, or be left out"));
        }
        for (index, service) in audience.iter().take(OPERAND_VALUES).enumerate() {
            check::name(service, &place.index(index), &mut faults);
            if *service == settings.issuer {
                // Who changes a template would else decide what others, who hold more, issue for the issuer itself.
                let why = "it is this issuer; a passport for it names it in its own order";
                faults.note::<()>(&place.index(index), why);
            }
        }
    }
    let most = u64::try_from(settings.max_passport_life).unwrap_or_default();
    if body.expires_in.is_some_and(|seconds| !(1..=most).contains(&seconds)) {
        faults.note::<()>(&root.name("expiresIn"), format!("it must be 1 to {most} seconds, as long as a passport of this issuer lives"));
    }
    let mut errors = faults.into_vec();
    errors.extend(template::Template::check(body.parameters.get(), body.grants.get()).err().unwrap_or_default());
    if errors.is_empty() { Ok(()) } else { Err(ServiceError::Invalid { errors }) }
}

fn read(template: &store::Template) -> Result<Body, ServiceError> {
    serde_json::from_str(&template.body).map_err(|error| ServiceError::internal(ACT, error))
}

fn expand(template: &store::Template, body: &Body, values: Option<&RawValue>) -> Result<Expanded, ServiceError> {
    let read = template::Template::read(body.parameters.get(), body.grants.get());
    let sound = read.map_err(|errors| ServiceError::internal(ACT, ServiceError::Invalid { errors }))?;
    Ok(sound.expand(values.map_or(NOTHING, RawValue::get)).map(|expansion| {
        let used = TemplateUse { name: template.name.clone(), revision: template.revision, parameters: expansion.parameters };
        (used, expansion.grants)
    }))
}

fn shown(template: store::Template) -> Result<Template, ServiceError> {
    let body = read(&template)?;
    let store::Template { name, revision, created_at, created_by, saved_at, saved_by, deleted_at, .. } = template;
    let Body { description, parameters, grants, audience, expires_in } = body;
    let (created_at, saved_at, deleted_at) = (check::shown(created_at), check::shown(saved_at), deleted_at.map(check::shown));
    Ok(Template {
        name,
        revision,
        description,
        parameters,
        grants,
        audience,
        expires_in,
        created_at,
        created_by,
        saved_at,
        saved_by,
        deleted_at,
    })
}

/// Sound JSON without white space around its values, so that an answer with it is one line, and that nothing but white
/// space is no change. Numbers and strings stay to the letter.
fn compact(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |c: &char| {
        let white = !inside && matches!(c, ' ' | '\t' | '\n' | '\r');
        inside ^= *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        !white
    };
    json.chars().filter(keep).collect()
}

/// JSON text of our own as it stands in an answer.
pub(super) fn raw(text: String) -> Result<Box<RawValue>, ServiceError> {
    RawValue::from_string(text).map_err(|error| ServiceError::internal("write JSON", error))
}

#[cfg(test)]
mod tests;
