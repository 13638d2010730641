//! jsonwebtoken with both back ends. Its provider is one for the whole process, and with both features on it panics
//! unless one is installed: ours hands every call on to the back end that the thread has chosen.

use std::cell::Cell;

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils, aws_lc, rust_crypto};
use jsonwebtoken::errors::Result;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, decode};

use crate::by_hand::{Claims, Request};
use crate::peer::Peer;
use crate::reference::{AUDIENCE, ISSUER};
use crate::scene::Scene;

thread_local! {
    static CHOSEN: Cell<&'static CryptoProvider> = const { Cell::new(&aws_lc::DEFAULT_PROVIDER) };
}

static SWITCH: CryptoProvider =
    CryptoProvider { signer_factory: signer, verifier_factory: verifier, key_utils: KeyUtils::new_unimplemented() };

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    (CHOSEN.get().signer_factory)(algorithm, key)
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    (CHOSEN.get().verifier_factory)(algorithm, key)
}

/// Before the first use in a process; again does nothing.
pub fn install() {
    let _ = SWITCH.install_default();
}

pub fn peers(scene: &Scene, grants: usize) -> [Peer; 2] {
    let peer = |name, provider: &'static CryptoProvider| {
        let key = DecodingKey::from_ed_der(&scene.key);
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.leeway = 0;
        validation.validate_nbf = true;
        let requests = Request::both();
        Peer::new(name, scene.tokens(grants), move |passport, right| {
            CHOSEN.set(provider);
            match decode::<Claims>(&passport.token, &key, &validation) {
                Ok(data) => requests[usize::from(right)].is_allowed_by(&data.claims.authorization_details),
                Err(_) => false,
            }
        })
    };
    [peer("jsonwebtoken/aws-lc", &aws_lc::DEFAULT_PROVIDER), peer("jsonwebtoken/rust-crypto", &rust_crypto::DEFAULT_PROVIDER)]
}
