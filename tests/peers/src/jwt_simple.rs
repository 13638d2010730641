//! jwt-simple, whose Ed25519 is ed25519-compact's.

use std::collections::HashSet;

use jwt_simple::prelude::{Duration, Ed25519PublicKey, EdDSAPublicKeyLike as _, VerificationOptions};

use crate::by_hand::{Claims, Request};
use crate::peer::Peer;
use crate::reference::{AUDIENCE, ISSUER};
use crate::scene::Scene;

pub fn peer(scene: &Scene, grants: usize) -> Peer {
    let key = Ed25519PublicKey::from_bytes(&scene.key).expect("a key");
    let only = |value: &str| Some(HashSet::from([value.to_owned()]));
    let options = VerificationOptions {
        allowed_issuers: only(ISSUER),
        allowed_audiences: only(AUDIENCE),
        time_tolerance: Some(Duration::from_secs(0)),
        max_token_length: Some(16_384),
        ..VerificationOptions::default()
    };
    let requests = Request::both();
    Peer::new("jwt-simple", scene.tokens(grants), move |passport, right| {
        match key.verify_token::<Claims>(&passport.token, Some(options.clone())) {
            Ok(claims) => requests[usize::from(right)].is_allowed_by(&claims.custom.authorization_details),
            Err(_) => false,
        }
    })
}
