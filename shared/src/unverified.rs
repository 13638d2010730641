//! What a holder reads of its own passport, without any key.

use crate::decision::{Refusal, Verdict};
use crate::jose::{Compact, CompactError, TokenType};
use crate::judge::{LEEWAY, ResourcePolicy, check_times, judge};
use crate::limits::TOKEN_BYTES_MAX;
use crate::passport::{ClaimsError, Passport};
use crate::request::Request;

/// A passport as it describes itself. **Nothing in it is proved**: the signature has not been looked at, so nothing
/// may be allowed on its word. It is for the agent that carries it, and for a person who looks at it.
///
/// There is no way from here to a verified passport but to verify the token.
///
/// ```
/// use passport_shared::{request::Request, unverified::UnverifiedPassport};
/// # fn token() -> &'static str { "" }
/// match UnverifiedPassport::read(token().as_bytes()) {
///     Ok(passport) => {
///         println!("{}", passport.claims().to_prompt(1_800_000_000));
///         let _verdict = passport.preview(&Request::new("purchase").on("commerce"), 1_800_000_000);
///     }
///     Err(error) => println!("{error}"),
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnverifiedPassport {
    key_id: String,
    claims: Passport,
}

/// Why a text cannot be read as a passport.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnreadablePassport {
    /// Not a passport token.
    #[error("this is not a passport: {0}")]
    Token(#[from] CompactError),
    /// A passport token with claims that cannot be read.
    #[error("this is not a passport: {0}")]
    Claims(#[from] ClaimsError),
}

impl UnverifiedPassport {
    /// Reads what `token` says. It may have up to 65,536 bytes.
    pub fn read(token: &[u8]) -> Result<Self, UnreadablePassport> {
        let compact = Compact::split(token, TOKEN_BYTES_MAX)?;
        let key_id = compact.key_id(TokenType::Passport)?;
        Ok(Self { key_id, claims: Passport::read(&compact.payload)? })
    }

    /// What it says of itself.
    #[must_use]
    pub fn claims(&self) -> &Passport {
        &self.claims
    }

    /// The key that it says signed it.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// What a service would probably answer at `now`: times and grants are looked at as a verifier would; signature,
    /// audience and revocation, which the holder cannot know, are not.
    pub fn preview(&self, request: &Request, now: i64) -> Verdict {
        let early_or_late: Option<Refusal> = check_times(&self.claims, now, LEEWAY);
        early_or_late.map_or_else(|| judge(&self.claims, request, ResourcePolicy::MayOmit, now), Verdict::Deny)
    }
}
