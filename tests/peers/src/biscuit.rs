//! biscuit-auth: the grants as facts of the token's authority block, the request as facts of the authorizer, and the
//! authorizer's own rules.

use std::time::Duration;

use biscuit_auth::builder::AuthorizerBuilder;
use biscuit_auth::{AuthorizerLimits, Biscuit, KeyPair};

use crate::peer::Peer;
use crate::reference::{ACTION, AGENT, AMOUNT, AUDIENCE, CURRENCY, DIFFERENT, ISSUER, RESOURCE, VENDOR, WRONG_VENDOR};

pub fn peer(grants: usize) -> Peer {
    let root = KeyPair::new();
    let others: String = (1..grants).map(|index| format!("right({index}, \"mail/{index}\", \"read\"); unlimited({index});\n")).collect();
    let mint = |number: usize| {
        let facts = format!(
            r#"
        issuer("{ISSUER}"); agent("{AGENT}"); id("pp_01a20b0c-9043-7799-a2c6-{number:012x}");
        {others}
        right(0, "{RESOURCE}", "{ACTION}");
        max(0, 50000); currency(0, "{CURRENCY}"); vendor(0, "{VENDOR}"); vendor(0, "ticketmaster.com");
        check if audience("{AUDIENCE}");
        check if time($now), $now < 2100-01-01T00:00:00Z;
        "#
        );
        let builder = Biscuit::builder().code(facts).expect("sound facts");
        builder.build(&root).expect("a token").to_base64().expect("a token")
    };
    let tokens = (0..DIFFERENT).map(mint).collect();

    let requests = [WRONG_VENDOR, VENDOR].map(|vendor| {
        let rules = format!(
            r#"
            operation("{ACTION}"); resource("{RESOURCE}"); asked_amount({amount}); asked_currency("{CURRENCY}"); asked_vendor("{vendor}");
            audience("{AUDIENCE}");
            check if issuer("{ISSUER}");
            allow if resource($r), operation($o), right($g, $r, $o), unlimited($g);
            allow if resource($r), operation($o), right($g, $r, $o), asked_amount($a), max($g, $m), $a <= $m,
                asked_currency($c), currency($g, $c), asked_vendor($v), vendor($g, $v);
            "#,
            amount = AMOUNT * 100
        );
        // Its own limit of a millisecond would end a measurement on a busy machine.
        let limits = AuthorizerLimits { max_time: Duration::from_secs(1), ..AuthorizerLimits::default() };
        AuthorizerBuilder::new().code(rules).expect("sound rules").set_limits(limits)
    });
    let key = root.public();
    Peer::new("biscuit-auth", tokens, move |passport, right| {
        let Ok(biscuit) = Biscuit::from_base64(&passport.token, key) else { return false };
        let authorizer = requests[usize::from(right)].clone().time().build(&biscuit);
        authorizer.and_then(|mut authorizer| authorizer.authorize()).is_ok()
    })
}
