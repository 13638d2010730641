//! What a record has to reach before the answer.

/// When a decision counts as recorded, and what becomes of one that cannot be (contract section 3, F3.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delivery {
    /// Once it is on disk: the answer waits for the spool's fsync, whatever it is. A kill or a power cut loses nothing
    /// that was answered. It costs each answer a few milliseconds of a disk; many share one fsync.
    SpoolFirst,
    /// Once it is queued in memory, from where it is written within milliseconds. A kill loses at most the last 10 ms, or
    /// as long as the system made a write wait, where others keep the disk busy; a power cut what the disk had not taken
    /// yet. While nothing can be queued or written, what would be allowed is denied: an action that cannot be recorded is
    /// not allowed.
    #[default]
    Background,
    /// As [`Background`](Self::Background), but decisions are answered even where they cannot be recorded. The loss
    /// itself is recorded: a gap record says from when to when, and how many.
    BestEffort,
}

impl Delivery {
    /// Its stable name: `spool-first`, `background` or `best-effort`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SpoolFirst => "spool-first",
            Self::Background => "background",
            Self::BestEffort => "best-effort",
        }
    }
}

impl std::fmt::Display for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// There is no policy of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} is no delivery; choose `spool-first`, `background` or `best-effort`", passport_shared::text::quote(.0))]
pub struct UnknownDelivery(String);

impl std::str::FromStr for Delivery {
    type Err = UnknownDelivery;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let all = [Self::SpoolFirst, Self::Background, Self::BestEffort];
        all.into_iter().find(|delivery| delivery.as_str() == text).ok_or_else(|| UnknownDelivery(text.to_owned()))
    }
}
