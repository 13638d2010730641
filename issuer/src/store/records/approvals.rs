//! Records of approvals.

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalState {
    /// It waits for people.
    Pending,
    /// As many people as were asked for have approved.
    Approved,
    /// Somebody has denied it.
    Denied,
    /// Nobody has decided in time.
    Expired,
}

impl ApprovalState {
    const ALL: [Self; 4] = [Self::Pending, Self::Approved, Self::Denied, Self::Expired];

    /// The word used in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
        }
    }

    /// The state with this word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// What an agent asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApproval {
    /// Its id, never used before.
    pub approval_id: String,
    /// The passport that it is asked with.
    pub passport_id: String,
    /// The agent.
    pub agent_id: String,
    /// The request, as it was given.
    pub request: String,
    /// Its hash (contract section 6).
    pub request_hash: String,
    /// The service that it is for.
    pub audience: String,
    /// How many different people have to approve, 1 to 4.
    pub approvers: u8,
    /// When it is asked.
    pub asked_at: i64,
    /// Until when people can decide.
    pub pending_until: i64,
}

/// An approval as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Its place in the order in which approvals were asked for.
    pub ordinal: i64,
    /// What was asked.
    pub asked: NewApproval,
    /// Where it stands at the time that was given.
    pub state: ApprovalState,
    /// Who has approved, in the order of their names.
    pub approved_by: Vec<String>,
    /// Who has denied it.
    pub denied_by: Option<String>,
    /// When it was approved or denied.
    pub decided_at: Option<i64>,
    /// Why, in the words of who decided last.
    pub reason: Option<String>,
}

/// What one person says to an approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The approval.
    pub approval_id: String,
    /// Who says it.
    pub decided_by: String,
    /// Whether they approve.
    pub approves: bool,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub now: i64,
    /// The request as it is kept if this decides it; `None`: as it is.
    pub request: Option<String>,
}

/// Which approvals to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalFilter {
    /// In this state at `now`.
    pub state: Option<ApprovalState>,
    /// The time that `state` is relative to.
    pub now: i64,
    /// [`Page::next`](super::Page::next) of the page before; `None` for the first.
    pub cursor: Option<i64>,
    /// At most so many (see [`MAX_PAGE`](crate::store::MAX_PAGE)).
    pub limit: u32,
}
