//! tenuo: a warrant with a capability for each grant. It demands that the holder signs every request, which is a second
//! signature to check; the audience is one more constraint.

use std::collections::HashMap;
use std::time::Duration;

use tenuo::constraints::{ConstraintSet, ConstraintValue, Exact, OneOf, Range};
use tenuo::{Authorizer, SigningKey, Warrant, wire};

use crate::peer::Peer;
use crate::reference::{ACTION, AMOUNT, AUDIENCE, CURRENCY, RESOURCE, VENDOR, WRONG_VENDOR};

pub fn peer(grants: usize) -> Peer {
    let (issuer, holder) = (SigningKey::generate(), SigningKey::generate());
    let tool = format!("{RESOURCE}:{ACTION}");
    let mut asked = ConstraintSet::new();
    asked.insert("audience", Exact::new(AUDIENCE));
    asked.insert("amount", Range::max(500.0).expect("a range"));
    asked.insert("currency", Exact::new(CURRENCY));
    asked.insert("vendor", OneOf::new([VENDOR, "ticketmaster.com"]));
    let mut builder = Warrant::builder().holder(holder.public_key()).ttl(Duration::from_secs(3_600)).capability(tool.clone(), asked);
    for index in 1..grants {
        builder = builder.capability(format!("mail/{index}:read"), ConstraintSet::new());
    }
    let warrant = builder.build(&issuer).expect("a warrant");
    let token = wire::encode_base64(&warrant).expect("a token");

    let mut authorizer = Authorizer::new();
    authorizer.add_trusted_root(issuer.public_key());
    let requests = [WRONG_VENDOR, VENDOR].map(|vendor| {
        let text = |value: &str| ConstraintValue::String(value.to_owned());
        let arguments = HashMap::from([
            ("audience".to_owned(), text(AUDIENCE)),
            ("amount".to_owned(), ConstraintValue::Float(f64::from(AMOUNT))),
            ("currency".to_owned(), text(CURRENCY)),
            ("vendor".to_owned(), text(vendor)),
        ]);
        let proof = warrant.sign(&holder, &tool, &arguments).expect("a proof of possession");
        (arguments, proof)
    });
    Peer::new("tenuo", token, move |token, right| {
        let (arguments, proof) = &requests[usize::from(right)];
        let Ok(warrant) = wire::decode_base64(token) else { return false };
        authorizer.authorize_one(&warrant, &tool, arguments, Some(proof), &[]).is_ok()
    })
}
