//! Passports.

use sqlx::{QueryBuilder, Row};

use super::acting::Done;
use super::driver::{Db, DbConnection, DbRow, Failure, corrupt, exists, not_found, unique_or};
use super::templates;
use super::{agents, lineages, search};
use crate::store::paging::{page, page_size};
use crate::store::{NewPassport, Page, Passport, PassportFilter, PassportState, StoreError, TemplateUse};

/// A passport with its key, so that whoever reads it cannot miss that the key is revoked.
pub(super) const SELECT: &str = "SELECT p.ordinal, p.passport_id, p.agent_id, p.key_id, p.claims, p.audience, \
     p.issued_at, p.not_before, p.expires_at, p.status_list, p.status_index, p.issued_by, \
     p.template, p.template_revision, p.template_parameters, \
     coalesce(p.revoked_at, k.revoked_at) AS revoked_at, \
     CASE WHEN p.revoked_at IS NOT NULL THEN p.revoke_reason ELSE k.revoke_reason END \
     AS revoke_reason, \
     p.renew_until, coalesce(p.lineage, p.passport_id) AS lineage, p.renewed_from, p.revoked_with_key, \
     CASE WHEN p.revoked_at IS NOT NULL THEN p.revoked_sequence ELSE k.revoked_sequence END AS revoked_sequence \
     FROM passports p JOIN keys k ON k.key_id = p.key_id WHERE ";

pub(super) async fn insert(conn: &mut DbConnection, new: NewPassport) -> Result<Done<()>, Failure> {
    if agents::get(conn, &new.agent_id).await?.disabled_at.is_some() {
        return Err(Failure::Refused(StoreError::AgentDisabled { agent_id: new.agent_id }));
    }
    let active: i64 = sqlx::query_scalar("SELECT count(*) FROM keys WHERE key_id = $1 AND state = 'active'")
        .bind(&new.key_id)
        .fetch_one(&mut *conn)
        .await?;
    if active == 0 {
        return Err(Failure::Refused(StoreError::KeyNotActive { key_id: new.key_id }));
    }
    if let Some(template) = new.template.as_ref().filter(|_| new.template_newest) {
        templates::check_newest(conn, template).await?;
    }
    let lineage = match &new.renews {
        Some(renews) => Some(lineages::admit(conn, renews, &new.agent_id, new.issued_at).await?),
        None => None,
    };
    take_index(conn, new.status_list, new.status_index, new.expires_at).await?;
    let audience = serde_json::to_string(&new.audience).map_err(|error| corrupt("the audience", error))?;
    sqlx::query(
        "INSERT INTO passports (passport_id, agent_id, key_id, claims, audience, issued_at, \
         not_before, expires_at, status_list, status_index, issued_by, template, template_revision, template_parameters, renew_until, \
         lineage, renewed_from) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
    )
    .bind(&new.passport_id)
    .bind(&new.agent_id)
    .bind(&new.key_id)
    .bind(&new.claims)
    .bind(audience)
    .bind(new.issued_at)
    .bind(new.not_before)
    .bind(new.expires_at)
    .bind(new.status_list)
    .bind(new.status_index)
    .bind(&new.issued_by)
    .bind(new.template.as_ref().map(|template| &template.name))
    .bind(new.template.as_ref().map(|template| template.revision))
    .bind(new.template.as_ref().map(|template| &template.parameters))
    .bind(new.renew_until)
    .bind(lineage)
    .bind(new.renews.as_ref().map(|renews| &renews.passport_id))
    .execute(conn)
    .await
    // The index was free a moment ago, in this transaction: what is left is the id.
    .map_err(|error| unique_or(error, || exists("passport", &new.passport_id)))?;
    Ok(Done::Changed(()))
}

/// Counts one more place of the list as taken until then, after looking that this one is there and free.
async fn take_index(conn: &mut DbConnection, list: i64, index: i64, until: i64) -> Result<(), Failure> {
    let size: Option<i64> =
        sqlx::query_scalar("SELECT size FROM status_lists WHERE list = $1").bind(list).fetch_optional(&mut *conn).await?;
    let size = size.ok_or_else(|| not_found("status list", &list.to_string()))?;
    if !(0..size).contains(&index) {
        return Err(not_found("status index", &format!("{list}/{index}")).into());
    }
    let taken: i64 = sqlx::query_scalar("SELECT count(*) FROM passports WHERE status_list = $1 AND status_index = $2")
        .bind(list)
        .bind(index)
        .fetch_one(&mut *conn)
        .await?;
    if taken > 0 {
        return Err(Failure::Refused(StoreError::StatusIndexTaken { list, index }));
    }
    sqlx::query(
        "UPDATE status_lists SET used = used + 1, last_expiry = CASE WHEN last_expiry < $1 THEN $1 ELSE last_expiry END WHERE list = $2",
    )
    .bind(until)
    .bind(list)
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn get(conn: &mut DbConnection, passport_id: &str) -> Result<Passport, Failure> {
    let row = QueryBuilder::<Db>::new(SELECT)
        .push("p.passport_id = ")
        .push_bind(passport_id)
        .build()
        .fetch_optional(conn)
        .await?
        .ok_or_else(|| not_found("passport", passport_id))?;
    read(&row)
}

/// Passports, newest first. Where nothing but reading can find them it looks at so many, and says where it has stopped.
pub(super) async fn list(conn: &mut DbConnection, filter: PassportFilter) -> Result<Page<Passport, i64>, Failure> {
    list_within(conn, filter, LOOKED_AT).await
}

/// The same with another bound.
pub(super) async fn list_within(conn: &mut DbConnection, filter: PassportFilter, most: i64) -> Result<Page<Passport, i64>, Failure> {
    let limit = filter.limit;
    let range = range(conn, &filter, most).await?;
    let rows = query("", filter, range).build().fetch_all(conn).await?;
    let mut page = read_page(&rows, limit)?;
    if let Range::From(from @ 2..) = range {
        page.next.get_or_insert(from);
    }
    Ok(page)
}

/// Passports that are looked at for one page, where no index tells which: some tens of milliseconds of them.
const LOOKED_AT: i64 = 100_000;

/// What is looked at for a page.
#[derive(Clone, Copy)]
pub(super) enum Range {
    /// Those from this ordinal on; all, where it is 0.
    From(i64),
    /// Those that end in time, which are few.
    ByExpiry,
}

async fn range(conn: &mut DbConnection, filter: &PassportFilter, most: i64) -> Result<Range, Failure> {
    let is_narrow = filter.agent_id.is_some() || filter.template.is_some();
    if is_narrow || (filter.text.is_none() && filter.expires_before.is_none()) {
        // An index finds them, or most are what is asked for.
        return Ok(Range::From(0));
    }
    if let Some(before) = filter.expires_before {
        let live = filter.state == Some(PassportState::Live);
        let after = if live { filter.now } else { i64::MIN };
        let ending = "SELECT count(*) FROM (SELECT 1 FROM passports WHERE expires_at > $1 AND expires_at < $2 LIMIT $3) AS ending";
        let ending: i64 = sqlx::query_scalar(ending).bind(after).bind(before).bind(most / 10 + 1).fetch_one(&mut *conn).await?;
        if ending <= most / 10 {
            return Ok(Range::ByExpiry);
        }
    }
    // No passport is ever deleted, so that ordinals have no gaps to speak of.
    let newest: i64 = sqlx::query_scalar("SELECT coalesce(max(ordinal), 0) FROM passports").fetch_one(conn).await?;
    let newest = filter.cursor.map_or(newest, |cursor| newest.min(cursor.saturating_sub(1)));
    Ok(Range::From(newest.saturating_sub(most).saturating_add(1)))
}

/// The query of a page, behind these words.
pub(super) fn query(words: &str, filter: PassportFilter, range: Range) -> QueryBuilder<Db> {
    let mut query = QueryBuilder::<Db>::new(words);
    query.push(SELECT);
    // As an expression it is not what the database goes by.
    let ordinal = if matches!(range, Range::ByExpiry) { "(p.ordinal + 0)" } else { "p.ordinal" };
    query.push(ordinal).push(" < ").push_bind(filter.cursor.unwrap_or(i64::MAX));
    if let Range::From(from @ 1..) = range {
        query.push(" AND p.ordinal >= ").push_bind(from);
    }
    if let Some(agent_id) = filter.agent_id {
        query.push(" AND p.agent_id = ").push_bind(agent_id);
    }
    if let Some(key_id) = filter.key_id {
        query.push(" AND p.key_id = ").push_bind(key_id);
    }
    if let Some(template) = filter.template {
        query.push(" AND p.template = ").push_bind(template);
    }
    if let Some(before) = filter.expires_before {
        query.push(" AND p.expires_at < ").push_bind(before);
    }
    if let Some(text) = filter.text {
        search::push(&mut query, &["p.passport_id", "p.agent_id"], &text);
    }
    match filter.state {
        None => {}
        Some(PassportState::Revoked) => {
            query.push(" AND coalesce(p.revoked_at, k.revoked_at) IS NOT NULL");
        }
        Some(PassportState::Live) => {
            query.push(" AND coalesce(p.revoked_at, k.revoked_at) IS NULL AND p.expires_at > ").push_bind(filter.now);
        }
        Some(PassportState::Expired) => {
            query.push(" AND coalesce(p.revoked_at, k.revoked_at) IS NULL AND p.expires_at <= ").push_bind(filter.now);
        }
    }
    query.push(" ORDER BY ").push(ordinal).push(" DESC LIMIT ").push_bind(page_size(filter.limit) + 1);
    query
}

/// A page of passports, out of rows one of which may be more than the limit.
pub(super) fn read_page(rows: &[DbRow], limit: u32) -> Result<Page<Passport, i64>, Failure> {
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push((row.try_get::<i64, _>("ordinal")?, read(row)?));
    }
    let page = page(items, limit, |(ordinal, _)| *ordinal);
    Ok(Page { items: page.items.into_iter().map(|(_, passport)| passport).collect(), next: page.next })
}

fn read(row: &DbRow) -> Result<Passport, Failure> {
    let audience: String = row.try_get("audience")?;
    let template = match row.try_get::<Option<String>, _>("template")? {
        None => None,
        Some(name) => {
            Some(TemplateUse { name, revision: row.try_get("template_revision")?, parameters: row.try_get("template_parameters")? })
        }
    };
    Ok(Passport {
        passport_id: row.try_get("passport_id")?,
        agent_id: row.try_get("agent_id")?,
        key_id: row.try_get("key_id")?,
        claims: row.try_get("claims")?,
        audience: serde_json::from_str(&audience).map_err(|error| corrupt("a passport's audience", error))?,
        issued_at: row.try_get("issued_at")?,
        not_before: row.try_get("not_before")?,
        expires_at: row.try_get("expires_at")?,
        status_list: row.try_get("status_list")?,
        status_index: row.try_get("status_index")?,
        revoked_at: row.try_get("revoked_at")?,
        revoke_reason: row.try_get("revoke_reason")?,
        issued_by: row.try_get("issued_by")?,
        template,
        renew_until: row.try_get("renew_until")?,
        lineage: row.try_get("lineage")?,
        renewed_from: row.try_get("renewed_from")?,
        revoked_with_key: row.try_get("revoked_with_key")?,
        revoked_sequence: row.try_get("revoked_sequence")?,
    })
}
