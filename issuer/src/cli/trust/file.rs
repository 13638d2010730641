//! A file of trust: a bundle, or a plain JWK set together with its issuer.

use std::path::Path;

use passport_shared::jose::{Compact, CompactError, TokenType};
use passport_shared::limits::TRUST_BUNDLE_BYTES;
use passport_shared::text::quote;
use passport_shared::trust_bundle::{TrustBundleClaims, TrustBundleError};
use passport_verifier::{Trust, TrustError};

use crate::cli::error::CliError;
use crate::cli::input;

/// What a file says is to be trusted.
#[derive(Debug)]
pub(crate) struct TrustFile {
    pub(crate) trust: Trust,
    /// `None` for a JWK set.
    pub(crate) bundle: Option<Bundle>,
}

/// What is told of a bundle beyond what a verifier keeps.
#[derive(Debug)]
pub(crate) struct Bundle {
    /// The key that signed it.
    pub(crate) signed_by: String,
    /// Its claims.
    pub(crate) claims: TrustBundleClaims,
}

impl TrustFile {
    /// Reads the file. Whether a bundle has expired is left to whoever knows what time it is to be.
    ///
    /// `issuer` has to be given for a JWK set, which does not name it; for a bundle it has to be the bundle's.
    pub(crate) fn read(path: &Path, issuer: Option<&str>) -> Result<Self, CliError> {
        let bytes = input::file(path, TRUST_BUNDLE_BYTES)?;
        let shown = path.display();
        if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            let Some(issuer) = issuer else {
                return Err(CliError::usage(format!("`{shown}` is a JWK set, which does not say whose keys it holds"))
                    .hint("name the issuer that you trust them for: --issuer URL"));
            };
            let trust = Trust::from_key_set(issuer, &bytes).map_err(|error| refused(path, &error))?;
            return Ok(Self { trust, bundle: None });
        }
        // At no time has it expired.
        let trust = Trust::from_bundle(&bytes, -1).map_err(|error| match error {
            TrustError::NotABundle(_) => CliError::failed(format!("`{shown}` is neither a trust bundle nor a JWK set: {error}"))
                .hint("fetch a bundle: `passport trust fetch --url URL -o FILE`"),
            _ => refused(path, &error),
        })?;
        if let Some(issuer) = issuer.filter(|issuer| *issuer != trust.issuer()) {
            return Err(CliError::failed(format!("`{shown}` is the trust bundle of {}, not of {}", quote(trust.issuer()), quote(issuer))));
        }
        let bundle = Bundle::read(&bytes).map_err(|error| refused(path, &error))?;
        Ok(Self { trust, bundle: Some(bundle) })
    }

    /// When a bundle expires; `None` for a JWK set.
    pub(crate) fn expires_at(&self) -> Option<i64> {
        self.bundle.as_ref().map(|bundle| bundle.claims.expires_at)
    }
}

impl Bundle {
    /// Reads a bundle that a [`Trust`] was made from already.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, TrustError> {
        let read = |error: CompactError| TrustError::NotABundle(error);
        let compact = Compact::split(bytes, TRUST_BUNDLE_BYTES).map_err(read)?;
        let signed_by = compact.key_id(TokenType::TrustBundle).map_err(read)?;
        let claims = TrustBundleClaims::read(&compact.payload).map_err(|error: TrustBundleError| TrustError::Bundle(error))?;
        Ok(Self { signed_by, claims })
    }
}

fn refused(path: &Path, error: &TrustError) -> CliError {
    CliError::failed(format!("`{}` is not to be trusted: {error}", path.display()))
}
