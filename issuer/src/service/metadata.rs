//! What the issuer says of itself.

use passport_shared::api::discovery::IssuerMetadata;
use passport_shared::grant::GRANT_TYPE;

use super::Issuer;

impl Issuer {
    /// Where everything is, for `/.well-known/passport-issuer` (RFC 8615).
    #[must_use]
    pub fn metadata(&self) -> IssuerMetadata {
        let settings = self.settings();
        let at = |path: &str| format!("{}{path}", settings.issuer);
        IssuerMetadata {
            issuer: settings.issuer.clone(),
            jwks_uri: at("/.well-known/jwks.json"),
            trust_bundle_uri: at("/v1/trust-bundle"),
            introspection_endpoint: at("/v1/introspect"),
            verify_endpoint: at("/v1/verify"),
            audit_endpoint: at("/v1/audit/events"),
            openapi_uri: at("/openapi.json"),
            authorization_details_types_supported: vec![GRANT_TYPE.to_owned()],
            signing_alg_values_supported: vec![settings.algorithm.name().to_owned()],
            max_passport_life: settings.max_passport_life,
        }
    }
}
