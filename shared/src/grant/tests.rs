use super::*;

const EXAMPLE: &str = r#"{"type":"permission_passport","resource":"commerce","allowedActions":["browse","add_to_cart","purchase"],"blockedActions":["refund"],"requiresApproval":false,
    "expiresAt":"2026-05-30T00:00:00Z","constraints":{"amount":{"max":"500.00"},"currency":{"equals":"USD"},"vendor":{"oneOf":["coachella.com","ticketmaster.com"]}}}"#;

fn read(json: &str) -> Result<Vec<Grant>, Vec<Fault>> {
    Grant::read_all(json, "/grants")
}

fn pointers(json: &str) -> Vec<String> {
    read(json).expect_err(json).into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn the_contracts_example_is_read_and_written_back() {
    let grants = read(&format!("[{EXAMPLE}]")).expect("a grant");
    assert!(grants[0].understood && grants[0].allows("purchase") && grants[0].blocks("refund"));
    assert_eq!(grants[0].expires_at, Some(1_780_099_200));
    let written = serde_json::to_string(&grants).expect("json");
    assert_eq!(read(&written).expect("again"), grants);
    assert!(written.starts_with(r#"[{"type":"permission_passport","resource":"commerce""#), "{written}");
}

#[test]
fn an_api_takes_any_rfc_3339_time_and_no_type() {
    let grants = read(r#"[{"resource":"a","allowedActions":[],"expiresAt":"2026-05-30T02:00:00+02:00"}]"#).expect("a grant");
    assert!(serde_json::to_string(&grants).expect("json").contains("\"2026-05-30T00:00:00Z\""));
}

#[test]
fn when_minting_every_fault_is_shown_where_it_is() {
    assert_eq!(
        pointers(
            r#"[{"resource":"a*","allowedActions":["x",5,""],"blockedActions":{},"requiresApproval":"no","expiresAt":"tomorrow","constraints":{"action":{},"n":{"max":"x"}}}, 5]"#
        ),
        [
            "/grants/0/resource",
            "/grants/0/allowedActions/1",
            "/grants/0/allowedActions/2",
            "/grants/0/blockedActions",
            "/grants/0/requiresApproval",
            "/grants/0/expiresAt",
            "/grants/0/constraints/action",
            "/grants/0/constraints/n/max",
            "/grants/1",
        ]
    );
    assert_eq!(
        pointers(r#"[{"resource":"a","allowedActions":[],"colour":1,"constraints":{"n":{"regex":"x"}}}]"#),
        ["/grants/0/colour", "/grants/0/constraints/n/regex"]
    );
    assert_eq!(pointers(r#"[{}]"#), ["/grants/0", "/grants/0"]);
    assert_eq!(pointers(r#"[{"type":"other","resource":"a","allowedActions":[]}]"#), ["/grants/0/type"]);
    assert_eq!(pointers("{}"), ["/grants"]);
    assert_eq!(pointers("[{\"a\":1,\"a\":1}]"), ["/grants"]);
    assert_eq!(pointers("[],\"x\":[]"), ["/grants"], "nothing can be smuggled in beside the list");
}

#[test]
fn bounds_are_held() {
    let actions = |n: usize| format!(r#"[{{"resource":"a","allowedActions":[{}]}}]"#, vec!["\"x\""; n].join(","));
    assert!(read(&actions(64)).is_ok() && read(&actions(65)).is_err());
    let constraints = |n: usize| {
        let members: Vec<_> = (0..n).map(|n| format!("\"n{n}\":{{}}")).collect();
        format!(r#"[{{"resource":"a","allowedActions":[],"constraints":{{{}}}}}]"#, members.join(","))
    };
    assert!(read(&constraints(16)).is_ok() && read(&constraints(17)).is_err());
    let grants = |n: usize| format!("[{}]", vec![r#"{"resource":"a","allowedActions":[]}"#; n].join(","));
    assert!(read(&grants(64)).is_ok() && read(&grants(65)).is_err());
}

#[test]
fn what_a_grant_hides_is_ordered_with_it_and_is_no_member_of_it_in_a_token() {
    let text = r#"[{"resource":"commerce","allowedActions":["buy"],"shownAttributes":["amount"],"sensitiveAttributes":["card"]},
        {"resource":"drive/**","allowedActions":[],"sensitiveAttributes":["path"]},{"resource":"open","allowedActions":["x"]}]"#;
    let grants = Grant::read_all(text, "").expect("grants");
    let hidden = serde_json::to_string(&Grant::hidden(&grants)).expect("JSON");
    assert_eq!(hidden, r#"[{"resource":"commerce","shown":["amount"],"sensitive":["card"]},{"resource":"drive/**","sensitive":["path"]}]"#);
    let signed = serde_json::to_string(&grants).expect("JSON");
    assert!(!signed.contains("Attributes"), "{signed}");
    let ordered = serde_json::to_string(&grants.iter().map(Ordered).collect::<Vec<_>>()).expect("JSON");
    assert_eq!(Grant::read_all(&ordered, "").as_ref(), Ok(&grants), "what is written as an order is read as it");
    // Contract section 2: in a token it is unknown, and the grant not understood.
    let document = Document::read(
        br#"{"type":"permission_passport","resource":"a","allowedActions":["b"],"sensitiveAttributes":["c"]}"#,
        Controls::Refused,
    );
    let document = document.expect("sound");
    let mut findings = Findings::default();
    let read = Grant::read(document.root(), Source::Token, &Place::root(""), &mut findings).expect("a grant");
    assert!(!read.understood && read.hiding.is_none());
    for (member, value) in
        [("shownAttributes", "7"), ("sensitiveAttributes", r#"["action"]"#), ("sensitiveAttributes", r#"[""]"#), ("shownAttributes", "[1]")]
    {
        let faults =
            Grant::read_all(&format!(r#"[{{"resource":"a","allowedActions":[],"{member}":{value}}}]"#), "/grants").expect_err(value);
        assert!(faults[0].pointer.starts_with(&format!("/grants/0/{member}")), "{faults:?}");
    }
}
