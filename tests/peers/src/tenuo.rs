//! tenuo: a warrant with a capability for each grant. It demands that the holder signs every request, which is a second
//! signature to check; the audience is one more constraint.

use std::collections::HashMap;
use std::time::Duration;

use tenuo::constraints::{ConstraintSet, ConstraintValue, Exact, OneOf, Range};
use tenuo::{Authorizer, SigningKey, Warrant, wire};

use crate::peer::Peer;
use crate::reference::{ACTION, AMOUNT, AUDIENCE, CURRENCY, DIFFERENT, RESOURCE, VENDOR, WRONG_VENDOR};

pub fn peer(grants: usize) -> Peer {
    let (issuer, holder) = (SigningKey::generate(), SigningKey::generate());
    let tool = format!("{RESOURCE}:{ACTION}");
    let mut asked = ConstraintSet::new();
    asked.insert("audience", Exact::new(AUDIENCE));
    asked.insert("amount", Range::max(500.0).expect("a range"));
    asked.insert("currency", Exact::new(CURRENCY));
    asked.insert("vendor", OneOf::new([VENDOR, "ticketmaster.com"]));
    let mint = |_| {
        let mut builder =
            Warrant::builder().holder(holder.public_key()).ttl(Duration::from_secs(3_600)).capability(tool.clone(), asked.clone());
        for index in 1..grants {
            builder = builder.capability(format!("mail/{index}:read"), ConstraintSet::new());
        }
        builder.build(&issuer).expect("a warrant")
    };
    let warrants: Vec<Warrant> = (0..DIFFERENT).map(mint).collect();
    let tokens = warrants.iter().map(|warrant| wire::encode_base64(warrant).expect("a token")).collect();

    let mut authorizer = Authorizer::new();
    authorizer.add_trusted_root(issuer.public_key());
    // A proof belongs to one warrant and one request.
    let requests = [WRONG_VENDOR, VENDOR].map(|vendor| {
        let text = |value: &str| ConstraintValue::String(value.to_owned());
        let arguments = HashMap::from([
            ("audience".to_owned(), text(AUDIENCE)),
            ("amount".to_owned(), ConstraintValue::Float(f64::from(AMOUNT))),
            ("currency".to_owned(), text(CURRENCY)),
            ("vendor".to_owned(), text(vendor)),
        ]);
        let prove = |warrant: &Warrant| warrant.sign(&holder, &tool, &arguments).expect("a proof of possession");
        let proofs: Vec<_> = warrants.iter().map(prove).collect();
        (arguments, proofs)
    });
    Peer::new("tenuo", tokens, move |passport, right| {
        let (arguments, proofs) = &requests[usize::from(right)];
        let Ok(warrant) = wire::decode_base64(&passport.token) else { return false };
        authorizer.authorize_one(&warrant, &tool, arguments, proofs.get(passport.number), &[]).is_ok()
    })
}
