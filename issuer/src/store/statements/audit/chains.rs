//! The chain of each reporter: whether its events follow one another, and what is missing where they do not.

use super::super::driver::{DbConnection, Failure};
use super::rows::hash;
use crate::store::{Finding, FindingKind, Link, Reported};

/// How far a chain has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Chain {
    /// The first number that it took.
    pub(in super::super) first_seq: i64,
    /// The last.
    pub(in super::super) last_seq: i64,
    /// The hash of the last event.
    pub(in super::super) last_hash: [u8; 32],
}

/// The numbers that an event takes, and what it says was before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    first: i64,
    last: i64,
    previous: Option<[u8; 32]>,
    /// What it may be told by besides.
    plain: Option<[u8; 32]>,
    hash: [u8; 32],
}

impl Place {
    /// `None` for an event of a reporter that keeps no chain.
    pub(super) fn of(reported: &Reported) -> Option<Self> {
        let Link { previous, count } = reported.link?;
        let last = reported.event.seq?;
        let plain = reported.plain.as_ref().and_then(|plain| plain.previous);
        Some(Self { first: last.saturating_sub(count.saturating_sub(1)), last, previous, plain, hash: reported.event.told_by() })
    }

    /// That of an event as it is stored. What it was told by before it was hidden, nobody knows any more.
    pub(super) fn stored(link: Link, last: i64, hash: [u8; 32]) -> Self {
        Self { first: last.saturating_sub(link.count.saturating_sub(1)), last, previous: link.previous, plain: None, hash }
    }

    /// The first number that it takes.
    pub(super) const fn first(&self) -> i64 {
        self.first
    }

    /// The last.
    pub(super) const fn last(&self) -> i64 {
        self.last
    }

    /// Whether it is the next event of this chain: then it is new.
    pub(super) fn follows(&self, chain: &Chain) -> bool {
        self.first == chain.last_seq.saturating_add(1) && self.names(&chain.last_hash)
    }

    /// This chain with it, where it is its next event and begins no other.
    pub(super) fn next(&self, chain: &Chain) -> Option<Chain> {
        match step(Some(chain), self) {
            Step::Goes(gone) if self.follows(chain) && gone.first_seq == chain.first_seq => Some(gone),
            _ => None,
        }
    }

    /// Whether it says that the event that is told by this hash was before it.
    fn names(&self, hash: &[u8; 32]) -> bool {
        [self.previous, self.plain].contains(&Some(*hash))
    }
}

/// What one event does to the chains of its reporter.
pub(super) enum Step {
    /// It goes on with this chain, or begins it.
    Goes(Chain),
    /// It goes on after numbers that did not come: from, to.
    Misses(Chain, i64, i64),
    /// It takes numbers that had not come, or were taken: only the open gaps can say which.
    Late,
    /// It has the next number, and another event before it than the one that came.
    Forks(Chain),
}

/// `chain` is the one with the greatest first number that is not greater than the event's.
pub(super) fn step(chain: Option<&Chain>, place: &Place) -> Step {
    let begun = Chain { first_seq: place.first, last_seq: place.last, last_hash: place.hash };
    match (chain, place.previous) {
        (Some(chain), _) if place.first <= chain.last_seq => Step::Late,
        (_, None) => Step::Goes(begun),
        // Nothing is known of the event that it names.
        (None, Some(_)) => Step::Misses(begun, place.first.saturating_sub(1), place.first.saturating_sub(1)),
        (Some(chain), Some(_)) => {
            let gone = Chain { first_seq: chain.first_seq, last_seq: place.last, last_hash: place.hash };
            match place.first == chain.last_seq.saturating_add(1) {
                true if place.names(&chain.last_hash) => Step::Goes(gone),
                true => Step::Forks(gone),
                false => Step::Misses(gone, chain.last_seq.saturating_add(1), place.first.saturating_sub(1)),
            }
        }
    }
}

/// The chain that an event with this number belongs to.
pub(super) async fn find(conn: &mut DbConnection, reporter: &str, seq: i64) -> Result<Option<Chain>, Failure> {
    let query = "SELECT first_seq, last_seq, last_hash FROM audit_chains WHERE reporter = $1 AND first_seq <= $2 \
                 ORDER BY first_seq DESC LIMIT 1";
    let found: Option<(i64, i64, Vec<u8>)> = sqlx::query_as(query).bind(reporter).bind(seq).fetch_optional(conn).await?;
    let chain = |(first_seq, last_seq, last_hash): (i64, i64, Vec<u8>)| {
        Ok(Chain { first_seq, last_seq, last_hash: hash(&last_hash, "a reporter's chain")? })
    };
    found.map(chain).transpose()
}

/// Records what was found wrong.
pub(super) async fn record(conn: &mut DbConnection, findings: &[Finding]) -> Result<(), Failure> {
    for finding in findings {
        sqlx::query(
            "INSERT INTO audit_findings (kind, reporter, from_seq, to_seq, sequence, found_at, resolved_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(finding.kind.as_str())
        .bind(&finding.reporter)
        .bind(finding.from_seq)
        .bind(finding.to_seq)
        .bind(finding.sequence)
        .bind(finding.found_at)
        .bind(finding.resolved_at)
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Takes these numbers out of the open gap that they lie in, whole: what is left of it is as many as two gaps. Gives whether
/// there was one; where there was none, they had come before.
pub(super) async fn fill(conn: &mut DbConnection, reporter: &str, place: &Place, now: i64) -> Result<bool, Failure> {
    let query = "SELECT finding, from_seq, to_seq, sequence, found_at FROM audit_findings \
                 WHERE reporter = $1 AND from_seq <= $2 AND to_seq >= $3 AND kind = 'gap' AND resolved_at IS NULL \
                 ORDER BY from_seq DESC LIMIT 1";
    let open: Option<(i64, i64, i64, i64, i64)> =
        sqlx::query_as(query).bind(reporter).bind(place.first).bind(place.last).fetch_optional(&mut *conn).await?;
    let Some((finding, from, to, sequence, found_at)) = open else { return Ok(false) };
    sqlx::query("UPDATE audit_findings SET from_seq = $1, to_seq = $2, resolved_at = $3 WHERE finding = $4")
        .bind(place.first)
        .bind(place.last)
        .bind(now)
        .bind(finding)
        .execute(&mut *conn)
        .await?;
    let left = [(from, place.first.saturating_sub(1)), (place.last.saturating_add(1), to)];
    let left = left.into_iter().filter(|(from, to)| from <= to).map(|(from_seq, to_seq)| Finding {
        kind: FindingKind::Gap,
        reporter: reporter.to_owned(),
        from_seq,
        to_seq,
        sequence,
        found_at,
        resolved_at: None,
    });
    let left: Vec<_> = left.collect();
    record(conn, &left).await?;
    Ok(true)
}
