//! Claims and their grants.

use super::node::{Node, raw, text, texts};
use super::operators::constraints;
use super::request::{AGENT, Plan, set, shuffle};
use super::values::{ACTIONS, RESOURCES};
use super::{AUDIENCE, Gen, ISSUER};

/// Claims for a request that is about to be made at `now`.
pub(super) fn claims(generator: &mut Gen, plan: &Plan, now: i64) -> Node {
    let mut members: Vec<(String, Node)> = Vec::new();
    let issuer = if generator.chance(15) { *generator.pick(&["https://issuer.example/", "https://Issuer.example", "x"]) } else { ISSUER };
    members.push(("iss".into(), text(issuer)));
    members.push(("sub".into(), text(AGENT)));
    members.push(("aud".into(), audience(generator)));

    let ahead = |generator: &mut Gen, ahead: &[i64], behind: &[i64]| {
        let offset = if generator.chance(25) { *generator.pick(ahead) } else { *generator.pick(behind) };
        second(now.saturating_add(offset))
    };
    members.push(("iat".into(), ahead(generator, &[29, 30, 31, 32, 1000], &[0, -1, -100, -86_400])));
    members.push(("exp".into(), ahead(generator, &[0, -1, 1, -31, -1000], &[1, 29, 3600, 86_400])));
    if generator.chance(250) {
        members.push(("nbf".into(), ahead(generator, &[29, 30, 31, 32, 1000], &[0, -1, -100])));
    }
    members.push(("jti".into(), text("pp_01")));
    members.push(("authorization_details".into(), grants(generator, plan, now)));
    if generator.chance(400) {
        members.push(("status".into(), status(generator)));
    }
    if generator.chance(200) {
        members.push(("onBehalfOf".into(), text("team é")));
    }
    if generator.chance(15) {
        members.push(("cnf".into(), generator.pick(&[raw("{\"jkt\":\"x\"}"), raw("{\"jwk\":{\"a\":[null]}}"), raw("{\"\":0}")]).clone()));
    }
    if generator.chance(150) {
        let value = generator
            .pick(&[raw("null"), raw("[1e300,{\"a\":{}}]"), text("x"), raw("-0.0"), raw("{\"iss\":1}"), raw("[[[[[[[]]]]]]]")])
            .clone();
        members.push(((*generator.pick(&["scope", "ISS", "client_id", "x y", ""])).into(), value));
    }
    if generator.chance(12) {
        edge(generator, &mut members);
    }
    if generator.chance(300) {
        shuffle(generator, &mut members);
    }
    Node::Object(members)
}

/// A time claim; those of a wild `now` are kept within what a claim may say.
fn second(time: i64) -> Node {
    raw(time.clamp(0, 253_402_300_799))
}

fn audience(generator: &mut Gen) -> Node {
    match generator.below(1000) {
        0..8 => text("https://Shop.example"),
        8..16 => texts(["https://shop.example/", "shop.example"]),
        16..200 => text(AUDIENCE),
        200..400 => texts(["https://other.example", AUDIENCE]),
        _ => texts([AUDIENCE]),
    }
}

fn status(generator: &mut Gen) -> Node {
    let index = *generator.pick(&["0", "7", "1048575", "9007199254740991"]);
    let more = *generator.pick(&["", "", ",\"more\":[null]"]);
    raw(format!("{{\"status_list\":{{\"idx\":{index},\"uri\":\"https://issuer.example/v1/status/1\"{more}}}{more}}}"))
}

/// Claims at or just over a bound, or malformed in one known way.
fn edge(generator: &mut Gen, members: &mut Vec<(String, Node)>) {
    let over = usize::from(generator.chance(500));
    match generator.below(8) {
        0 => {
            let name = *generator.pick(&["iat", "exp", "nbf"]);
            set(
                members,
                name,
                raw(generator.pick(&[
                    "1.0",
                    "1e3",
                    "-0",
                    "-1",
                    "253402300799",
                    "253402300800",
                    "0",
                    "99999999999999999999",
                    "\"1\"",
                    "1E0",
                ])),
            );
        }
        1 => {
            let name = *generator.pick(&["sub", "jti", "onBehalfOf"]);
            set(members, name, text("x".repeat(256 + over)));
        }
        2 => set(members, "jti", text(format!("{}{}", "é".repeat(128), "x".repeat(over)))),
        3 => set(members, "aud", generator.pick(&[raw("[]"), raw("[1]"), text(""), raw("[\"\"]"), raw("null"), raw("{}")]).clone()),
        4 => {
            let entries = vec![raw("{\"type\":\"x\"}"); 64 + over];
            set(members, "authorization_details", Node::List(entries));
        }
        5 => set(
            members,
            "status",
            generator
                .pick(&[
                    raw("{}"),
                    raw("null"),
                    raw("{\"status_list\":{\"idx\":0}}"),
                    raw("{\"status_list\":{\"idx\":1.0,\"uri\":\"x\"}}"),
                    raw("{\"status_list\":{\"idx\":-0,\"uri\":\"x\"}}"),
                    raw("{\"status_list\":{\"idx\":9007199254740992,\"uri\":\"x\"}}"),
                    raw("{\"status_list\":{\"idx\":1,\"uri\":\"\"}}"),
                    raw("{\"status_list\":[]}"),
                ])
                .clone(),
        ),
        6 => set(members, "cnf", generator.pick(&[raw("{}"), raw("null"), raw("[]"), text("x")]).clone()),
        _ => {
            let name = *generator.pick(&["iss", "sub", "aud", "iat", "exp", "jti", "authorization_details"]);
            members.retain(|(given, _)| given != name);
        }
    }
}

fn grants(generator: &mut Gen, plan: &Plan, now: i64) -> Node {
    let count = *generator.pick(&[0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 6]);
    let mut entries = Vec::new();
    for _ in 0..count {
        if generator.chance(60) {
            entries.push(
                generator
                    .pick(&[
                        raw("{\"type\":\"x\"}"),
                        raw("{\"type\":\"Permission_passport\",\"resource\":[null]}"),
                        raw("{\"x\":{},\"type\":\"payment\"}"),
                    ])
                    .clone(),
            );
        }
        entries.push(grant(generator, plan, now));
    }
    Node::List(entries)
}

fn grant(generator: &mut Gen, plan: &Plan, now: i64) -> Node {
    let mut members: Vec<(String, Node)> = vec![("type".into(), text("permission_passport"))];
    members.push(("resource".into(), text(resource_pattern(generator, plan))));
    members.push(("allowedActions".into(), actions(generator, plan, 760)));
    if generator.chance(250) {
        members.push(("blockedActions".into(), actions(generator, plan, 130)));
    }
    if generator.chance(300) {
        members.push(("requiresApproval".into(), raw(generator.chance(600))));
        if generator.chance(300) {
            members.push(("approvers".into(), raw(1 + generator.below(4))));
        }
    }
    if generator.chance(300) {
        members.push(("expiresAt".into(), expiry(generator, now)));
    }
    if generator.chance(650) {
        members.push(("constraints".into(), constraints(generator, plan)));
    }
    if generator.chance(40) {
        let name = *generator.pick(&["maxUses", "Resource", "expiresat", "", "conditions"]);
        members.push((name.into(), generator.pick(&[raw("null"), raw("{\"a\":1}"), text("x")]).clone()));
    }
    Node::Object(members)
}

fn resource_pattern(generator: &mut Gen, plan: &Plan) -> String {
    if generator.chance(4) {
        return (*generator.pick(&["", "/", "/a", "a/", "a//b", ".", "a/..", "a*", "**/a", "***", "*a/b"])).into();
    }
    let base = match plan.resource {
        Some(resource) if generator.chance(850) => resource,
        _ => *generator.pick(RESOURCES),
    };
    let mut segments: Vec<&str> = base.split('/').collect();
    match generator.below(10) {
        0 => segments = vec!["**"],
        1 => segments.push("**"),
        2 => {
            segments.pop();
            segments.push("**");
        }
        3 => {
            let index = generator.below(segments.len());
            segments[index] = "*";
        }
        4 => segments.push("*"),
        _ => {}
    }
    segments.join("/")
}

/// A list of action patterns; so many lists in a thousand have the planned action on purpose.
fn actions(generator: &mut Gen, plan: &Plan, leaning: usize) -> Node {
    let mut patterns: Vec<String> = (0..*generator.pick(&[0, 0, 1, 1, 2])).map(|_| (*generator.pick(ACTIONS)).to_owned()).collect();
    if generator.chance(leaning) {
        patterns.push(match generator.below(10) {
            0 => "*".into(),
            1 | 2 => format!("{}*", plan.action),
            3 => plan.action.chars().take(1 + generator.below(5)).chain(['*']).collect(),
            _ => plan.action.into(),
        });
    } else if generator.chance(60) {
        patterns.push("calendar.*".into());
    }
    if generator.chance(4) {
        patterns.push((*generator.pick(&["", "**", "a*b", "*a", "a**", "a b"])).into());
    }
    if generator.chance(4) {
        patterns.resize(64 + usize::from(generator.chance(400)), "x".into());
    }
    texts(patterns)
}

/// A time near `now`, in the form of a token or, now and then, nearly so.
fn expiry(generator: &mut Gen, now: i64) -> Node {
    match generator.below(100) {
        0 => text(*generator.pick(&[
            "2026-05-30",
            "2026-05-30T00:00:00.0Z",
            "2026-05-30T00:00:00+00:00",
            "2026-02-29T00:00:00Z",
            "2026-05-30t00:00:00z",
            "2026-05-30T24:00:00Z",
            "2016-12-31T23:59:60Z",
            "",
        ])),
        1..10 => text(*generator.pick(&[
            "2027-02-28T23:59:59Z",
            "2028-02-29T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "1999-12-31T23:59:59Z",
            "2026-05-30T00:00:00Z",
            "1970-01-01T00:00:00Z",
        ])),
        _ => {
            let offset = *generator.pick(&[-86_400 * 40, -3600, -1, 0, 1, 30, 3600, 86_400, 86_400 * 400]);
            text(written(now.saturating_add(offset).clamp(0, 253_402_300_799)))
        }
    }
}

/// Seconds since 1970 as `2026-05-30T00:00:00Z` (the civil calendar by 400 years of 146097 days).
fn written(time: i64) -> String {
    let (days, rest) = (time / 86_400, time % 86_400);
    let shifted = days + 719_468; // Days since 0000-03-01.
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        assert_eq!(written(0), "1970-01-01T00:00:00Z");
        assert_eq!(written(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(written(1_795_456_800), "2026-11-23T18:00:00Z");
        assert_eq!(written(253_402_300_799), "9999-12-31T23:59:59Z");
    }
}
