//! Token introspection (RFC 7662).

use passport_shared::api::checks::Introspection;
use passport_shared::grant::GRANT_TYPE;
use passport_shared::jose::Compact;
use passport_shared::limits::TOKEN_BYTES;
use passport_shared::unverified::UnverifiedPassport;
use passport_verifier::Verifier;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Issuer, ServiceError};

#[derive(Deserialize)]
struct Details {
    authorization_details: Box<RawValue>,
}

impl Issuer {
    /// Whether `token` is a live passport of this issuer, and what it says (RFC 7662, section 2.2). Whatever is wrong
    /// with it, the answer is `active: false` and nothing else.
    ///
    /// The question is not asked for one service: who asks compares `aud` itself. A passport that is bound to a key
    /// (`cnf`) is not active: nobody may take it for a bearer token.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] if the issuer's own trust is not to be had.
    pub async fn introspect(&self, token: &str) -> Result<Introspection, ServiceError> {
        self.edition().await?;
        Ok(self.active(token).unwrap_or_default())
    }

    fn active(&self, token: &str) -> Option<Introspection> {
        if token.len() > TOKEN_BYTES {
            return None;
        }
        // Only to have an audience to ask for. What counts is what the verifier says.
        let audience = UnverifiedPassport::read(token.as_bytes()).ok()?.claims().audience.first()?.to_string();
        let verifier = Verifier::new((*self.inner.gate.trust()).clone(), audience).without_cache();
        let verified = verifier.verify(token, self.now()).ok()?;
        let claims = verified.claims();
        if claims.needs_proof {
            return None;
        }
        let payload = Compact::split(token.as_bytes(), TOKEN_BYTES).ok()?.payload;
        let details: Details = serde_json::from_slice(&payload).ok()?;
        Some(Introspection {
            active: true,
            token_type: Some(GRANT_TYPE.to_owned()),
            iss: Some(claims.issuer.to_string()),
            sub: Some(claims.agent_id.to_string()),
            aud: Some(claims.audience.iter().map(ToString::to_string).collect()),
            jti: Some(claims.id.to_string()),
            iat: Some(claims.issued_at),
            nbf: claims.not_before,
            exp: Some(claims.expires_at),
            authorization_details: Some(details.authorization_details),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::testing::{NOW, Place, SHOP, SHOPPING, World, order};

    #[tokio::test]
    async fn a_live_passport_is_active_and_everything_else_is_not() {
        let world = World::new().await;
        let issued = world.ollie().await;
        let live = world.issuer.introspect(&issued.passport).await.unwrap();
        assert!(live.active);
        assert_eq!((live.sub.as_deref(), live.aud, live.exp), (Some("ollie"), Some(vec![SHOP.to_owned()]), Some(NOW + 3_600)));
        assert_eq!((live.jti, live.token_type.as_deref()), (Some(issued.passport_id), Some("permission_passport")));
        assert!(live.authorization_details.unwrap().get().contains("\"500.00\""));

        let mut later = order("ollie", SHOP, SHOPPING);
        later.not_before = passport_shared::time::format(NOW + 60);
        let later = world.issuer.issue_passport(&world.minter().await, later).await.unwrap().passport;
        let mut bound = order("ollie", SHOP, SHOPPING);
        bound.cnf = Some(RawValue::from_string(r#"{"jkt":"x"}"#.into()).unwrap());
        let bound = world.issuer.issue_passport(&world.minter().await, bound).await.unwrap().passport;
        let other = Place::new();
        crate::entropy::below(&*other.parts().await.entropy, 1_000);
        let foreign = other.start().await.1.unwrap().passport;
        let tampered = issued.passport.replacen("eyJ", "eyK", 2);
        let list = world.issuer.status_list(0).await.unwrap().body;
        for token in ["", "x", &later, &bound, &foreign, &tampered, &list, &"x".repeat(100_000)] {
            let answer = world.issuer.introspect(token).await.unwrap();
            assert_eq!(serde_json::to_string(&answer).unwrap(), r#"{"active":false}"#, "{token}");
        }
        world.place.clock.advance(3_600);
        assert!(!world.issuer.introspect(&issued.passport).await.unwrap().active);
    }
}
