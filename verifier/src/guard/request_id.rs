//! Ids for requests that came without one.

use super::{Randomness, RandomnessError};

const PREFIX: &str = "req_";

/// `req_` and a UUID of version 7 (RFC 9562, section 5.7), so that ids sort by time. `millis` since 1970.
pub(crate) fn new_request_id(millis: i64, randomness: &dyn Randomness) -> Result<String, RandomnessError> {
    let mut random = [0; 10];
    randomness.fill(&mut random)?;
    // A clock before 1970 has been refused already; the id only has to be there.
    let millis = u64::try_from(millis).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
    let id = id.hyphenated().encode_lower(&mut text);
    let mut named = String::with_capacity(PREFIX.len() + id.len());
    named.push_str(PREFIX);
    named.push_str(id);
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{FixedRandomness, NoRandomness};

    #[test]
    fn ids_are_those_of_rfc_9562() {
        // Appendix A.6 of the RFC: 2022-02-22T19:22:22Z, and its random bits.
        let random = FixedRandomness([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
        assert_eq!(new_request_id(1_645_557_742_000, &random).as_deref(), Ok("req_017f22e2-79b0-7cc3-98c4-dc0c0c07398f"));
    }

    #[test]
    fn ids_sort_by_time() {
        let random = FixedRandomness([0; 10]);
        let ids: Vec<_> = [0, 1, 999, 1_000, 1_800_000_000_000].map(|millis| new_request_id(millis, &random)).into();
        assert!(ids.is_sorted_by(|a, b| a.as_ref().ok() < b.as_ref().ok()), "{ids:?}");
    }

    #[test]
    fn without_randomness_there_is_no_id() {
        assert_eq!(new_request_id(1, &NoRandomness), Err(RandomnessError));
    }
}
