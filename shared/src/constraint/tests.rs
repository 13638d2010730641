use super::*;
use crate::json::{Controls, Document};
use crate::request::Request;

/// The constraint `json` on the attribute `a`, and whether everything in it was known.
fn read(json: &str) -> Result<(Constraint, bool), String> {
    let text = format!("{{\"c\":{json}}}");
    let document = Document::read(text.as_bytes(), Controls::Refused).map_err(|fault| fault.to_string())?;
    let value = document.root().get("c").ok_or("no value")?;
    let (mut wrong, mut unknown) = (Faults::default(), Faults::default());
    let constraint = Constraint::read("a", value, &Place::root(""), &mut wrong, &mut unknown);
    match constraint {
        Some(constraint) if wrong.is_empty() => Ok((constraint, unknown.is_empty())),
        _ => Err(wrong.into_vec().into_iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect()),
    }
}

fn holds(constraint: &str, attribute: &str) -> bool {
    let (constraint, _) = read(constraint).unwrap_or_else(|why| panic!("{constraint}: {why}"));
    let request = Request::parse(format!("{{\"action\":\"x\",\"a\":{attribute}}}").as_bytes());
    assert_eq!(request.problem(), None, "{attribute}");
    constraint.holds(request.attribute("a"))
}

#[test]
fn equality_is_by_type_and_value() {
    assert!(holds(r#"{"equals":"USD"}"#, r#""USD""#));
    assert!(!holds(r#"{"equals":"USD"}"#, r#""usd""#));
    assert!(holds(r#"{"equals":0.1}"#, "0.10"));
    assert!(!holds(r#"{"equals":"0.1"}"#, r#""0.10""#));
    assert!(!holds(r#"{"equals":1}"#, r#""1""#));
    assert!(holds(r#"{"equals":true}"#, "true"));
    assert!(holds(r#"{"notEquals":"a"}"#, r#""b""#));
    assert!(!holds(r#"{"notEquals":"a"}"#, "5"), "another type is not merely different");
    assert!(holds(r#"{"oneOf":["a",1]}"#, "1.0"));
    assert!(!holds(r#"{"oneOf":[]}"#, "1"));
    assert!(holds(r#"{"noneOf":[]}"#, "1"));
    assert!(!holds(r#"{"noneOf":["a"]}"#, "1"));
    assert!(holds(r#"{"noneOf":["a",2]}"#, "1"));
}

#[test]
fn bounds_take_both_forms_of_a_decimal_and_nothing_else() {
    assert!(holds(r#"{"max":"500.00"}"#, "500"));
    assert!(holds(r#"{"max":500}"#, r#""500.000""#));
    assert!(!holds(r#"{"max":"500.00"}"#, "500.0000000000000000001"));
    assert!(!holds(r#"{"max":500}"#, r#""1e2""#), "a string has no exponent");
    assert!(holds(r#"{"max":500}"#, "1e2"));
    assert!(!holds(r#"{"max":500}"#, "true"));
    assert!(holds(r#"{"min":-5,"max":5}"#, "-5"));
}

#[test]
fn a_list_must_hold_item_by_item_and_not_be_empty() {
    assert!(holds(r#"{"oneOf":["a","b"]}"#, r#"["a","b","a"]"#));
    assert!(!holds(r#"{"oneOf":["a","b"]}"#, r#"["a","c"]"#));
    assert!(!holds(r#"{"oneOf":["a","b"]}"#, "[]"));
    assert!(!holds(r#"{"noneOf":["a"]}"#, "[]"));
    assert!(!holds("{}", "[]"), "an empty list gives nothing");
    assert!(holds("{}", r#"["a"]"#) && holds("{}", "false"));
}

#[test]
fn what_is_unknown_is_told_from_what_is_wrong() {
    assert!(!read(r#"{"regex":".*","max":5}"#).expect("readable").1);
    for wrong in [
        r#"{"max":"5 USD"}"#,
        r#"{"max":null}"#,
        r#"{"max":[5]}"#,
        r#"{"max":1e28}"#,
        r#"{"equals":null}"#,
        r#"{"equals":["a"]}"#,
        r#"{"equals":{}}"#,
        r#"{"equals":""}"#,
        r#"{"oneOf":"a"}"#,
        r#"{"oneOf":[["a"]]}"#,
        r#"{"glob":5}"#,
        r#"{"glob":""}"#,
        r#"{"under":"/a/../b"}"#,
        r#"{"under":["/a","b//c"]}"#,
        r#"{"host":"10.0.0.1"}"#,
        r#"{"cidr":"10.0.0.1/8"}"#,
        "5",
        "[]",
        "null",
    ] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
    let values = |n: usize| format!(r#"{{"oneOf":[{}]}}"#, vec!["1"; n].join(","));
    assert!(read(&values(128)).is_ok() && read(&values(129)).is_err());
    let text = |n: usize| format!(r#"{{"equals":"{}"}}"#, "x".repeat(n));
    assert!(read(&text(256)).is_ok() && read(&text(257)).is_err());
}

#[test]
fn every_operator_is_read_named_shown_described_and_written_back() {
    let all = r#"{"equals":"a","notEquals":1.50,"oneOf":["a",2,true],"noneOf":[],"min":"0.10","max":1e2,"glob":"*","under":["/a"],"host":"*.example.com","cidr":["10.0.0.0/8","::/0"]}"#;
    let (constraint, known) = read(all).expect("all known");
    assert!(known);
    let names: Vec<_> = constraint.operators.iter().map(Operator::name).collect();
    assert_eq!(names, Operator::NAMES);
    assert_eq!(serde_json::to_string(&constraint).expect("json"), all);
    assert_eq!(
        constraint.describe(),
        "`a` exactly `a` and something other than 1.50 and one of `a`, 2, true and none of nothing and at least 0.10 and at most 1e2 and a match of `*` and at or under `/a` and on host `*.example.com` and an address in `10.0.0.0/8`, `::/0`"
    );
    for operator in &constraint.operators {
        for attribute in
            [None, Some(&Attribute::from("x")), Some(&Attribute::from(7)), Some(&Attribute::from(true)), Some(&Attribute::from(["x", "y"]))]
        {
            assert!(operator.explain("a", attribute).starts_with("`a` is "), "{}", operator.name());
        }
    }
}

#[test]
fn an_explanation_says_what_was_given_and_what_must_be() {
    let explain = |constraint: &str, attribute: Option<Attribute>| {
        let (constraint, _) = read(constraint).expect("readable");
        constraint.operators[0].explain("amount", attribute.as_ref())
    };
    assert_eq!(explain(r#"{"max":"500.00"}"#, Some(742.into())), "`amount` is 742, over the maximum of 500.00");
    assert_eq!(explain(r#"{"min":10}"#, Some("5".into())), "`amount` is `5`, under the minimum of 10");
    assert_eq!(explain(r#"{"max":5}"#, Some(true.into())), "`amount` is true, not a decimal; it must be at most 5");
    assert_eq!(explain(r#"{"max":5}"#, None), "`amount` is missing; it must be at most 5");
    assert_eq!(explain(r#"{"oneOf":["a","b"]}"#, Some("c`\n".into())), "`amount` is `c\\`\\n`; it must be one of `a`, `b`");
}

#[test]
fn what_is_within_another_operator_holds_for_nothing_that_the_other_does_not_hold_for() {
    let operands = [
        r#""equals":"a""#,
        r#""equals":2"#,
        r#""notEquals":"a""#,
        r#""oneOf":[]"#,
        r#""oneOf":["a"]"#,
        r#""oneOf":["b","a",2]"#,
        r#""oneOf":["c"]"#,
        r#""noneOf":["a"]"#,
        r#""noneOf":[]"#,
        r#""min":2"#,
        r#""min":"2.00""#,
        r#""min":3"#,
        r#""max":2"#,
        r#""max":"1.9""#,
        r#""glob":"*""#,
        r#""glob":"a""#,
        r#""under":"a""#,
        r#""host":"a.example""#,
        r#""cidr":"10.0.0.0/8""#,
    ];
    let values = ["\"a\"", "\"b\"", "\"c\"", "\"2\"", "1", "2", "3", "true", "[\"a\",\"b\"]", "[]", "\"a.example\"", "\"10.0.0.1\""];
    let operator = |operand: &str| read(&format!("{{{operand}}}")).expect("readable").0.operators[0].clone();
    let mut within = Vec::new();
    for one in operands {
        for other in operands {
            if operator(one).is_within(&operator(other)) {
                for value in values {
                    let both = [one, other].map(|operand| holds(&format!("{{{operand}}}"), value));
                    assert!(!both[0] || both[1], "{one} is no part of {other}: {value}");
                }
                if one != other {
                    within.push((one, other));
                }
            }
        }
    }
    assert!(within.contains(&(r#""max":"1.9""#, r#""max":2"#)) && within.contains(&(r#""min":3"#, r#""min":"2.00""#)));
    assert!(within.contains(&(r#""oneOf":["a"]"#, r#""oneOf":["b","a",2]"#)) && within.contains(&(r#""min":2"#, r#""min":"2.00""#)));
    assert_eq!(within.len(), 9, "{within:?}");
}
