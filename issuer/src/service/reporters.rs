//! Who reports, and what is wrong with what they sent.

use passport_shared::api::Page;
use passport_shared::api::audit::{Chain, Finding, FindingsQuery, Reporter};

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
    pub async fn reporters(&self, cursor: Option<String>, limit: Option<u32>) -> Result<Page<Reporter>, ServiceError> {
        let after = paging::name(cursor.as_deref())?;
        let page = self.store().reporters(after.as_deref(), paging::limit(limit)?).await?;
        Ok(Page { items: page.items.into_iter().map(shown).collect(), next_cursor: page.next.map(|id| paging::name_cursor(&id)) })
    }
}

fn shown(found: store::Reporter) -> Reporter {
    let chain =
        |chain: store::ReporterChain| Chain { first_seq: chain.first_seq, last_seq: chain.last_seq, last_at: check::shown(chain.last_at) };
    Reporter {
        reporter: found.reporter,
        last_seen: Some(check::shown(found.last.1)),
        last_sequence: Some(found.last.0),
        chains: found.chains.into_iter().map(chain).collect(),
        open_gaps: found.open_gaps.0,
        missing: found.open_gaps.1,
        forks: found.forks,
    }
}
