//! What the issuer says of itself.

use passport_shared::api::discovery::{AuditLogMetadata, IssuerMetadata};
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
            audit_log: Some(AuditLogMetadata {
                origin: self.log_key().name().to_owned(),
                verifier_key: self.log_key().to_string(),
                prefix: at("/v1/audit/log/"),
                proof_endpoint: at("/v1/audit/proof"),
            }),
            openapi_uri: at("/openapi.json"),
            authorization_details_types_supported: vec![GRANT_TYPE.to_owned()],
            signing_alg_values_supported: vec![settings.algorithm.name().to_owned()],
            max_passport_life: settings.max_passport_life,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::service::testing::{ISSUER, Place};

    #[tokio::test]
    async fn every_address_is_below_the_issuers_own() {
        let (issuer, _) = Place::new().start().await;
        let told = issuer.metadata();
        assert_eq!((told.issuer.as_str(), told.max_passport_life), (ISSUER, 90 * 86_400));
        let log = told.audit_log.expect("it has a log");
        assert_eq!((log.origin.as_str(), &log.verifier_key), (issuer.log_key().name(), &issuer.log_key().to_string()));
        assert_eq!(log.prefix, format!("https://{}/", log.origin), "it is where its name says");
        for uri in [
            &log.prefix,
            &log.proof_endpoint,
            &told.jwks_uri,
            &told.trust_bundle_uri,
            &told.introspection_endpoint,
            &told.verify_endpoint,
            &told.audit_endpoint,
            &told.openapi_uri,
        ] {
            assert!(uri.starts_with(&format!("{ISSUER}/")), "{uri}");
        }
    }
}
