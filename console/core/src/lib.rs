//! What the inspector's page asks of the verifier's core, as one function over texts: [`answer`].
//!
//! It decides nothing by itself: tokens are taken apart, verified and decided on by the code that a service embeds. It holds
//! no secret, reads no clock (the page gives the time) and can reach nothing: it has no import at all from its host.
//!
//! A call is `{"ACT": {…}}`, and the answer is `{"done": {…}}`, or `{"failed": {"message", "faults"}}` where what was given
//! cannot be looked at. That a token is no good is no failure: it is what was asked.
//!
//! | act | given | answered |
//! | --- | --- | --- |
//! | `takeApart` | `token`, `now` | header, claims and grants in words, as far as they can be read: `take_apart` |
//! | `trust` | `trust`, `issuer?`, `now` | whose keys a trust bundle or a JWK set holds, and how old it is: `trust` |
//! | `decide` | `token`, `trust`, `issuer?`, `audience?`, `now`, `byHand?`, `request?`, `requireResource?` | each step that was taken, the decision, and what each grant said: `decide` |
//! | `explain` | `token` or `grants`, `request`, `now` | what each grant says to a request, on claims that nobody has verified: `explain` |
//! | `describe` | `grants`, `now` | grants in words, or each fault with its pointer: `explain` |
//! | `prove` | `proof`, `key` | what a proof file of the audit log proves: `prove` |
//!
//! `token`, `trust`, `request`, `grants` and `proof` are texts, to the letter: no JSON reader of the host has touched what is
//! decided on. `now` is in seconds since 1970; `byHand` says that it was given by a person (F8.8 of docs/format.md).

#[cfg(target_arch = "wasm32")]
mod abi;
mod decide;
mod explain;
mod prove;
mod take_apart;
mod trust;

use passport_shared::fault::Fault;
use serde::{Deserialize, Serialize};

/// The longest call that is looked at, in bytes: a trust bundle of the greatest length, with room for its escapes.
pub const CALL_BYTES: usize = 24 << 20;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Call {
    TakeApart(take_apart::TakeApart),
    Trust(trust::ReadTrust),
    Decide(decide::Decide),
    Explain(explain::Explain),
    Describe(explain::Describe),
    Prove(prove::Prove),
}

/// Why something that was given cannot be looked at.
#[derive(Debug, Serialize)]
struct Failed {
    /// What is wrong, for a person.
    message: String,
    /// Each fault by itself, with its place.
    faults: Vec<Place>,
}

#[derive(Debug, Serialize)]
struct Place {
    pointer: String,
    detail: String,
}

impl Failed {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), faults: Vec::new() }
    }

    fn at(faults: Vec<Fault>) -> Self {
        let message = faults.first().map(|fault| fault.detail.clone()).unwrap_or_default();
        let faults = faults.into_iter().map(|Fault { pointer, detail }| Place { pointer, detail }).collect();
        Self { message, faults }
    }
}

/// The answer to one call, both as JSON. Total: there is one for any text.
#[must_use]
pub fn answer(call: &str) -> String {
    if call.len() > CALL_BYTES {
        return failed(&Failed::new(format!("the call has more than {CALL_BYTES} bytes")));
    }
    let call: Call = match serde_json::from_str(call) {
        Ok(call) => call,
        Err(error) => return failed(&Failed::new(format!("the call cannot be read: {error}"))),
    };
    match call {
        Call::TakeApart(asked) => done(&asked.answer()),
        Call::Trust(asked) => either(asked.answer()),
        Call::Decide(asked) => either(asked.answer()),
        Call::Explain(asked) => either(asked.answer()),
        Call::Describe(asked) => either(asked.answer()),
        Call::Prove(asked) => either(asked.answer()),
    }
}

fn either<T: Serialize>(answer: Result<T, Failed>) -> String {
    match answer {
        Ok(answer) => done(&answer),
        Err(why) => failed(&why),
    }
}

fn done(answer: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Done<'a, T> {
        done: &'a T,
    }
    serde_json::to_string(&Done { done: answer }).unwrap_or_else(|_| UNWRITTEN.to_owned())
}

fn failed(why: &Failed) -> String {
    #[derive(Serialize)]
    struct Answer<'a> {
        failed: &'a Failed,
    }
    serde_json::to_string(&Answer { failed: why }).unwrap_or_else(|_| UNWRITTEN.to_owned())
}

/// No map here has a key that is no string, so this is never said.
const UNWRITTEN: &str = r#"{"failed":{"message":"the answer cannot be written","faults":[]}}"#;

#[cfg(test)]
mod tests;
