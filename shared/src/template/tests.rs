use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::constraint::Operator;

const PARAMETERS_OF_TEAM: &str = r#"{
    "team": {"type": "string", "description": "whose reports", "maxLength": 40},
    "limit": {"type": "number", "min": 1, "max": "10000.00", "default": 500},
    "vendors": {"type": "strings", "enum": ["coachella.com", "rail.example"]},
    "urgent": {"type": "boolean", "default": false}
}"#;

const GRANTS_OF_TEAM: &str = r#"[
    {"resource": "reports/${team}/**", "allowedActions": ["read", "write"], "blockedActions": ["delete"]},
    {"resource": "commerce", "allowedActions": ["purchase"], "requiresApproval": true, "approvers": 2, "constraints": {
        "amount": {"max": {"$param": "limit"}},
        "vendor": {"oneOf": {"$param": "vendors"}},
        "urgent": {"equals": {"$param": "urgent"}},
        "note": {"equals": "for ${team}, $${team}"},
        "tag": {"oneOf": ["fixed", {"$param": "team"}, {"$param": "limit"}]}}}
]"#;

fn team() -> Template {
    Template::check(PARAMETERS_OF_TEAM, GRANTS_OF_TEAM).expect("sound")
}

fn faults(result: Result<impl std::fmt::Debug, Vec<Fault>>) -> Vec<String> {
    result.expect_err("refused").into_iter().map(|fault| fault.pointer).collect()
}

/// The pointers of what is wrong with a template of one grant with this resource and these constraints.
fn wrong(parameters: &Value, resource: &str, constraints: &Value) -> Vec<String> {
    let grants = json!([{"resource": resource, "allowedActions": ["read"], "constraints": constraints}]);
    faults(Template::check(&parameters.to_string(), &grants.to_string()))
}

fn sound(parameters: &Value, constraints: &Value) -> Template {
    let grants = json!([{"resource": "r", "allowedActions": ["read"], "constraints": constraints}]);
    Template::check(&parameters.to_string(), &grants.to_string()).unwrap_or_else(|faults| panic!("{constraints}: {faults:?}"))
}

#[test]
fn a_template_comes_to_ordinary_grants() {
    let expansion = team().expand(r#"{"vendors": ["rail.example"], "team": "north"}"#).expect("expanded");
    let expected = Grant::read_all(
        r#"[{"resource": "reports/north/**", "allowedActions": ["read", "write"], "blockedActions": ["delete"]},
            {"resource": "commerce", "allowedActions": ["purchase"], "requiresApproval": true, "approvers": 2, "constraints": {
                "amount": {"max": 500}, "vendor": {"oneOf": ["rail.example"]}, "urgent": {"equals": false},
                "note": {"equals": "for north, ${team}"}, "tag": {"oneOf": ["fixed", "north", 500]}}}]"#,
        "",
    );
    assert_eq!(Ok(expansion.grants), expected);
    // What was left to its default is said too, in the order of the declarations.
    assert_eq!(expansion.parameters, r#"{"team":"north","limit":500,"vendors":["rail.example"],"urgent":false}"#);
}

#[test]
fn a_number_is_kept_to_the_digit() {
    let long = "1234567890123456789012345.678";
    let template = sound(&json!({"n": {"type": "number"}}), &json!({"a": {"equals": {"$param": "n"}, "max": {"$param": "n"}}}));
    for given in [format!(r#"{{"n": {long}}}"#), format!(r#"{{"n": "{long}"}}"#)] {
        let expansion = template.expand(&given).expect("expanded");
        assert_eq!(expansion.parameters, format!(r#"{{"n":{long}}}"#));
        let text = serde_json::to_string(&expansion.grants).expect("JSON");
        assert!(text.contains(&format!(r#"{{"equals":{long},"max":{long}}}"#)), "{text}");
    }
}

#[test]
fn everything_that_is_wrong_with_values_is_told_at_once() {
    let wrong = |values: &str| faults(team().expand(values));
    assert_eq!(wrong("{}"), ["/parameters/team", "/parameters/vendors"], "what has no default must be given");
    assert_eq!(
        wrong(r#"{"team": 7, "limit": 10000.01, "vendors": ["rail.example", "evil.example"], "urgent": "true", "more": 1}"#),
        ["/parameters/more", "/parameters/team", "/parameters/limit", "/parameters/vendors/1", "/parameters/urgent"]
    );
    assert_eq!(wrong(r#"{"team": "a", "limit": 0.99, "vendors": []}"#), ["/parameters/limit", "/parameters/vendors"]);
    for values in
        ["[]", "", "null", r#"{"team":"a","team":"b","vendors":["rail.example"]}"#, "{\"team\":\"a\\n\",\"vendors\":[\"rail.example\"]}"]
    {
        assert_eq!(wrong(values), ["/parameters"], "{values}");
    }
    let long = "x".repeat(41);
    assert_eq!(wrong(&json!({"team": long, "vendors": ["rail.example"]}).to_string()), ["/parameters/team"]);
}

#[test]
fn a_value_inside_a_pattern_is_one_plain_segment() {
    for team in ["*", "**", "a/b", "/", "..", ".", "a*", "?", "$", "${limit}", "{x}", "a%2fb", "a\\b"] {
        let values = json!({"team": team, "vendors": ["rail.example"]}).to_string();
        assert_eq!(faults(self::team().expand(&values)), ["/parameters/team"], "{team}");
    }
    for team in ["équipe", "a.b", "north west", "-", "[x]", "a,b", "a:b"] {
        let values = json!({"team": team, "vendors": ["rail.example"]}).to_string();
        assert!(self::team().expand(&values).is_ok(), "{team}");
    }
    let twice = json!([{"resource": "${x}", "allowedActions": ["a"]}, {"resource": "${x}/${x}", "allowedActions": ["a"]}]).to_string();
    let twice = Template::check(r#"{"x": {"type": "string"}}"#, &twice).expect("sound");
    assert_eq!(faults(twice.expand(r#"{"x": "*"}"#)), ["/parameters/x"], "told once");
    // A dot is to a host what a slash is to a path.
    let host = sound(&json!({"site": {"type": "string"}}), &json!({"url": {"host": "api-${site}"}}));
    assert_eq!(faults(host.expand(r#"{"site": "a.evil.example"}"#)), ["/parameters/site"]);
    assert!(host.expand(r#"{"site": "north"}"#).is_ok());
}

#[test]
fn a_value_that_is_a_whole_pattern_has_no_wildcard() {
    for (operator, good, bad) in [
        ("glob", &["reports/q3.pdf", "a"][..], &["*", "**", "a/*", "a?"][..]),
        ("host", &["a.example", "localhost"], &["*.example", "*"]),
        ("under", &["/data", "data/x"], &["/data/../etc", "/", "a%2f", "a/*"]),
        ("cidr", &["10.0.0.0/8", "::/0"], &["10.0.0.1/8", "*"]),
    ] {
        let one = sound(&json!({"x": {"type": "string"}}), &json!({"a": {operator: {"$param": "x"}}}));
        let item = sound(&json!({"x": {"type": "string"}}), &json!({"a": {operator: [{"$param": "x"}]}}));
        let many = sound(&json!({"x": {"type": "strings"}}), &json!({"a": {operator: {"$param": "x"}}}));
        for value in good {
            assert!(one.expand(&json!({"x": value}).to_string()).is_ok(), "{operator} {value}");
            assert!(item.expand(&json!({"x": value}).to_string()).is_ok(), "{operator} {value}");
            assert!(many.expand(&json!({"x": [value, value]}).to_string()).is_ok(), "{operator} {value}");
        }
        for value in bad {
            assert!(one.expand(&json!({"x": value}).to_string()).is_err(), "{operator} {value}");
            assert!(item.expand(&json!({"x": value}).to_string()).is_err(), "{operator} {value}");
            assert!(many.expand(&json!({"x": [good[0], value]}).to_string()).is_err(), "{operator} {value}");
        }
    }
}

#[test]
fn a_parameter_stands_where_its_type_can() {
    let declared = json!({"s": {"type": "string"}, "n": {"type": "number"}, "b": {"type": "boolean"}, "l": {"type": "strings"}});
    for operator in Operator::NAMES {
        for (index, name) in ["s", "n", "b", "l"].into_iter().enumerate() {
            // Alone, and as an item of a list.
            let fits: [&str; 4] = match operator {
                "equals" | "notEquals" => ["alone", "alone", "alone", ""],
                "oneOf" | "noneOf" => ["item", "item", "item", "alone"],
                "min" | "max" => ["", "alone", "", ""],
                _ => ["alone item", "", "", "alone"],
            };
            let parameters = json!({name: declared[name]});
            let placeholder = json!({"$param": name});
            for (how, operand) in [("alone", placeholder.clone()), ("item", json!([placeholder]))] {
                let grants = json!([{"resource": "r", "allowedActions": ["x"], "constraints": {"a": {operator: operand}}}]);
                let outcome = Template::check(&parameters.to_string(), &grants.to_string());
                assert_eq!(outcome.is_ok(), fits[index].contains(how), "{operator} {name} {how}: {outcome:?}");
            }
        }
    }
}

#[test]
fn a_placeholder_anywhere_else_is_refused() {
    let parameters = r#"{"x": {"type": "string"}}"#;
    let base = json!({"resource": "r", "allowedActions": ["a"], "constraints": {"n": {"equals": {"$param": "x"}}}});
    let placeholder = json!({"$param": "x"});
    for (member, value, at) in [
        ("resource", placeholder.clone(), "/grants/0/resource"),
        ("allowedActions", placeholder.clone(), "/grants/0/allowedActions"),
        ("allowedActions", json!([placeholder.clone()]), "/grants/0/allowedActions/0"),
        ("allowedActions", json!(["a.${x}"]), "/grants/0/allowedActions/0"),
        ("allowedActions", json!(["$${x}"]), "/grants/0/allowedActions/0"),
        ("blockedActions", json!(["${x}"]), "/grants/0/blockedActions/0"),
        ("requiresApproval", placeholder.clone(), "/grants/0/requiresApproval"),
        ("expiresAt", json!("${x}"), "/grants/0/expiresAt"),
        ("type", json!("${x}"), "/grants/0/type"),
        ("${x}", json!(1), "/grants/0/${x}"),
        ("constraints", placeholder.clone(), "/grants/0/constraints"),
        ("constraints", json!({"n": placeholder}), "/grants/0/constraints/n"),
        ("constraints", json!({"${x}": {}}), "/grants/0/constraints/${x}"),
        ("constraints", json!({"n": {"equals": {"$param": "x", "more": 1}}}), "/grants/0/constraints/n/equals"),
        ("constraints", json!({"n": {"equals": {"$param": 1}}}), "/grants/0/constraints/n/equals"),
        ("constraints", json!({"n": {"matches": placeholder}}), "/grants/0/constraints/n/matches"),
        ("constraints", json!({"n": {"oneOf": [[placeholder]]}}), "/grants/0/constraints/n/oneOf/0/0"),
        ("constraints", json!({"n": {"equals": "${x"}}), "/grants/0/constraints/n/equals"),
        ("constraints", json!({"n": {"equals": "${}"}}), "/grants/0/constraints/n/equals"),
        ("constraints", json!({"n": {"equals": "${ x}"}}), "/grants/0/constraints/n/equals"),
        ("constraints", json!({"n": {"max": "${x}"}}), "/grants/0/constraints/n/max"),
        ("constraints", json!({"n": {"cidr": "${x}/8"}}), "/grants/0/constraints/n/cidr"),
    ] {
        let mut grant = base.clone();
        grant[member] = value;
        let found = faults(Template::check(parameters, &json!([grant]).to_string()));
        assert_eq!(found.first().map(String::as_str), Some(at), "{grant}");
    }
    assert_eq!(faults(Template::check(parameters, &placeholder.to_string())), ["/grants"]);
    assert_eq!(faults(Template::check(parameters, &json!([placeholder]).to_string())), ["/grants/0"]);
}

#[test]
fn everything_that_is_wrong_with_a_template_is_told_at_once() {
    let parameters = json!({
        "used": {"type": "string", "default": 7},
        "idle": {"type": "number"},
        "2nd": {"type": "string"},
        "odd": {"type": "text"},
        "low": {"type": "number", "min": 5, "max": 4, "enum": [6, "x"]},
        "long": {"type": "string", "maxLength": 3, "enum": ["abcd"], "default": "xyz"},
        "flag": {"type": "boolean", "enum": [true]},
        "more": {"type": "string", "pattern": "x"},
        "none": 1
    });
    let constraints = json!({"a": {"equals": {"$param": "used"}, "max": {"$param": "missing"}}});
    let mut found = wrong(&parameters, "x", &constraints);
    found.sort();
    let mut expected = [
        "/parameters/used/default",
        "/parameters/2nd",
        "/parameters/odd/type",
        "/parameters/low/enum/1",
        "/parameters/low/max",
        "/parameters/low/enum/0",
        "/parameters/long/enum/0",
        "/parameters/long/default",
        "/parameters/flag/enum",
        "/parameters/more/pattern",
        "/parameters/none",
        "/grants/0/constraints/a/max",
    ];
    expected.sort();
    assert_eq!(found, expected);
    // Where all names are known, what nothing uses is told; where all is sound so far, what the grants come to.
    let parameters = json!({"used": {"type": "string"}, "idle": {"type": "number"}});
    assert_eq!(wrong(&parameters, "reports/${used}", &json!({})), ["/parameters/idle"]);
    let parameters = json!({"used": {"type": "string"}});
    assert_eq!(wrong(&parameters, "reports/*${used}", &json!({"agentId": {}})), ["/grants/0/constraints/agentId", "/grants/0/resource"]);
    assert_eq!(faults(Template::check("[]", "{}")), ["/parameters", "/grants"]);
    assert_eq!(faults(Template::check("{}", "[{}]")), ["/grants/0", "/grants/0"]);
    assert_eq!(faults(Template::check("{}", "[{")), ["/grants"]);
}

#[test]
fn each_value_that_is_offered_is_tried() {
    let host = |choices: Value| json!({"site": {"type": "string", "enum": choices}});
    let constraints = json!({"url": {"host": {"$param": "site"}}});
    assert_eq!(wrong(&host(json!(["a.example", "*.example", "b.example"])), "r", &constraints), ["/parameters/site/enum/1"]);
    assert_eq!(wrong(&host(json!(["a.example", "b..example"])), "r", &constraints), ["/grants/0/constraints/url/host"]);
    let default = json!({"site": {"type": "string", "default": "*"}});
    assert_eq!(wrong(&default, "r", &constraints), ["/parameters/site/default"]);
    let items = json!({"sites": {"type": "strings", "enum": ["a.example", "*"]}});
    assert_eq!(
        wrong(&items, "r", &json!({"url": {"host": {"$param": "sites"}}})),
        ["/parameters/sites/0", "/parameters/sites/enum/1"][1..]
    );
}

#[test]
fn bounds_are_kept() {
    let many = |count: usize| {
        let parameters: serde_json::Map<_, _> = (0..count).map(|n| (format!("p{n}"), json!({"type": "string"}))).collect();
        let resource: Vec<_> = (0..count).map(|n| format!("${{p{n}}}")).collect();
        let grants = json!([{"resource": resource.join("/"), "allowedActions": ["x"]}]);
        Template::check(&Value::from(parameters).to_string(), &grants.to_string())
    };
    assert!(many(32).is_ok());
    assert!(!faults(many(33)).is_empty());
    let choices = |count: usize| json!({"n": {"type": "number", "enum": (0..count).collect::<Vec<_>>()}});
    sound(&choices(64), &json!({"a": {"max": {"$param": "n"}}}));
    assert_eq!(wrong(&choices(65), "r", &json!({"a": {"max": {"$param": "n"}}})), ["/parameters/n/enum"]);
    let padded = format!("[{}]", " ".repeat(65_535));
    assert_eq!(faults(Template::check("{}", &padded)), ["/grants"]);
    // Written out it would have forty megabytes: it is refused for its length, and never written.
    let list = json!([{"resource": "r", "allowedActions": ["x"], "constraints": {"a": {"oneOf": {"$param": "l"}}}}]).to_string();
    let item = list.trim_matches(['[', ']']).to_owned();
    let grants = format!("[{}]", vec![item; 600].join(","));
    let most: Vec<String> = (0..128).map(|n| format!("{n:0>256}")).collect();
    let template =
        Template { parameters: sound(&json!({"l": {"type": "strings"}}), &json!({"a": {"oneOf": {"$param": "l"}}})).parameters, grants };
    let found = template.expand(&json!({"l": most}).to_string()).expect_err("refused");
    assert!(found[0].detail.contains("more than 1048576 bytes"), "{found:?}");
}

/// Texts that are likely to mean something to a pattern.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[abé*?/.$%{}\\\\]{0,6}", Just("..".to_owned()), Just("${team}".to_owned()), ".{0,8}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever is given for a parameter of a resource, the pattern covers that one segment and no other.
    #[test]
    fn no_value_widens_a_resource(value in hostile(), other in "[abé.]{1,3}", before in "[ab]{0,2}", after in "[ab]{0,2}") {
        for (end, below) in [("", ""), ("/**", ""), ("/**", "/x/y"), ("/*", "/x")] {
            let grants = json!([{"resource": format!("r/{before}${{x}}{after}{end}"), "allowedActions": ["a"]}]).to_string();
            let template = Template::check(r#"{"x":{"type":"string"}}"#, &grants).expect("sound");
            let Ok(expansion) = template.expand(&json!({"x": value}).to_string()) else { continue };
            let pattern = &expansion.grants[0].resource;
            let literal = format!("{before}{value}{after}");
            prop_assert!(!literal.contains('/'), "{} is more than one segment", literal);
            let own = format!("r/{literal}{below}");
            prop_assert!(pattern.covers(&own), "{} covers {}", pattern, own);
            if other != literal {
                let resource = format!("r/{other}{below}");
                prop_assert!(!pattern.covers(&resource), "{} covers {}", pattern, resource);
            }
        }
    }

    /// Whatever is given for a part of a glob, it matches what has that very text there, and nothing else.
    #[test]
    fn no_value_widens_a_glob(value in hostile(), other in "[abé.]{1,6}") {
        let parameters = json!({"x": {"type": "string"}});
        for operand in [json!("${x}.pdf"), json!(["${x}.pdf"])] {
            let template = sound(&parameters, &json!({"file": {"glob": operand}}));
            let Ok(expansion) = template.expand(&json!({"x": value}).to_string()) else { continue };
            let request = crate::request::Request::new("read").on("r").with("file", format!("{other}.pdf"));
            prop_assert_eq!(expansion.grants[0].constraints_hold(&request), other == value, "{} {}", value, other);
        }
    }

    /// An expansion is never anything but what `Grant::read_all` takes, and no value makes it panic.
    #[test]
    fn any_value_is_taken_or_refused(value in ".{0,40}") {
        let _ = team().expand(&value);
        let _ = team().expand(&json!({"team": value, "vendors": ["rail.example"]}).to_string());
        let _ = Template::check(&value, "[]");
        let _ = Template::check("{}", &value);
    }
}
