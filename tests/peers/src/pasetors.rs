//! pasetors: a PASETO v4.public token with the same claims. Its times are texts, and it demands `nbf`.

use pasetors::claims::{Claims, ClaimsValidationRules};
use pasetors::keys::{AsymmetricKeyPair, Generate as _};
use pasetors::token::UntrustedToken;
use pasetors::version4::V4;
use pasetors::{Public, public};
use serde::Deserialize as _;

use crate::by_hand::{Grant, Request};
use crate::peer::Peer;
use crate::reference::{self, AGENT, AUDIENCE, DIFFERENT, ISSUER};
use crate::scene::Scene;

pub fn peer(_: &Scene, grants: usize) -> Peer {
    let pair = AsymmetricKeyPair::<V4>::generate().expect("a key");
    let mint = |number: usize| {
        let mut claims = Claims::new_expires_in(&std::time::Duration::from_secs(3_600)).expect("times");
        claims.issuer(ISSUER).expect("iss");
        claims.subject(AGENT).expect("sub");
        claims.audience(AUDIENCE).expect("aud");
        claims.token_identifier(&format!("pp_01a20b0c-9043-7799-a2c6-{number:012x}")).expect("jti");
        let details: serde_json::Value = serde_json::from_str(&reference::grants(grants)).expect("json");
        claims.add_additional("authorization_details", details).expect("a claim");
        public::sign(&pair.secret, &claims, None, None).expect("a token")
    };
    let tokens = (0..DIFFERENT).map(mint).collect();

    let mut rules = ClaimsValidationRules::new();
    rules.validate_issuer_with(ISSUER);
    rules.validate_audience_with(AUDIENCE);
    let (key, requests) = (pair.public, Request::both());
    Peer::new("pasetors", tokens, move |passport, right| {
        let grants = UntrustedToken::<Public, V4>::try_from(&passport.token)
            .and_then(|untrusted| public::verify(&key, &untrusted, &rules, None, None))
            .ok()
            .and_then(|trusted| {
                let details = trusted.payload_claims()?.get_claim("authorization_details")?;
                Vec::<Grant>::deserialize(details).ok()
            });
        grants.is_some_and(|grants| requests[usize::from(right)].is_allowed_by(&grants))
    })
}
