//! Templates. The newest revision of a name says whether there is a template of that name now.

use sqlx::Row;

use super::acting::Done;
use super::driver::{DbConnection, DbRow, Failure, exists, not_found, unique_or};
use super::revocations;
use crate::store::paging::{page, page_size};
use crate::store::{DeletedTemplate, LiveFilter, NewTemplate, Page, StoreError, Template, TemplateUse};

/// Keeps one more revision.
pub(super) async fn save(conn: &mut DbConnection, new: NewTemplate) -> Result<Done<Template>, Failure> {
    let (newest, there) = newest(conn, &new.name).await?.unzip();
    let there = there.flatten();
    let created = match (&there, new.revises) {
        (Some(_), None) => return Err(exists("template", &new.name).into()),
        (None, Some(_)) => return Err(not_found("template", &new.name).into()),
        (Some(now), Some(revises)) if now.revision != revises => return Err(changed(&new.name, now.revision).into()),
        (Some(now), Some(_)) if now.body == new.body => return Ok(Done::Unchanged(now.clone())),
        (Some(now), Some(_)) => (now.created_at, now.created_by.clone()),
        (None, None) => (new.saved_at, new.saved_by.clone()),
    };
    let saved = Template {
        revision: newest.unwrap_or(0).saturating_add(1),
        created_at: created.0,
        created_by: created.1,
        name: new.name,
        body: new.body,
        saved_at: new.saved_at,
        saved_by: new.saved_by,
        deleted_at: None,
    };
    sqlx::query(
        "INSERT INTO templates (name, revision, body, created_at, created_by, saved_at, saved_by) VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&saved.name)
    .bind(saved.revision)
    .bind(&saved.body)
    .bind(saved.created_at)
    .bind(&saved.created_by)
    .bind(saved.saved_at)
    .bind(&saved.saved_by)
    .execute(conn)
    .await
    .map_err(|error| unique_or(error, || exists("template", &saved.name)))?;
    Ok(Done::Changed(saved))
}

pub(super) async fn get(conn: &mut DbConnection, name: &str) -> Result<Template, Failure> {
    let found = newest(conn, name).await?.and_then(|(_, there)| there);
    found.ok_or_else(|| not_found("template", name).into())
}

/// One revision, whether or not the template is there still.
pub(super) async fn revision(conn: &mut DbConnection, name: &str, revision: i64) -> Result<Template, Failure> {
    let row = sqlx::query(
        "SELECT name, revision, body, created_at, created_by, saved_at, saved_by, deleted_at FROM templates \
         WHERE name = $1 AND revision = $2",
    )
    .bind(name)
    .bind(revision)
    .fetch_optional(conn)
    .await?
    .ok_or_else(|| not_found("template revision", &format!("{name} {revision}")))?;
    Ok(read(&row)?)
}

pub(super) async fn list(conn: &mut DbConnection, after: Option<String>, limit: u32) -> Result<Page<Template, String>, Failure> {
    let rows = sqlx::query(
        "SELECT t.name, t.revision, t.body, t.created_at, t.created_by, t.saved_at, t.saved_by, t.deleted_at FROM templates t \
         WHERE t.name > $1 AND t.deleted_at IS NULL AND t.revision = (SELECT max(n.revision) FROM templates n WHERE n.name = t.name) \
         ORDER BY t.name LIMIT $2",
    )
    // A name is never empty, so all come after the empty text.
    .bind(after.unwrap_or_default())
    .bind(page_size(limit) + 1)
    .fetch_all(conn)
    .await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, limit, |template| template.name.clone()))
}

/// Deletes a template. Its revisions are kept, and so are the passports by it.
pub(super) async fn delete(conn: &mut DbConnection, name: &str, now: i64) -> Result<Done<DeletedTemplate>, Failure> {
    let revision = get(conn, name).await?.revision;
    // All of its revisions, but those of one that had the name before and was deleted then.
    sqlx::query("UPDATE templates SET deleted_at = $1 WHERE name = $2 AND deleted_at IS NULL")
        .bind(now)
        .bind(name)
        .execute(&mut *conn)
        .await?;
    let filter = LiveFilter { template: Some(name.to_owned()), now, ..LiveFilter::default() };
    let live = revocations::find(conn, &filter).await?.count;
    Ok(Done::Changed(DeletedTemplate { revision, live }))
}

/// Fails unless this is the newest revision of a template that is there: what its author meant is what is signed.
pub(super) async fn check_newest(conn: &mut DbConnection, wanted: &TemplateUse) -> Result<(), Failure> {
    let now = get(conn, &wanted.name).await?;
    if now.revision == wanted.revision { Ok(()) } else { Err(changed(&wanted.name, now.revision).into()) }
}

/// The newest revision's number, and the template unless it is deleted.
async fn newest(conn: &mut DbConnection, name: &str) -> Result<Option<(i64, Option<Template>)>, Failure> {
    let row = sqlx::query(
        "SELECT name, revision, body, created_at, created_by, saved_at, saved_by, deleted_at FROM templates \
         WHERE name = $1 ORDER BY revision DESC LIMIT 1",
    )
    .bind(name)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let template = read(&row)?;
    Ok(Some((template.revision, template.deleted_at.is_none().then_some(template))))
}

fn changed(name: &str, revision: i64) -> StoreError {
    let problem = format!("was changed meanwhile: it has revision {revision}; look at it and try again");
    StoreError::Conflict { what: "template", id: name.to_owned(), problem }
}

fn read(row: &DbRow) -> Result<Template, sqlx::Error> {
    Ok(Template {
        name: row.try_get("name")?,
        revision: row.try_get("revision")?,
        body: row.try_get("body")?,
        created_at: row.try_get("created_at")?,
        created_by: row.try_get("created_by")?,
        saved_at: row.try_get("saved_at")?,
        saved_by: row.try_get("saved_by")?,
        deleted_at: row.try_get("deleted_at")?,
    })
}
