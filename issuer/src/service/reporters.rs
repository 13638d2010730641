//! Who reports, and what is wrong with what they sent.

use passport_shared::api::Page;
use passport_shared::api::audit::{Chain, Finding, FindingsQuery, Reporter, Reporters};
use passport_shared::recorded::Recorded;

use super::{Issuer, ServiceError, check, paging};
use crate::store::{self, FindingFilter};

impl Issuer {
    /// What was found wrong with the chains of reporters, newest first.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn findings(&self, query: FindingsQuery) -> Result<Page<Finding>, ServiceError> {
        let FindingsQuery { reporter, open, limit, cursor } = query;
        let (cursor, limit) = (paging::number(cursor.as_deref())?, paging::limit(limit)?);
        let page = self.store().findings(FindingFilter { reporter, open: open.unwrap_or_default(), cursor, limit }).await?;
        let items = page.items.into_iter().map(|finding| Finding {
            kind: finding.kind.as_str().to_owned(),
            reporter: finding.reporter,
            from_seq: finding.from_seq,
            to_seq: finding.to_seq,
            sequence: finding.sequence,
            found_at: check::shown(finding.found_at),
            resolved_at: finding.resolved_at.map(check::shown),
        });
        Ok(Page { items: items.collect(), next_cursor: page.next.map(|cursor| cursor.to_string()) })
    }

    /// Reporters in the order of their ids. `limit` is 1 to 1,000, and 100 where it is left out.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`].
    pub async fn reporters(&self, cursor: Option<String>, limit: Option<u32>) -> Result<Reporters, ServiceError> {
        let after = paging::name(cursor.as_deref())?;
        let page = self.store().reporters(after.as_deref(), paging::limit(limit)?).await?;
        let mut items = Vec::with_capacity(page.items.len());
        for found in page.items {
            let last = self.last_of(found.last.0).await?;
            items.push(shown(found, last));
        }
        let next_cursor = page.next.map(|id| paging::name_cursor(&id));
        Ok(Reporters { items, next_cursor, trust_sequence: self.store().trust_sequence().await? })
    }

    /// How fresh spool and trust are is read of the newest event when somebody asks: at intake it would be work for each.
    async fn last_of(&self, sequence: i64) -> Result<Last, ServiceError> {
        let found = self.store().log_from(sequence.saturating_sub(1), 1).await?.items.pop();
        let Some(event) = found.filter(|event| event.sequence == sequence) else { return Ok(Last::default()) };
        let recorded = Recorded::read(event.event.body.as_bytes());
        Ok(Last {
            delay: event.event.evaluated_at.map(|at| event.event.received_at.saturating_sub(at)),
            trust: recorded.and_then(|recorded| recorded.trust_sequence),
        })
    }
}

/// What the last event of a reporter says of it.
#[derive(Clone, Copy, Default)]
struct Last {
    delay: Option<i64>,
    trust: Option<i64>,
}

fn shown(found: store::Reporter, last: Last) -> Reporter {
    let chain =
        |chain: store::ReporterChain| Chain { first_seq: chain.first_seq, last_seq: chain.last_seq, last_at: check::shown(chain.last_at) };
    Reporter {
        reporter: found.reporter,
        last_seen: Some(check::shown(found.last.1)),
        last_sequence: Some(found.last.0),
        last_delay: last.delay,
        last_trust: last.trust,
        chains: found.chains.into_iter().map(chain).collect(),
        open_gaps: found.open_gaps.0,
        missing: found.open_gaps.1,
        forks: found.forks,
    }
}

#[cfg(test)]
mod tests {
    use passport_shared::api::audit::ReportEvents;
    use serde_json::value::RawValue;
    use serde_json::{Value, json};

    use crate::service::testing::{NOW, World};

    #[tokio::test]
    async fn the_last_event_says_how_fresh_a_verifiers_spool_and_trust_are() {
        let world = World::new().await;
        let token = world.role("reporter").await;
        let reporter = world.issuer.authorize(Some(&token), "audit.write", "issuer/audit", &[]).await.unwrap();
        let report = async |event: Value| {
            let events = vec![RawValue::from_string(event.to_string()).unwrap()];
            let body = ReportEvents { reporter: "the-reporter".to_owned(), events };
            world.issuer.report_events(&reporter, body).await.unwrap();
            let found = world.issuer.reporters(None, None).await.unwrap();
            assert_eq!(found.trust_sequence, world.issuer.store().trust_sequence().await.unwrap());
            let [only] = &found.items[..] else { panic!("one reporter: {found:?}") };
            (only.last_delay, only.last_trust)
        };
        let decision = |id: &str, at: i64| {
            json!({"requestId": id, "seq": 1, "allowed": true, "outcome": "allow", "reason": "granted", "message": "", "details": [],
                "evaluatedAt": passport_shared::time::format(at).unwrap()})
        };
        let mut told = decision("r1", NOW - 40);
        told["trustSequence"] = 3.into();
        assert_eq!(report(told.clone()).await, (Some(40), Some(3)));
        // What came last counts, and what it does not say is not taken from another.
        assert_eq!(report(decision("r2", NOW - 5)).await, (Some(5), None));
        told["requestId"] = "r3".into();
        told["evaluatedAt"] = Value::Null;
        assert_eq!(report(told).await, (None, Some(3)));
    }
}
