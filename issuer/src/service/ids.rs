//! Ids that the issuer makes: a prefix that says what it is, and a UUIDv7 (RFC 9562), so that ids sort by time.

use super::{Issuer, Parts};

/// What an id names. Readers treat ids as opaque.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Id {
    Passport,
    Request,
    Event,
    Agent,
    Approval,
    Webhook,
    /// One of several issuers on a database, that sends to webhooks.
    Sender,
}

impl Id {
    fn prefix(self) -> &'static str {
        match self {
            Self::Passport => "pp_",
            Self::Request => "req_",
            Self::Event => "evt_",
            Self::Agent => "agent_",
            Self::Approval => "apr_",
            Self::Webhook => "wh_",
            Self::Sender => "snd_",
        }
    }
}

/// What stands for an id that is not made yet: as long as any, and nobody's.
pub(super) fn stand_in(id: Id) -> String {
    format!("{}{}", id.prefix(), uuid::Uuid::nil())
}

impl Issuer {
    /// See [`Parts::new_id`].
    pub(super) fn new_id(&self, id: Id) -> String {
        self.inner.parts.new_id(id)
    }
}

impl Parts {
    /// A fresh id: 48 bits of time and 74 bits of chance.
    pub(super) fn new_id(&self, id: Id) -> String {
        let mut random = [0; 10];
        self.entropy.fill(&mut random);
        let millis = u64::try_from(self.clock.now_millis()).unwrap_or(0);
        let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        format!("{}{uuid}", id.prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::Place;

    #[tokio::test]
    async fn an_id_says_what_it_names_and_sorts_by_time() {
        let place = Place::new();
        let (issuer, _) = place.start().await;
        let first = issuer.new_id(Id::Passport);
        place.clock.advance(1);
        let second = issuer.new_id(Id::Passport);
        assert!(first < second, "{first} {second}");
        for (id, prefix) in [(Id::Passport, "pp_"), (Id::Request, "req_"), (Id::Event, "evt_"), (Id::Agent, "agent_")] {
            let text = issuer.new_id(id);
            let uuid = uuid::Uuid::parse_str(text.strip_prefix(prefix).expect(prefix)).expect("a uuid");
            assert_eq!(uuid.get_version_num(), 7);
            assert_ne!(issuer.new_id(id), text);
            assert!(stand_in(id).starts_with(prefix) && stand_in(id).len() == text.len(), "{}", stand_in(id));
        }
    }
}
