//! Each peer does the job that it is measured at.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};

use crate::reference::{self, AGENT, AUDIENCE, GRANTS, ISSUER};
use crate::scene::Scene;
use crate::{all, jsonwebtoken, jwt_simple};

fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs() as i64
}

/// A scene as the benchmark tells it, with tokens of this issuer and audience that end so many seconds from now.
fn scene(issuer: &str, audience: &str, ends: i64) -> Scene {
    let key = SigningKey::from_bytes(&[7; 32]);
    let token = |grants: usize| {
        let (issued, expires) = (now() - 10, now() + ends);
        let claims = format!(
            r#"{{"iss":"{issuer}","sub":"{AGENT}","aud":["{audience}"],"iat":{issued},"exp":{expires},"jti":"pp_1","authorization_details":{}}}"#,
            reference::grants(grants)
        );
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","typ":"passport+jwt"}"#), URL_SAFE_NO_PAD.encode(claims));
        format!("token {grants} {input}.{}\n", URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).to_bytes()))
    };
    let key_line = format!("key {}\n", URL_SAFE_NO_PAD.encode(key.verifying_key().to_bytes()));
    Scene::read(&format!("{key_line}{}", GRANTS.map(token).concat()))
}

#[test]
fn every_peer_refuses_a_flipped_bit_and_the_wrong_request() {
    jsonwebtoken::install();
    let scene = scene(ISSUER, AUDIENCE, 60);
    for grants in GRANTS {
        let peers = all(&scene, grants);
        assert_eq!(peers.len(), 7);
        peers.iter().for_each(|peer| peer.prove());
    }
}

#[test]
fn the_jwt_libraries_look_at_issuer_audience_and_end() {
    jsonwebtoken::install();
    for scene in [scene("https://other.example", AUDIENCE, 60), scene(ISSUER, "https://other.example", 60), scene(ISSUER, AUDIENCE, -5)] {
        let [aws_lc, rust_crypto] = jsonwebtoken::peers(&scene, 5);
        for peer in [aws_lc, rust_crypto, jwt_simple::peer(&scene, 5)] {
            assert!(!(peer.check)(&peer.passports[0], true), "{} has to refuse {}", peer.name, peer.passports[0].token);
        }
    }
}
