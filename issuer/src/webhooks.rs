//! Webhooks outwards, after the Standard Webhooks specification: what is signed, whom it may go to, when it is tried again, and
//! one call. Which events go where is for [`crate::service`] to say.

pub(crate) mod post;
pub(crate) mod reach;
pub(crate) mod retry;
pub(crate) mod signature;
pub(crate) mod subscription;

pub use reach::Reach;
