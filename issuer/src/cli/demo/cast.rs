//! Who plays: what Ollie may do, and what Ollie tries.

use passport_shared::api::approvals::AskApproval;
use passport_shared::request::Request;
use serde_json::value::RawValue;

use super::stage::failed;
use crate::cli::error::CliError;

/// The issuer's name. Where it can be reached is another matter: here, on this machine.
pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const OLLIE: &str = "ollie";
pub(super) const SERVICE: &str = "travel-desk";
pub(super) const AUDIENCE: &str = "https://travel-desk.example";

/// What Ollie may do.
pub(super) const GRANTS: &str = r#"[
  {"resource": "calendar", "allowedActions": ["read"]},
  {"resource": "flights", "allowedActions": ["book"],
   "constraints": {"amount": {"max": "1500.00"}, "currency": {"equals": "USD"}, "vendor": {"oneOf": ["lufthansa.example", "klm.example"]}}},
  {"resource": "cards/corporate", "allowedActions": ["charge"], "requiresApproval": true,
   "constraints": {"amount": {"max": "1200.00"}, "currency": {"equals": "USD"}}},
  {"resource": "contracts", "allowedActions": ["send"], "requiresApproval": true},
  {"resource": "drive/shared", "allowedActions": [], "blockedActions": ["grant_access"]}
]"#;

/// What the travel desk may do at the issuer: report.
pub(super) const REPORTER_GRANTS: &str = r#"[{"resource": "issuer/audit", "allowedActions": ["audit.write"]}]"#;

/// Something that Ollie tries.
pub(super) struct Attempt {
    /// In words.
    pub(super) told: &'static str,
    pub(super) what: Act,
    pub(super) request: Request,
}

/// With which passport, and where.
#[derive(Clone, Copy)]
pub(super) enum Act {
    /// Its own, at the travel desk.
    Plain,
    /// With one character of the payload changed.
    Tampered,
    /// With one that lived for a second.
    Expired,
    /// At another service.
    Elsewhere,
}

fn attempt(told: &'static str, request: Request) -> Attempt {
    Attempt { told, what: Act::Plain, request }
}

fn book(amount: &str, vendor: &str) -> Request {
    Request::new("book").on("flights").with("amount", amount).with("currency", "USD").with("vendor", vendor)
}

fn charge(amount: &str) -> Request {
    Request::new("charge").on("cards/corporate").with("amount", amount).with("currency", "USD")
}

/// What Ollie asks a person for.
pub(super) fn ask() -> Result<AskApproval, CliError> {
    let request = r#"{"action": "charge", "resource": "cards/corporate", "amount": "900.00", "currency": "USD"}"#;
    let request = RawValue::from_string(request.to_owned()).map_err(failed)?;
    Ok(AskApproval { request, audience: None })
}

/// What comes of an approval of that: each charge with the reason that it has to end with.
pub(super) fn approved(approval: &str) -> [(Attempt, &'static str); 3] {
    [
        (attempt("charge 950.00 USD with it", charge("950.00").approved(approval)), "approval_invalid"),
        (attempt("charge the card, 900.00 USD", charge("900.00").approved(approval)), "granted"),
        (attempt("the same once more", charge("900.00").approved(approval)), "approval_invalid"),
    ]
}

/// The flight that Ollie was sent for.
pub(super) fn flight() -> Attempt {
    attempt("book a flight, 1,240.50 USD", book("1240.50", "lufthansa.example"))
}

/// What Ollie asks itself before it acts.
pub(super) fn previews() -> [Attempt; 2] {
    [
        attempt("book a flight for 1,240.50 USD?", book("1240.50", "lufthansa.example")),
        attempt("book one for 1,720.00 USD?", book("1720.00", "klm.example")),
    ]
}

/// The ten actions of the day, each with the reason that it has to end with.
pub(super) fn day() -> [(Attempt, &'static str); 10] {
    let flight_as = |told: &'static str, what: Act| Attempt { told, what, ..flight() };
    [
        (flight(), "granted"),
        (attempt("book one for 1,720.00 USD", book("1720.00", "klm.example")), "constraint_unmet"),
        (attempt("book with a vendor nobody named", book("310.00", "cheapest-flights.example")), "constraint_unmet"),
        (
            attempt("book without an amount", Request::new("book").on("flights").with("currency", "USD").with("vendor", "klm.example")),
            "constraint_unmet",
        ),
        (
            attempt("give a friend the shared drive", Request::new("grant_access").on("drive/shared").with("to", "friend@example.com")),
            "action_blocked",
        ),
        (attempt("delete the calendar", Request::new("delete").on("calendar")), "action_not_granted"),
        (attempt("charge the card, 900.00 USD", charge("900.00")), "approval_required"),
        (flight_as("fly with a tampered passport", Act::Tampered), "bad_signature"),
        (flight_as("fly with an expired passport", Act::Expired), "expired"),
        (flight_as("show the passport at a casino", Act::Elsewhere), "wrong_audience"),
    ]
}

/// The token with one character of its payload changed: raising the limit, say.
pub(super) fn tamper(token: &str) -> String {
    let payload = token.find('.').map_or(0, |dot| dot + 41);
    token.char_indices().map(|(at, c)| if at == payload { if c == 'A' { 'B' } else { 'A' } } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tampered_token_differs_in_one_character_of_its_payload() {
        let token = format!("{}.{}.{}", "h".repeat(20), "p".repeat(100), "s".repeat(86));
        let tampered = tamper(&token);
        let changed: Vec<usize> = token.chars().zip(tampered.chars()).enumerate().filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
        assert_eq!(changed, [20 + 41]);
    }

    #[test]
    fn every_request_is_well_formed() {
        for (attempt, _) in day() {
            assert_eq!(attempt.request.problem(), None, "{}", attempt.told);
        }
    }
}
