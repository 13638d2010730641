//! What the audit log adds up to.

use passport_shared::api::audit::{Count, Counts, CountsQuery};
use passport_shared::text::quote;

use super::{Issuer, ServiceError, check, events};
use crate::store::{CountFilter, MAX_COUNTS};

const HOUR: i64 = 3_600;

/// Where nothing is said of the beginning: a week.
const USUAL: i64 = 7 * 86_400;

impl Issuer {
    /// How many decisions there were, by outcome and by what is asked for besides. Hours are whole.
    ///
    /// # Errors
    /// [`ServiceError::InvalidQuery`], also for what comes to more than [`MAX_COUNTS`] numbers.
    pub async fn counts(&self, query: CountsQuery) -> Result<Counts, ServiceError> {
        let to = events::moment("to", query.to.as_deref())?.unwrap_or_else(|| self.now().saturating_add(1));
        let from = events::moment("from", query.from.as_deref())?.unwrap_or_else(|| to.saturating_sub(USUAL));
        let mut filter = CountFilter {
            from_hour: from.div_euclid(HOUR),
            to_hour: to.saturating_add(HOUR - 1).div_euclid(HOUR),
            agent_id: query.agent_id,
            ..CountFilter::default()
        };
        for word in query.by.as_deref().into_iter().flat_map(|by| by.split(',')) {
            let told_apart = match word {
                "hour" => &mut filter.by_hour,
                "agent" => &mut filter.by_agent,
                "reason" => &mut filter.by_reason,
                _ => return Err(wrong("by", format!("{} is none of `hour`, `agent` and `reason`", quote(word)))),
            };
            if std::mem::replace(told_apart, true) {
                return Err(wrong("by", format!("{} stands in it twice", quote(word))));
            }
        }
        let shown = |hour: i64| check::shown(hour.saturating_mul(HOUR));
        let (from, to) = (shown(filter.from_hour), shown(filter.to_hour));
        let found = self.store().counts(filter).await?;
        if found.len() > MAX_COUNTS {
            let detail =
                format!("this comes to more than {MAX_COUNTS} numbers; tell less apart, or ask for a shorter time with `from` and `to`");
            return Err(wrong("by", detail));
        }
        let items = found.into_iter().map(|count| Count {
            hour: count.hour.map(shown),
            agent_id: count.agent_id,
            outcome: count.outcome,
            reason: count.reason,
            count: count.count,
        });
        Ok(Counts { from, to, items: items.collect() })
    }
}

fn wrong(name: &'static str, detail: String) -> ServiceError {
    ServiceError::InvalidQuery { name, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::World;

    #[tokio::test]
    async fn decisions_are_counted_over_whole_hours_and_told_apart_as_asked() {
        let world = World::new().await;
        let caller = world.issuer.authorize(Some(&world.role("reporter").await), "audit.write", "issuer/audit", &[]).await.unwrap();
        let event = |number: usize, outcome: &str, at: &str| {
            let text = format!(
                r#"{{"seq":{number},"requestId":"r{number}","outcome":"{outcome}","reason":"x","agentId":"ollie","evaluatedAt":"{at}"}}"#
            );
            serde_json::value::RawValue::from_string(text).unwrap()
        };
        let events = vec![
            event(1, "allow", "2026-11-18T10:00:00Z"),
            event(2, "allow", "2026-11-18T10:59:59Z"),
            event(3, "deny", "2026-11-18T11:00:00Z"),
        ];
        let batch = passport_shared::api::audit::ReportEvents { reporter: "the-reporter".to_owned(), events };
        world.issuer.report_events(&caller, batch).await.unwrap();
        let some = |text: &str| Some(text.to_owned());
        let counted = async |by: Option<&str>, from: &str, to: &str| {
            let query = CountsQuery { by: by.map(str::to_owned), from: some(from), to: some(to), agent_id: some("ollie") };
            world.issuer.counts(query).await.unwrap()
        };
        let counts = counted(None, "2026-11-18T10:30:00Z", "2026-11-18T11:00:01Z").await;
        assert_eq!((counts.from.as_str(), counts.to.as_str()), ("2026-11-18T10:00:00Z", "2026-11-18T12:00:00Z"));
        let numbers: Vec<_> = counts.items.iter().map(|count| (count.outcome.as_str(), count.count)).collect();
        assert_eq!(numbers, [("allow", 2), ("deny", 1)]);
        let counts = counted(Some("reason,hour"), "2026-11-18T10:00:00Z", "2026-11-18T11:00:00Z").await;
        assert_eq!(counts.items.len(), 1);
        let one = &counts.items[0];
        assert_eq!((one.hour.as_deref(), one.reason.as_deref(), one.agent_id.as_deref()), (Some("2026-11-18T10:00:00Z"), Some("x"), None));
        for bad in ["", "day", "hour,hour", "hour, agent"] {
            let error = world.issuer.counts(CountsQuery { by: some(bad), ..CountsQuery::default() }).await.unwrap_err();
            assert_eq!(error.code(), "invalid_query", "{bad}");
        }
    }
}
