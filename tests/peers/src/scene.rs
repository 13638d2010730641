//! What the benchmark tells: the issuer's key, and its tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::reference::GRANTS;

pub struct Scene {
    pub key: [u8; 32],
    tokens: Vec<(usize, String)>,
}

impl Scene {
    /// From lines `key BASE64URL` and `token GRANTS TOKEN`.
    pub fn read(text: &str) -> Self {
        let (mut key, mut tokens) = (None, Vec::new());
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["key", bytes] => key = decode(bytes).try_into().ok(),
                ["token", grants, token] => tokens.push((grants.parse().expect("a number"), token.to_owned())),
                _ => panic!("a line that is not understood: {line}"),
            }
        }
        let scene = Self { key: key.expect("a key"), tokens };
        assert!(GRANTS.iter().all(|grants| !scene.tokens(*grants).is_empty()), "tokens for each number of grants");
        scene
    }

    /// The tokens of so many grants.
    pub fn tokens(&self, grants: usize) -> Vec<String> {
        self.tokens.iter().filter(|(count, _)| *count == grants).map(|(_, token)| token.clone()).collect()
    }
}

pub fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}
