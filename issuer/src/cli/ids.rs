//! Ids for requests that came without one.

use uuid::Builder;

use super::Session;

/// A fresh `req_` id: a UUIDv7, so that ids sort by time.
pub(crate) fn request_id(session: &Session) -> String {
    let mut random = [0; 10];
    session.entropy.fill(&mut random);
    let millis = u64::try_from(session.clock.now_millis()).unwrap_or_default();
    format!("req_{}", Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
}
