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

pub(super) async fn list(conn: &mut DbConnection, filter: AgentFilter) -> Result<Page<Agent, String>, Failure> {
    let mut query = QueryBuilder::<Db>::new("SELECT agent_id, name, description, disabled_at, created_at FROM agents WHERE agent_id > ");
    // An id is never empty, so all come after the empty text.
    query.push_bind(filter.cursor.unwrap_or_default());
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
    Ok(page(items, filter.limit, |agent| agent.agent_id.clone()))
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
