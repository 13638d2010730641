//! The cases, each with the reason that it is there for.

use passport_shared::jose::{self, Algorithm, TokenType};
use passport_tests::generate::AUDIENCE;
use passport_tests::mint;
use serde_json::value::RawValue;

use super::file::{Fault, Settings, Vector, VectorFile};
use super::worlds::{Keys, LIST, NOW};

/// Every file: its name and what is in it.
pub(super) fn all() -> Vec<(&'static str, VectorFile)> {
    let keys = Keys::new();
    let file = |about, cases| VectorFile::decided(about, keys.trusts(), cases);
    vec![
        (
            "tokens",
            file("Tokens: form, header, key, signature, claims, times and status (contract section 3, steps 1 to 8).", tokens(&keys)),
        ),
        ("grants", file("Grants and requests: blocks, coverage, approval (contract section 3, steps 9 to 13).", grants(&keys))),
        ("constraints", file("Every operator, met and unmet (contract section 2).", constraints(&keys))),
        ("wrapper", file("What the wrapper around the verifier answers when something of its own fails.", wrapper(&keys))),
    ]
}

const GRANT: &str = r#"{"type":"permission_passport","resource":"commerce","allowedActions":["browse","purchase"],"blockedActions":["refund"],"constraints":{"amount":{"max":"500.00"},"currency":{"equals":"USD"},"vendor":{"oneOf":["coachella.com","ticketmaster.com"]}}}"#;
const REQUEST: &str =
    r#"{"agentId":"agent_ollie","action":"purchase","resource":"commerce","vendor":"coachella.com","amount":342,"currency":"USD"}"#;

fn claims(grants: &str) -> String {
    format!(
        r#"{{"iss":"https://issuer.example","sub":"agent_ollie","aud":["{AUDIENCE}"],"iat":{},"exp":{},"jti":"pp_01","authorization_details":[{grants}]}}"#,
        NOW - 600,
        NOW + 3000
    )
}

fn with_status(index: &str, uri: &str) -> String {
    claims(GRANT).replace("\"jti\"", &format!("\"status\":{{\"status_list\":{{\"idx\":{index},\"uri\":\"{uri}\"}}}},\"jti\""))
}

fn vector(name: &str, trust: &str, token: String, request: &str) -> Vector {
    Vector {
        name: name.to_owned(),
        trust: trust.to_owned(),
        audience: AUDIENCE.to_owned(),
        settings: Settings::default(),
        token,
        request: request.to_owned(),
        now: NOW,
        fault: None,
        decision: RawValue::NULL.to_owned(),
    }
}

fn tokens(keys: &Keys) -> Vec<(&'static str, Vector)> {
    let key = &keys.active;
    let good = mint::passport(key, &claims(GRANT));
    let header = mint::header(key.id());
    let headed = |header: &str| mint::raw(key, header, &claims(GRANT));
    let claimed = |from: &str, to: &str| {
        let changed = claims(GRANT).replacen(from, to, 1);
        assert_ne!(changed, claims(GRANT), "{from} is not in the claims");
        mint::passport(key, &changed)
    };
    let (input, signature) = good.rsplit_once('.').expect("dots");
    let plain = |reason: &'static str, name: &str, token: String| (reason, vector(name, "keys", token, REQUEST));
    let at = |reason: &'static str, name: &str, now: i64, token: &str| {
        (reason, Vector { now, ..vector(name, "keys", token.to_owned(), REQUEST) })
    };
    let status = |reason: &'static str, name: &str, index: &str, uri: &str| {
        (reason, vector(name, "bundle", mint::passport(key, &with_status(index, uri)), REQUEST))
    };
    let iat = format!("\"iat\":{}", NOW - 600);
    let exp = format!("\"exp\":{}", NOW + 3000);
    let mut cases = vec![
        plain("granted", "a good token", good.clone()),
        plain("granted", "alg Ed25519", headed(&header.replace("EdDSA", "Ed25519"))),
        plain("granted", "typ in another case with a prefix", headed(&header.replace("passport+jwt", "Application/Passport+JWT"))),
        plain("granted", "one audience as a string", claimed(&format!("[\"{AUDIENCE}\"]"), &format!("\"{AUDIENCE}\""))),
        plain("granted", "unknown claims are ignored", claimed("\"jti\"", "\"x\":[{\"y\":[null]}],\"jti\"")),
        plain("malformed_token", "empty", String::new()),
        plain("malformed_token", "two parts", input.to_owned()),
        plain("malformed_token", "four parts", format!("{good}.")),
        plain("malformed_token", "a line end", format!("{good}\n")),
        plain("malformed_token", "padding", format!("{good}=")),
        plain("malformed_token", "a short signature", good[..good.len() - 2].to_owned()),
        plain("malformed_token", "unused bits that are set", format!("{}{}", &good[..good.len() - 1], other_spelling(signature))),
        plain("malformed_token", "a header that is no object", headed("[]")),
        plain("malformed_token", "a header member twice", headed(&header.replace("\"alg\"", "\"alg\":\"EdDSA\",\"alg\""))),
        plain("malformed_token", "a header nested too deep", headed(&header.replace("{", "{\"x\":[[[[[[[[]]]]]]]],"))),
        plain("unsupported_token", "alg none", headed(&header.replace("EdDSA", "none"))),
        plain("unsupported_token", "alg HS256", headed(&header.replace("EdDSA", "HS256"))),
        plain("unsupported_token", "alg in another case", headed(&header.replace("EdDSA", "EDDSA"))),
        plain("unsupported_token", "typ JWT", headed(&header.replace("passport+jwt", "JWT"))),
        plain("unsupported_token", "no typ", headed(&header.replace("\"typ\":\"passport+jwt\",", ""))),
        plain("unsupported_token", "crit", headed(&header.replace("\"kid\"", "\"crit\":[\"exp\"],\"kid\""))),
        plain("unsupported_token", "b64 false", headed(&header.replace("\"kid\"", "\"b64\":false,\"kid\""))),
        plain("unsupported_token", "jku", headed(&header.replace("\"kid\"", "\"jku\":\"https://evil.example/jwks\",\"kid\""))),
        plain("unsupported_token", "an empty kid", headed(&header.replace(key.id().as_str(), ""))),
        plain(
            "unsupported_token",
            "a status list as a passport",
            key.sign_token(TokenType::StatusList, Algorithm::EdDsa, claims(GRANT).as_bytes()),
        ),
        plain(
            "unsupported_token",
            "a trust bundle as a passport",
            key.sign_token(TokenType::TrustBundle, Algorithm::EdDsa, claims(GRANT).as_bytes()),
        ),
        ("keys_unavailable", vector("no keys", "noKeys", good.clone(), REQUEST)),
        (
            "keys_unavailable",
            Vector { now: NOW + 86_341, ..vector("keys too old", "bundle", claimed(&exp, "\"exp\":1900000000"), REQUEST) },
        ),
        (
            "granted",
            Vector { now: NOW + 86_340, ..vector("keys just not too old", "bundle", claimed(&exp, "\"exp\":1900000000"), REQUEST) },
        ),
        plain("unknown_key", "a stranger's key", mint::passport(&keys.stranger, &claims(GRANT))),
        plain("unknown_key", "kid is compared exactly", headed(&header.replace(key.id().as_str(), &format!("{}=", key.id())))),
        ("key_revoked", vector("a revoked key", "bundle", mint::passport(&keys.revoked, &claims(GRANT)), REQUEST)),
        plain("bad_signature", "another key's signature", jose::assemble(input, &keys.stranger.sign(input.as_bytes()))),
        plain("bad_signature", "a signature of nought", jose::assemble(input, &[0; 64])),
        plain("malformed_token", "claims that are no object", mint::passport(key, "[]")),
        plain("malformed_token", "text after the claims", mint::passport(key, &format!("{} x", claims(GRANT)))),
        plain("malformed_token", "a claim twice", claimed("\"jti\"", "\"sub\":\"agent_ollie\",\"jti\"")),
        plain("malformed_token", "a claim twice, spelled otherwise", claimed("\"jti\"", "\"s\\u0075b\":\"agent_ollie\",\"jti\"")),
        plain("malformed_token", "a control character", claimed("pp_01", "pp\\u0085_01")),
        plain("malformed_token", "a lone surrogate", claimed("pp_01", "pp\\ud800_01")),
        plain("malformed_token", "no exp", claimed(&format!("{exp},"), "")),
        plain("malformed_token", "exp as a string", claimed(&exp, &format!("\"exp\":\"{}\"", NOW + 3000))),
        plain("malformed_token", "exp with an exponent", claimed(&exp, "\"exp\":2e9")),
        plain("malformed_token", "exp beyond the year 9999", claimed(&exp, "\"exp\":253402300800")),
        plain("malformed_token", "nbf null", claimed("\"jti\"", "\"nbf\":null,\"jti\"")),
        plain("malformed_token", "iat negative", claimed(&iat, "\"iat\":-1")),
        plain("malformed_token", "aud empty", claimed(&format!("[\"{AUDIENCE}\"]"), "[]")),
        plain("malformed_token", "sub of 257 bytes", claimed("agent_ollie", &"a".repeat(257))),
        plain("malformed_token", "cnf empty", claimed("\"jti\"", "\"cnf\":{},\"jti\"")),
        plain("malformed_token", "status without a list", claimed("\"jti\"", "\"status\":{},\"jti\"")),
        plain("malformed_token", "a star inside a resource segment", claimed("\"commerce\"", "\"comm*\"")),
        plain("malformed_token", "a star inside an action", claimed("\"browse\"", "\"br*se\"")),
        plain("malformed_token", "a bound that is no decimal", claimed("\"500.00\"", "\"500,00\"")),
        plain("malformed_token", "a bound of 29 digits", claimed("\"500.00\"", "\"10000000000000000000000000000\"")),
        plain(
            "malformed_token",
            "a name that would break out of the message",
            claimed("\"amount\":{\"max\":\"500.00\"}", "\"a\u{202e}`\":5"),
        ),
        plain("malformed_token", "a reserved name constrained", claimed("\"amount\"", "\"action\"")),
        plain("wrong_issuer", "another issuer", claimed("https://issuer.example", "https://issuer.example.evil.example")),
        plain("wrong_issuer", "a slash more", claimed("https://issuer.example", "https://issuer.example/")),
        plain("wrong_audience", "another audience", claimed(AUDIENCE, "https://shop.example.evil.example")),
        plain("not_yet_valid", "nbf 31 s ahead", claimed("\"jti\"", &format!("\"nbf\":{},\"jti\"", NOW + 31))),
        plain("granted", "nbf 30 s ahead", claimed("\"jti\"", &format!("\"nbf\":{},\"jti\"", NOW + 30))),
        plain("not_yet_valid", "iat 31 s ahead", claimed(&iat, &format!("\"iat\":{}", NOW + 31))),
        at("expired", "exp now", NOW + 3000, &good),
        at("granted", "exp in a second", NOW + 2999, &good),
        at("clock_untrusted", "before 1970", -1, &good),
        at("clock_untrusted", "after the year 9999", 253_402_300_800, &good),
        status("granted", "a valid status", "3", LIST),
        status("revoked", "a revoked status", "7", LIST),
        status("status_unavailable", "an index beyond the list", "1024", LIST),
        status("status_unavailable", "a list that is not loaded", "3", "https://issuer.example/v1/status/2"),
        status("status_unavailable", "an index beyond 64 bits", "99999999999999999999999", LIST),
        ("status_unavailable", vector("a status and a plain key set", "keys", mint::passport(key, &with_status("3", LIST)), REQUEST)),
    ];
    let stale = Settings { max_status_age: Some(59), ..Settings::default() };
    let allowed = Settings { allow_unavailable_status: true, ..stale };
    let with = |reason, name: &str, index, settings| {
        (reason, Vector { settings, ..vector(name, "bundle", mint::passport(key, &with_status(index, LIST)), REQUEST) })
    };
    cases.push(with("status_unavailable", "a stale list", "3", stale));
    cases.push(with("granted", "a stale list, allowed by name", "3", allowed));
    cases.push(with("revoked", "revoked in a stale list", "7", allowed));
    let long = |bytes| Vector {
        settings: Settings { max_token_bytes: Some(bytes), ..Settings::default() },
        ..vector(&format!("a bound of {bytes} bytes"), "keys", good.clone(), REQUEST)
    };
    cases.push(("granted", long(good.len())));
    cases.push(("malformed_token", long(good.len() - 1)));
    cases
}

/// The last character of a signature carries four bits that are not used.
fn other_spelling(signature: &str) -> char {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = signature.chars().next_back().and_then(|c| alphabet.find(c)).expect("base64url");
    alphabet.chars().nth(last + 1).expect("not the last letter")
}

fn grants(keys: &Keys) -> Vec<(&'static str, Vector)> {
    let grant = |rest: &str| format!(r#"{{"type":"permission_passport",{rest}}}"#);
    let token = |grants: &str| mint::passport(&keys.active, &claims(grants));
    let case = |reason: &'static str, name: &str, grants: &str, request: &str| (reason, vector(name, "keys", token(grants), request));
    let ask = r#"{"action":"read","resource":"drive/q3"}"#;
    let free = grant(r#""resource":"drive/**","allowedActions":["*"]"#);
    let approval = grant(r#""resource":"drive/**","allowedActions":["read"],"requiresApproval":true"#);
    let unknown = grant(r#""resource":"drive/**","allowedActions":["read"],"colour":"red""#);
    let ended = grant(r#""resource":"drive/**","allowedActions":["read"],"expiresAt":"2026-11-23T18:00:00Z""#);
    let ending = grant(r#""resource":"drive/**","allowedActions":["read"],"expiresAt":"2026-11-23T18:00:01Z""#);
    let block = grant(r#""resource":"drive/q3","allowedActions":[],"blockedActions":["re*"]"#);
    let other = grant(r#""resource":"drive/*","allowedActions":["write"]"#);
    let mut cases = vec![
        case("granted", "the contract's example", GRANT, REQUEST),
        case("constraint_unmet", "the contract's denial", GRANT, &REQUEST.replace("342", "742")),
        case("constraint_unmet", "a missing amount", GRANT, &REQUEST.replace(",\"amount\":342", "")),
        case(
            "constraint_unmet",
            "every unmet clause is listed",
            GRANT,
            r#"{"action":"purchase","resource":"commerce","vendor":"evil.example","amount":"x"}"#,
        ),
        case("action_blocked", "a blocked action", GRANT, r#"{"action":"refund","resource":"commerce"}"#),
        case("action_blocked", "a block wins over everything", &format!("{free},{block}"), ask),
        case("action_blocked", "without a resource any block counts", &format!("{free},{block}"), r#"{"action":"read"}"#),
        case(
            "granted",
            "a block ends with its grant",
            &format!("{free},{}", block.replace("\"blockedActions\"", "\"expiresAt\":\"2020-01-01T00:00:00Z\",\"blockedActions\"")),
            ask,
        ),
        case(
            "action_blocked",
            "a block of a grant that is not understood",
            &format!("{free},{}", block.replace("\"blockedActions\"", "\"colour\":1,\"blockedActions\"")),
            ask,
        ),
        case("granted", "segments: ** covers what is below", &free, r#"{"action":"read","resource":"drive/q3/x"}"#),
        case("granted", "segments: ** covers the folder itself", &free, r#"{"action":"read","resource":"drive"}"#),
        case("resource_not_granted", "segments are whole", &free, r#"{"action":"read","resource":"drive2/q3"}"#),
        case("resource_not_granted", "a single star covers one segment", &other, r#"{"action":"write","resource":"drive/q3/x"}"#),
        case("resource_not_granted", "no grants", "", ask),
        case(
            "resource_not_granted",
            "entries of another type grant nothing",
            r#"{"type":"payment_initiation","resource":"drive/q3","allowedActions":["read"]}"#,
            ask,
        ),
        case("granted", "the index counts entries of other types", &format!(r#"{{"type":"payment_initiation"}},{free}"#), ask),
        case("action_not_granted", "the resource without the action", &other, ask),
        case("action_not_granted", "actions are exact", &other, r#"{"action":"Write","resource":"drive/q3"}"#),
        case("unsupported_grant", "a member that is not known", &unknown, ask),
        case(
            "unsupported_grant",
            "an operator that is not known",
            &grant(r#""resource":"drive/**","allowedActions":["read"],"constraints":{"n":{"regex":".*"}}"#),
            ask,
        ),
        case("granted", "another grant that is understood", &format!("{unknown},{other},{free}"), ask),
        case("grant_expired", "a grant that has just ended", &ended, ask),
        case("granted", "a grant that ends in a second", &ending, ask),
        case("approval_required", "approval", &approval, ask),
        case("granted", "a grant without approval wins", &format!("{approval},{free}"), ask),
        case("approval_required", "the lowest index", &format!("{other},{approval},{approval}"), ask),
        case(
            "approval_invalid",
            "an approval that does not hold",
            &approval,
            r#"{"action":"read","resource":"drive/q3","approval":"x.y.z"}"#,
        ),
        case("granted", "an approval that is not needed", &free, r#"{"action":"read","resource":"drive/q3","approval":"x.y.z"}"#),
        case("agent_mismatch", "another agent", &free, r#"{"action":"read","resource":"drive/q3","agentId":"agent_mallory"}"#),
        case("granted", "the caller's request id is kept", &free, r#"{"action":"read","resource":"drive/q3","requestId":"req_mine"}"#),
    ];
    for (name, request) in [
        ("no action", r#"{"resource":"drive/q3"}"#),
        ("an action with a star", r#"{"action":"re*","resource":"drive/q3"}"#),
        ("a resource with dots", r#"{"action":"read","resource":"drive/../q3"}"#),
        ("a resource with an escape", r#"{"action":"read","resource":"drive%2fq3"}"#),
        ("null", r#"{"action":"read","n":null}"#),
        ("a nested object", r#"{"action":"read","n":{}}"#),
        ("a list of numbers", r#"{"action":"read","n":[1]}"#),
        ("an attribute twice", r#"{"action":"read","n":1,"n":2}"#),
        ("a number of 29 digits", r#"{"action":"read","n":12345678901234567890123456789}"#),
        ("an empty approval", r#"{"action":"read","approval":""}"#),
        ("not JSON", "read drive"),
        ("empty text", ""),
    ] {
        cases.push(case("invalid_request", &format!("request: {name}"), &free, request));
    }
    let must = Settings { must_name_resource: true, ..Settings::default() };
    cases.push((
        "invalid_request",
        Vector { settings: must, ..vector("a resource is demanded", "keys", token(&free), r#"{"action":"read"}"#) },
    ));
    let bound = claims(&free).replace("\"jti\"", "\"cnf\":{\"jkt\":\"x\"},\"jti\"");
    cases.push(("proof_required", vector("a passport that is bound to a key", "keys", mint::passport(&keys.active, &bound), ask)));
    cases.push((
        "proof_required",
        vector(
            "a proof is not looked at",
            "keys",
            mint::passport(&keys.active, &bound),
            r#"{"action":"read","resource":"drive/q3","proof":"x"}"#,
        ),
    ));
    cases
}

/// Operator and operand, an attribute that meets it, and one that does not.
const OPERATORS: [(&str, &str, &str); 38] = [
    (r#"{"equals":"USD"}"#, r#""USD""#, r#""usd""#),
    (r#"{"equals":0.1}"#, "0.10", "0.1000000000000000000001"),
    (r#"{"equals":1}"#, "1e0", r#""1""#),
    (r#"{"equals":true}"#, "true", "false"),
    (r#"{"notEquals":"a"}"#, r#""b""#, r#""a""#),
    (r#"{"notEquals":1}"#, "2", r#""2""#),
    (r#"{"oneOf":["a","b",3]}"#, r#"["a","b"]"#, r#"["a","c"]"#),
    (r#"{"oneOf":["a","b",3]}"#, "3.0", "[]"),
    (r#"{"noneOf":["a"]}"#, r#""b""#, "5"),
    (r#"{"noneOf":[]}"#, "5", "[]"),
    (r#"{"min":"0.10"}"#, "0.1", "0.09999"),
    (r#"{"min":-5}"#, r#""-5.0""#, r#""-5.01""#),
    (r#"{"max":"500.00"}"#, "500", "500.0000000000000000000001"),
    (r#"{"max":1e2}"#, r#""100""#, r#""1e2""#),
    (r#"{"min":1,"max":5}"#, "3", "true"),
    (r#"{"max":"0.3"}"#, "0.3", "0.30000000000000004"),
    (r#"{"glob":"*.pdf"}"#, r#""a.pdf""#, r#""x/a.pdf""#),
    (r#"{"glob":"reports/**"}"#, r#""reports""#, r#""reports2""#),
    (r#"{"glob":"a/**/b"}"#, r#""a/b""#, r#""a/../b""#),
    (r#"{"glob":["a?c","x"]}"#, r#""aéc""#, r#""a/c""#),
    (r#"{"under":"/data"}"#, r#""/data/x""#, r#""/database""#),
    (r#"{"under":"/data"}"#, r#""/data""#, r#""/data/../etc""#),
    (r#"{"under":["a/b","c"]}"#, r#""c/d""#, r#""/c/d""#),
    (r#"{"under":"/data"}"#, r#""/data/a b""#, r#""/data/%2e%2e/x""#),
    (r#"{"host":"example.com"}"#, r#""https://EXAMPLE.com:8443/x?y#z""#, r#""https://example.com@evil.example/""#),
    (r#"{"host":"example.com"}"#, r#""example.com""#, r#""example.com:443""#),
    (r#"{"host":"*.example.com"}"#, r#""a.b.example.com""#, r#""example.com""#),
    (r#"{"host":"*.example.com"}"#, r#""http://a.example.com""#, r#""http://aexample.com""#),
    (r#"{"host":["a.example","b.example"]}"#, r#""b.example""#, r#""https://b.example\\@evil.example""#),
    (r#"{"host":"example.com"}"#, r#""http://example.com/\u00fc""#, r#""https://example.com.""#),
    (r#"{"cidr":"10.0.0.0/8"}"#, r#""10.1.2.3""#, r#""::ffff:10.1.2.3""#),
    (r#"{"cidr":["10.0.0.0/8","2001:db8::/32"]}"#, r#""2001:DB8::1""#, r#""2001:db9::1""#),
    (r#"{"cidr":"0.0.0.0/0"}"#, r#""1.2.3.4""#, r#""::1""#),
    (r#"{"cidr":"10.0.0.0/8"}"#, r#""10.0.0.1""#, r#""010.0.0.1""#),
    ("{}", "false", "[]"),
    (r#"{"max":"9999999999999999999999999999"}"#, "9999999999999999999999999999", r#""10000000000000000000000000000""#),
    (r#"{"min":"0.0000000000000000000000000001"}"#, "1e-28", "0"),
    (r#"{"equals":"a","notEquals":"b","oneOf":["a"]}"#, r#""a""#, r#""b""#),
];

fn constraints(keys: &Keys) -> Vec<(&'static str, Vector)> {
    let mut cases = Vec::new();
    for (number, (constraint, met, unmet)) in OPERATORS.into_iter().enumerate() {
        let grant = format!(r#"{{"type":"permission_passport","resource":"r","allowedActions":["x"],"constraints":{{"a":{constraint}}}}}"#);
        let token = mint::passport(&keys.active, &claims(&grant));
        let ask = |value: &str| format!(r#"{{"action":"x","resource":"r","a":{value}}}"#);
        let named = |what: &str| format!("{number} {constraint} {what}");
        cases.push(("granted", vector(&named("met"), "keys", token.clone(), &ask(met))));
        cases.push(("constraint_unmet", vector(&named("unmet"), "keys", token.clone(), &ask(unmet))));
        cases.push(("constraint_unmet", vector(&named("missing"), "keys", token, r#"{"action":"x","resource":"r"}"#)));
    }
    cases
}

fn wrapper(keys: &Keys) -> Vec<(&'static str, Vector)> {
    let token = mint::passport(&keys.active, &claims(GRANT));
    let case = |reason: &'static str, name: &str, fault, request: &str| {
        (reason, Vector { fault: Some(fault), ..vector(name, "keys", token.clone(), request) })
    };
    vec![
        case("audit_unavailable", "an allow that cannot be recorded", Fault::RecordUnavailable, REQUEST),
        case(
            "action_blocked",
            "a denial that cannot be recorded stays what it is",
            Fault::RecordUnavailable,
            r#"{"action":"refund","resource":"commerce"}"#,
        ),
        case("internal_error", "no id can be made", Fault::RandomnessUnavailable, REQUEST),
        case("clock_untrusted", "the clock went back", Fault::ClockWentBack, REQUEST),
    ]
}
