//! Records of webhooks.

/// What a secret is made of, a webhook's or that of hidden attributes, with a key that is not here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretSeed {
    /// What tells this secret from all others.
    pub salt: [u8; 32],
    /// SHA-256 of the secret, so that one that comes out otherwise is never signed with.
    pub hash: [u8; 32],
}

/// A webhook to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    /// Its id.
    pub webhook_id: String,
    /// Where it goes.
    pub url: String,
    /// The events that it is for, as a JSON list.
    pub events: String,
    /// What they are narrowed by, as a JSON object.
    pub filter: String,
    /// What it is for.
    pub description: Option<String>,
    /// Its secret.
    pub secret: SecretSeed,
    /// When it is created.
    pub created_at: i64,
    /// The agent that creates it.
    pub created_by: String,
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// What it was created with; the secret is the present one.
    pub made: NewWebhook,
    /// The secret before, which signs beside the present one until this time.
    pub old: Option<(SecretSeed, i64)>,
    /// The last event of the log that was looked at for it.
    pub cursor: i64,
    /// Since when nothing is sent, and why.
    pub disabled: Option<(i64, String)>,
}

/// A change of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookChange {
    /// Another secret; the one before signs beside it until `old_until`.
    Rotate {
        /// The new one.
        secret: SecretSeed,
        /// Until when the old one signs too.
        old_until: i64,
    },
    /// Nothing is sent from now on. One that is disabled already stays as it is.
    Disable {
        /// Since when.
        at: i64,
        /// Why.
        why: String,
    },
    /// It is sent again, from where it stopped.
    Enable,
}

/// What is to be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// What was given up, from now on.
    Dead {
        /// When.
        now: i64,
    },
    /// Every event from this sequence on.
    Since(i64),
}

/// What has become of a delivery that did not come about at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is tried again.
    Pending,
    /// It came about in the end.
    Done,
    /// It was given up.
    Dead,
}

impl DeliveryState {
    /// The word used in storage and in filters: `pending`, `done` or `dead`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Dead => "dead",
        }
    }

    /// The state with this word; `None` for any other.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Done, Self::Dead].into_iter().find(|state| state.as_str() == word)
    }
}

/// A delivery that did not come about at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The webhook.
    pub webhook_id: String,
    /// The event.
    pub sequence: i64,
    /// What the receiver knows it by.
    pub message_id: String,
    /// What has become of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was tried last.
    pub tried_at: i64,
    /// When it is tried next, while it is pending.
    pub next_at: i64,
    /// What went wrong last.
    pub last_error: Option<String>,
}

/// Which deliveries to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Of this webhook.
    pub webhook_id: String,
    /// In this state.
    pub state: Option<DeliveryState>,
    /// [`Page::next`](super::Page::next) of the page before; `None` for the first.
    pub cursor: Option<i64>,
    /// At most so many (see [`MAX_PAGE`](crate::store::MAX_PAGE)).
    pub limit: u32,
}

/// What has come of sending for one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The webhook.
    pub webhook_id: String,
    /// Who sent: it must be the one that may.
    pub holder: String,
    /// Where the cursor was.
    pub from: i64,
    /// Where it is now.
    pub to: i64,
    /// Deliveries that failed, or that had failed before: as they are now.
    pub deliveries: Vec<Delivery>,
    /// How many may be pending; of more, the oldest are given up.
    pub most: u32,
}

/// How many deliveries there are, of all webhooks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryCounts {
    /// Those that are tried again.
    pub pending: i64,
    /// Those that were given up.
    pub dead: i64,
}
