//! Approvals.

use sqlx::Row;

use super::acting::Done;
use super::driver::{APPROVED_BY, DbConnection, DbRow, Failure, corrupt, not_found};
use crate::store::paging::{page, page_size};
use crate::store::{Approval, ApprovalFilter, ApprovalState, NewApproval, Page, StoreError, Vote};

/// The state at `$1`: a pending one whose time is over has expired, whether or not that was written down.
fn select(which: &str) -> String {
    format!(
        "SELECT a.ordinal, a.approval_id, a.passport_id, a.agent_id, a.request, a.request_hash, a.audience, a.approvers, \
     CASE WHEN a.state = 'pending' AND a.pending_until <= $1 THEN 'expired' ELSE a.state END AS state, \
     a.asked_at, a.pending_until, a.decided_at, a.reason, {APPROVED_BY} AS approved_by, \
     (SELECT max(v.decided_by) FROM approval_votes v WHERE v.approval_id = a.approval_id AND v.approves = 0) AS denied_by \
     FROM approvals a WHERE {which}"
    )
}

pub(super) async fn ask(conn: &mut DbConnection, new: NewApproval, most: u32) -> Result<Done<Approval>, Failure> {
    let (id, now) = (new.approval_id.clone(), new.asked_at);
    sqlx::query("UPDATE approvals SET state = 'expired' WHERE passport_id = $1 AND state = 'pending' AND pending_until <= $2")
        .bind(&new.passport_id)
        .bind(now)
        .execute(&mut *conn)
        .await?;
    let waiting: Option<String> = sqlx::query_scalar(
        "SELECT approval_id FROM approvals WHERE passport_id = $1 AND request_hash = $2 AND audience = $3 AND state = 'pending'",
    )
    .bind(&new.passport_id)
    .bind(&new.request_hash)
    .bind(&new.audience)
    .fetch_optional(&mut *conn)
    .await?;
    if let Some(waiting) = waiting {
        return Ok(Done::Unchanged(get(conn, &waiting, now).await?));
    }
    let pending: i64 = sqlx::query_scalar("SELECT count(*) FROM approvals WHERE passport_id = $1 AND state = 'pending'")
        .bind(&new.passport_id)
        .fetch_one(&mut *conn)
        .await?;
    if pending >= i64::from(most) {
        return Err(Failure::Refused(StoreError::TooManyPending { passport_id: new.passport_id, most }));
    }
    sqlx::query(
        "INSERT INTO approvals (approval_id, passport_id, agent_id, request, request_hash, audience, approvers, state, asked_at, \
         pending_until) VALUES ($1, $2, $3, $4, $5, $6, $7, 'pending', $8, $9)",
    )
    .bind(&new.approval_id)
    .bind(&new.passport_id)
    .bind(&new.agent_id)
    .bind(&new.request)
    .bind(&new.request_hash)
    .bind(&new.audience)
    .bind(i64::from(new.approvers))
    .bind(new.asked_at)
    .bind(new.pending_until)
    .execute(&mut *conn)
    .await?;
    Ok(Done::Changed(get(conn, &id, now).await?))
}

pub(super) async fn get(conn: &mut DbConnection, approval_id: &str, now: i64) -> Result<Approval, Failure> {
    let row = sqlx::query(sqlx::AssertSqlSafe(select("a.approval_id = $2")))
        .bind(now)
        .bind(approval_id)
        .fetch_optional(conn)
        .await?
        .ok_or_else(|| not_found("approval", approval_id))?;
    read(&row)
}

pub(super) async fn list(conn: &mut DbConnection, filter: ApprovalFilter) -> Result<Page<Approval, i64>, Failure> {
    // By state, as an index has it: those that wait are few among all that ever did, and who waits for them looks often.
    let in_state = match filter.state {
        None => "$2 IS NULL",
        Some(ApprovalState::Pending) => "a.state = $2 AND a.pending_until > $1",
        Some(ApprovalState::Approved | ApprovalState::Denied) => "a.state = $2",
        Some(ApprovalState::Expired) => "(a.state = $2 OR a.state = 'pending' AND a.pending_until <= $1)",
    };
    let in_state = in_state.replace("$2", "CAST($2 AS TEXT)");
    let which = format!("{in_state} AND (CAST($3 AS BIGINT) IS NULL OR a.ordinal < $3) ORDER BY a.ordinal DESC LIMIT $4");
    let rows = sqlx::query(sqlx::AssertSqlSafe(select(&which)))
        .bind(filter.now)
        .bind(filter.state.map(ApprovalState::as_str))
        .bind(filter.cursor)
        .bind(page_size(filter.limit) + 1)
        .fetch_all(conn)
        .await?;
    let items = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    Ok(page(items, filter.limit, |approval| approval.ordinal))
}

pub(super) async fn decide(conn: &mut DbConnection, vote: Vote) -> Result<Done<Approval>, Failure> {
    let before = get(conn, &vote.approval_id, vote.now).await?;
    let conflict = |problem: String| Failure::Refused(StoreError::Conflict { what: "approval", id: vote.approval_id.clone(), problem });
    match before.state {
        ApprovalState::Pending => {}
        state => return Err(conflict(format!("is {} already", state.as_str()))),
    }
    if before.approved_by.contains(&vote.decided_by) {
        return Err(conflict("was approved by you already; another person has to".to_owned()));
    }
    sqlx::query("INSERT INTO approval_votes (approval_id, decided_by, approves, decided_at) VALUES ($1, $2, $3, $4)")
        .bind(&vote.approval_id)
        .bind(&vote.decided_by)
        .bind(i64::from(vote.approves))
        .bind(vote.now)
        .execute(&mut *conn)
        .await?;
    let enough = before.approved_by.len() + 1 >= usize::from(before.asked.approvers);
    let state = match (vote.approves, enough) {
        (false, _) => ApprovalState::Denied,
        (true, true) => ApprovalState::Approved,
        (true, false) => ApprovalState::Pending,
    };
    sqlx::query("UPDATE approvals SET state = $1, decided_at = $2, reason = $3, request = COALESCE($5, request) WHERE approval_id = $4")
        .bind(state.as_str())
        .bind((state != ApprovalState::Pending).then_some(vote.now))
        .bind(&vote.reason)
        .bind(&vote.approval_id)
        .bind(vote.request.filter(|_| state != ApprovalState::Pending))
        .execute(&mut *conn)
        .await?;
    Ok(Done::Changed(get(conn, &vote.approval_id, vote.now).await?))
}

fn read(row: &DbRow) -> Result<Approval, Failure> {
    let state: String = row.try_get("state")?;
    let state = ApprovalState::parse(&state).ok_or_else(|| corrupt("the state of an approval", state))?;
    let approved_by: String = row.try_get("approved_by")?;
    let approved_by = serde_json::from_str(&approved_by).map_err(|error| corrupt("the approvers of an approval", error))?;
    let approvers: i64 = row.try_get("approvers")?;
    Ok(Approval {
        ordinal: row.try_get("ordinal")?,
        asked: NewApproval {
            approval_id: row.try_get("approval_id")?,
            passport_id: row.try_get("passport_id")?,
            agent_id: row.try_get("agent_id")?,
            request: row.try_get("request")?,
            request_hash: row.try_get("request_hash")?,
            audience: row.try_get("audience")?,
            approvers: u8::try_from(approvers).map_err(|error| corrupt("the approvers of an approval", error))?,
            asked_at: row.try_get("asked_at")?,
            pending_until: row.try_get("pending_until")?,
        },
        state,
        approved_by,
        denied_by: row.try_get("denied_by")?,
        decided_at: row.try_get("decided_at")?,
        reason: row.try_get("reason")?,
    })
}
