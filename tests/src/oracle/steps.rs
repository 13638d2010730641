//! The table of section 3, row by row. `Err` is the reason of the first check that failed.

use super::claims::{self, Passport};
use super::grant::Grant;
use super::request::{self, Request};
use super::{KeyState, Outcome, SignatureCheck, StatusAnswer, Unmet, Verdict, World, base64url, header, json};
use super::{LAST_SECOND, MAX_KEY_AGE};

/// Steps 1 to 4: the payload's bytes, still unread.
pub(super) fn payload_of(
    world: &World<'_>,
    token: &[u8],
    signature_is_good: SignatureCheck<'_>,
    now: i64,
) -> Result<Vec<u8>, &'static str> {
    clock(now)?;

    // Step 1.
    const MALFORMED: &str = "malformed_token";
    if token.len() > world.max_token_bytes {
        return Err(MALFORMED);
    }
    let parts: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [first, second, third] = parts[..] else { return Err(MALFORMED) };
    let header_bytes = base64url::decode(first).ok_or(MALFORMED)?;
    let payload = base64url::decode(second).ok_or(MALFORMED)?;
    let signature = base64url::decode(third).ok_or(MALFORMED)?;
    if signature.len() != 64 {
        return Err(MALFORMED);
    }
    let header_json = json::read_without_controls(&header_bytes).ok_or(MALFORMED)?;

    // Step 2.
    let kid = header::key_id(&header_json).ok_or("unsupported_token")?;

    // Step 3.
    if world.keys.is_empty() || world.keys_age.is_some_and(|age| age > MAX_KEY_AGE) {
        return Err("keys_unavailable");
    }
    let states: Vec<KeyState> = world.keys.iter().filter(|(known, _)| *known == kid).map(|(_, state)| *state).collect();
    if states.is_empty() {
        return Err("unknown_key");
    }
    if states.contains(&KeyState::Revoked) {
        return Err("key_revoked");
    }

    // Step 4.
    let signing_input = [first, b".", second].concat();
    if !signature_is_good(&kid, &signing_input, &signature) {
        return Err("bad_signature");
    }
    Ok(payload)
}

/// Steps 5 to 13.
pub(super) fn from_step_5(world: &World<'_>, payload: &[u8], request_json: &[u8], now: i64) -> Result<Verdict, &'static str> {
    clock(now)?;

    // Step 5.
    let passport = claims::read(payload).ok_or("malformed_token")?;

    // Step 6.
    if passport.issuer != world.issuer {
        return Err("wrong_issuer");
    }
    if !passport.audience.iter().any(|name| name == world.audience) {
        return Err("wrong_audience");
    }

    // Step 7.
    if passport.not_before.is_some_and(|time| time > now + world.leeway) {
        return Err("not_yet_valid");
    }
    if passport.issued_at > now + world.leeway {
        return Err("not_yet_valid");
    }
    if passport.expires_at <= now {
        return Err("expired");
    }

    // Step 8.
    if passport.has_status {
        match world.status {
            StatusAnswer::Unavailable => return Err("status_unavailable"),
            StatusAnswer::Revoked => return Err("revoked"),
            StatusAnswer::Valid => {}
        }
    }

    // Step 9.
    let request = request::read(request_json).ok_or("invalid_request")?;
    if world.require_resource && request.resource.is_none() {
        return Err("invalid_request");
    }
    if request.agent_id.as_ref().is_some_and(|agent| *agent != passport.subject) {
        return Err("agent_mismatch");
    }
    if passport.has_cnf {
        return Err("proof_required");
    }

    from_step_10(&passport, &request, now)
}

/// Steps 10 to 13.
fn from_step_10(passport: &Passport, request: &Request, now: i64) -> Result<Verdict, &'static str> {
    let live = |grant: &Grant| grant.expires_at.is_none_or(|time| time > now);
    let covers = |grant: &Grant| match &request.resource {
        Some(resource) => grant.covers(resource),
        None => true,
    };
    let allows = |grant: &Grant| grant.allows(&request.action);
    let blocks = |grant: &Grant| grant.blocks(&request.action);
    let any = |test: &dyn Fn(&Grant) -> bool| passport.grants.iter().any(|(_, grant)| test(grant));

    // Step 10.
    if any(&|grant| live(grant) && covers(grant) && blocks(grant)) {
        return Err("action_blocked");
    }

    // Step 11.
    let candidates: Vec<&(usize, Grant)> =
        passport.grants.iter().filter(|(_, grant)| live(grant) && grant.understood && covers(grant) && allows(grant)).collect();
    if candidates.is_empty() {
        if any(&|grant| live(grant) && !grant.understood && covers(grant) && allows(grant)) {
            return Err("unsupported_grant");
        }
        if any(&|grant| !live(grant) && covers(grant) && allows(grant) && !blocks(grant)) {
            return Err("grant_expired");
        }
        if any(&|grant| live(grant) && covers(grant)) {
            return Err("action_not_granted");
        }
        return Err("resource_not_granted");
    }

    // Step 12.
    let mut passed: Vec<&(usize, Grant)> = Vec::new();
    let mut details: Vec<Unmet> = Vec::new();
    for candidate in candidates {
        let unmet = unmet_clauses(candidate, request);
        if unmet.is_empty() {
            passed.push(candidate);
        }
        details.extend(unmet);
    }
    if passed.is_empty() {
        details.sort();
        return Ok(Verdict { details, ..Verdict::deny("constraint_unmet") });
    }

    // Step 13. `passed` is in the order of the token, so the first is the lowest index.
    if let Some((index, _)) = passed.iter().find(|(_, grant)| !grant.requires_approval) {
        return Ok(verdict(Outcome::Allow, "granted", *index));
    }
    // Of those that ask for the fewest people, the first (F3.7): `min_by_key` gives the first of several that are least.
    match (&request.approval, passed.iter().min_by_key(|(_, grant)| grant.approvers)) {
        (None, Some((index, _))) => Ok(verdict(Outcome::ApprovalRequired, "approval_required", *index)),
        // Whatever is given here was signed by nobody, so it cannot hold.
        _ => Err("approval_invalid"),
    }
}

fn unmet_clauses((index, grant): &(usize, Grant), request: &Request) -> Vec<Unmet> {
    let mut unmet = Vec::new();
    for (name, clauses) in &grant.constraints {
        let attribute = request.attributes.iter().find(|(given, _)| given == name).map(|(_, value)| value);
        let clause = |operator| Unmet { grant: *index, attribute: name.clone(), operator };
        if clauses.is_empty() && !attribute.is_some_and(|value| value.is_there()) {
            unmet.push(clause(None));
        }
        for (operator, test) in clauses {
            if !attribute.is_some_and(|value| value.every_item(|item| test.holds(item))) {
                unmet.push(clause(Some(operator.clone())));
            }
        }
    }
    unmet
}

fn verdict(outcome: Outcome, reason: &'static str, grant: usize) -> Verdict {
    Verdict { outcome, reason, grant: Some(grant), details: Vec::new() }
}

/// Before step 1: a time that no verifier can work with.
fn clock(now: i64) -> Result<(), &'static str> {
    if (0..=LAST_SECOND).contains(&now) { Ok(()) } else { Err("clock_untrusted") }
}
