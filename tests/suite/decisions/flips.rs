//! No single flipped bit of a token is ever allowed.

use passport_tests::generate::AUDIENCE;
use passport_tests::mint::{self, Bundle};
use passport_verifier::{Request, Verifier};

#[test]
fn no_flipped_bit_is_ever_allowed() {
    let key = mint::key("flips");
    let claims = r#"{"iss":"https://issuer.example","sub":"agent","aud":["https://shop.example"],"iat":1700000000,"exp":1700003600,"jti":"pp_1","authorization_details":[{"type":"permission_passport","resource":"commerce","allowedActions":["purchase"],"constraints":{"amount":{"max":"500.00"}}}]}"#;
    let token = mint::passport(&key, claims);
    let verifier = Verifier::new(Bundle { issued_at: 1_700_000_000, ..Bundle::of(&key) }.trust(), AUDIENCE);
    let request = Request::new("purchase").on("commerce").with("amount", 5);
    let now = 1_700_000_100;
    assert!(verifier.decide(&token, &request, now).is_allowed());
    for at in 0..token.len() {
        for bit in 0..8 {
            let mut flipped = token.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            let decision = verifier.decide(&flipped, &request, now);
            assert!(!decision.is_allowed(), "bit {bit} of byte {at}");
        }
    }
}
