//! Records of a revocation of many passports at once.

/// The most ids that [`MatchedPassports`] names: they stand in an audit event and in an answer.
pub const NAMED_PASSPORTS: u32 = 100;

/// Which passports: all that is given must hold, of the passport itself or of one of its lineage, live or not. Only live
/// ones are meant, which is what `now` is for; one that is not valid yet is live.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LiveFilter {
    /// Of this agent.
    pub agent_id: Option<String>,
    /// Signed by this key.
    pub key_id: Option<String>,
    /// Asked for by this agent.
    pub issued_by: Option<String>,
    /// Issued by this template, in any of its revisions.
    pub template: Option<String>,
    /// Issued at this time or later.
    pub issued_from: Option<i64>,
    /// Issued before this time.
    pub issued_before: Option<i64>,
    /// The time at which they are live.
    pub now: i64,
}

/// The passports that a filter has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MatchedPassports {
    /// How many there are.
    pub count: u64,
    /// The ids of the first [`NAMED_PASSPORTS`] of them, in the order in which they were issued.
    pub passport_ids: Vec<String>,
}

/// What revoking many passports did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedPassports {
    /// Those that were revoked; if there are none, nothing was written.
    pub matched: MatchedPassports,
    /// The trust sequence afterwards.
    pub trust_sequence: i64,
}
