//! What can be set on a verifier, each with its default.

use std::sync::Arc;

use passport_shared::judge::{LEEWAY, ResourcePolicy};
use passport_shared::limits::{TOKEN_BYTES, TOKEN_BYTES_MAX};

use super::Verifier;
use crate::cache::Cache;
use crate::strict::SignatureMethod;

/// How old something may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaxAge {
    /// At most so many seconds.
    Seconds(i64),
    /// However old.
    Unlimited,
}

impl MaxAge {
    pub(crate) fn allows(self, age: i64) -> bool {
        match self {
            Self::Seconds(max) => age <= max,
            Self::Unlimited => true,
        }
    }
}

/// What to do with a passport whose status cannot be had, or is too old.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StatusPolicy {
    /// Deny it.
    #[default]
    DenyUnavailable,
    /// Take it for valid. A revocation then reaches this verifier only with the next fresh list: choose it only where
    /// passports live for minutes.
    AllowUnavailable,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) max_token_bytes: usize,
    pub(super) max_key_age: MaxAge,
    pub(super) max_status_age: MaxAge,
    pub(super) leeway: i64,
    pub(super) status: StatusPolicy,
    pub(super) resource: ResourcePolicy,
    pub(super) signatures: SignatureMethod,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_token_bytes: TOKEN_BYTES,
            max_key_age: MaxAge::Seconds(24 * 3_600),
            max_status_age: MaxAge::Seconds(3_600),
            leeway: LEEWAY,
            status: StatusPolicy::default(),
            resource: ResourcePolicy::default(),
            signatures: SignatureMethod::default(),
        }
    }
}

/// Passports that are remembered unless set otherwise, and the bytes that they may hold.
pub(super) const CACHE_ENTRIES: usize = 3_584;
pub(super) const CACHE_BYTES: usize = 32 << 20;

impl Verifier {
    /// Longest token accepted, in bytes; 8,192 unless set, never over 65,536.
    #[must_use]
    pub fn with_max_token_bytes(mut self, bytes: usize) -> Self {
        self.settings.max_token_bytes = bytes.min(TOKEN_BYTES_MAX);
        self
    }

    /// How old keys may be before everything is denied with `keys_unavailable`; 24 hours unless set.
    #[must_use]
    pub fn with_max_key_age(mut self, age: MaxAge) -> Self {
        self.settings.max_key_age = age;
        self
    }

    /// How old a status list may be before its passports are denied with `status_unavailable`; 1 hour unless set.
    #[must_use]
    pub fn with_max_status_age(mut self, age: MaxAge) -> Self {
        self.settings.max_status_age = age;
        self
    }

    /// How many seconds a passport may be early (`nbf`, `iat`); 30 unless set. Being late is never forgiven.
    #[must_use]
    pub fn with_leeway(mut self, seconds: u32) -> Self {
        self.settings.leeway = i64::from(seconds);
        self
    }

    /// What to do with a passport whose status cannot be had.
    #[must_use]
    pub fn with_status_policy(mut self, policy: StatusPolicy) -> Self {
        self.settings.status = policy;
        self
    }

    /// Whether every request has to name a resource. [`ResourcePolicy::MustName`] is recommended.
    #[must_use]
    pub fn with_resource_policy(mut self, policy: ResourcePolicy) -> Self {
        self.settings.resource = policy;
        self
    }

    /// How signatures are checked. Every way accepts exactly the same; another than the default is for who does not
    /// want arithmetic of ours between a token and the library.
    #[must_use]
    pub fn with_signature_method(mut self, method: SignatureMethod) -> Self {
        self.settings.signatures = method;
        self
    }

    /// How many verified passports are remembered, about, and how many bytes they may hold together; 3,584 and 32 MiB
    /// unless set. The number is rounded up to seven times a power of two. Clones made before keep their own. A passport of five
    /// grants holds some 4 KiB.
    #[must_use]
    pub fn with_cache(mut self, passports: usize, bytes: usize) -> Self {
        self.cache = Some(Arc::new(Cache::new(passports, bytes)));
        self
    }

    /// Remembers nothing: each token is verified each time it comes.
    #[must_use]
    pub fn without_cache(mut self) -> Self {
        self.cache = None;
        self
    }
}
