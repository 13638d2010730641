//! Agents.

use sqlx::{QueryBuilder, Row};

use super::acting::Done;
use super::driver::{Db, DbConnection, DbRow, Failure, exists, not_found, unique_or};
use super::{search, trust};
use crate::store::paging::{page, page_size};
use crate::store::{Agent, AgentFilter, Disabled, NewAgent, Page};

pub(super) async fn create(conn: &mut DbConnection, agent: NewAgent) -> Result<Done<Agent>, Failure> {
    sqlx::query("INSERT INTO agents (agent_id, name, description, created_at) VALUES ($1, $2, $3, $4)")
        .bind(&agent.agent_id)
        .bind(&agent.name)
        .bind(&agent.description)
        .bind(agent.created_at)
        .execute(conn)
        .await
        .map_err(|error| unique_or(error, || exists("agent", &agent.agent_id)))?;
    Ok(Done::Changed(Agent {
        agent_id: agent.agent_id,
        name: agent.name,
        description: agent.description,
        disabled_at: None,
        created_at: agent.created_at,
    }))
}

pub(super) async fn get(conn: &mut DbConnection, agent_id: &str) -> Result<Agent, Failure> {
    let row = sqlx::query(
        "SELECT agent_id, name, description, disabled_at, created_at FROM agents \
         WHERE agent_id = $1",
    )
    .bind(agent_id)
    .fetch_optional(conn)
    .await?
    .ok_or_else(|| not_found("agent", agent_id))?;
    Ok(read(&row)?)
}

/// Agents by id. Where a text is looked for it looks at so many, and says where it has stopped.
pub(super) async fn list(conn: &mut DbConnection, filter: AgentFilter) -> Result<Page<Agent, String>, Failure> {
    list_within(conn, filter, LOOKED_AT).await
}

/// Agents that are looked at for one page, where a text is looked for: some tens of milliseconds of them.
const LOOKED_AT: i64 = 100_000;

/// The same with another bound.
pub(super) async fn list_within(conn: &mut DbConnection, filter: AgentFilter, most: i64) -> Result<Page<Agent, String>, Failure> {
    // An id is never empty, so all come after the empty text.
    let after = filter.cursor.unwrap_or_default();
    let last: Option<String> = match filter.text {
        None => None,
        Some(_) => {
            // The last that is looked at, if there is one behind it.
            let last = "SELECT agent_id FROM agents WHERE agent_id > $1 ORDER BY agent_id LIMIT 2 OFFSET $2";
            let ends: Vec<String> = sqlx::query_scalar(last).bind(&after).bind(most - 1).fetch_all(&mut *conn).await?;
            if ends.len() > 1 { ends.into_iter().next() } else { None }
        }
    };
    let mut query = QueryBuilder::<Db>::new("SELECT agent_id, name, description, disabled_at, created_at FROM agents WHERE agent_id > ");
    query.push_bind(after);
    if let Some(last) = &last {
        query.push(" AND agent_id <= ").push_bind(last.clone());
    }
    match filter.disabled {
        None => {}
        Some(true) => {
            query.push(" AND disabled_at IS NOT NULL");
        }
        Some(false) => {
            query.push(" AND disabled_at IS NULL");
        }
    }
    if let Some(text) = filter.text {
        search::push(&mut query, &["agent_id", "name"], &text);
    }
    let rows = query.push(" ORDER BY agent_id LIMIT ").push_bind(page_size(filter.limit) + 1).build().fetch_all(conn).await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let mut page = page(items, filter.limit, |agent| agent.agent_id.clone());
    page.next = page.next.or(last);
    Ok(page)
}

pub(super) async fn disable(conn: &mut DbConnection, agent_id: &str, reason: &str, now: i64) -> Result<Done<Disabled>, Failure> {
    let agent = get(conn, agent_id).await?;
    if agent.disabled_at.is_some() {
        return Ok(Done::Unchanged(Disabled { changed: false, revoked: 0, trust_sequence: trust::sequence(conn).await? }));
    }
    sqlx::query("UPDATE agents SET disabled_at = $1 WHERE agent_id = $2").bind(now).bind(agent_id).execute(&mut *conn).await?;
    let revoked = sqlx::query(
        "UPDATE passports SET revoked_at = $1, revoke_reason = $2 \
         WHERE agent_id = $3 AND revoked_at IS NULL AND expires_at > $1 \
         AND key_id NOT IN (SELECT key_id FROM keys WHERE state = 'revoked')",
    )
    .bind(now)
    .bind(reason)
    .bind(agent_id)
    .execute(&mut *conn)
    .await?
    .rows_affected();
    Ok(Done::Changed(Disabled { changed: true, revoked, trust_sequence: trust::bump(conn).await? }))
}

pub(super) async fn enable(conn: &mut DbConnection, agent_id: &str) -> Result<Done<bool>, Failure> {
    let agent = get(conn, agent_id).await?;
    if agent.disabled_at.is_none() {
        return Ok(Done::Unchanged(false));
    }
    sqlx::query("UPDATE agents SET disabled_at = NULL WHERE agent_id = $1").bind(agent_id).execute(conn).await?;
    Ok(Done::Changed(true))
}

fn read(row: &DbRow) -> Result<Agent, sqlx::Error> {
    Ok(Agent {
        agent_id: row.try_get("agent_id")?,
        name: row.try_get("name")?,
        description: row.try_get("description")?,
        disabled_at: row.try_get("disabled_at")?,
        created_at: row.try_get("created_at")?,
    })
}
