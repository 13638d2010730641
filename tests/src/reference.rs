//! The reference passport of every measurement: what it says and what is asked of it. Texts alone, so that the peers,
//! which stand in a workspace of their own, are measured with the same ones.

/// The issuer that it names.
pub const ISSUER: &str = "https://issuer.example";
/// The service that it is for.
pub const AUDIENCE: &str = "https://shop.example";
/// The agent that it is of.
pub const AGENT: &str = "agent_ollie";
/// What is asked for.
pub const ACTION: &str = "purchase";
/// On what.
pub const RESOURCE: &str = "commerce";
/// Attribute `amount`; at most 500.00 is granted.
pub const AMOUNT: u32 = 420;
/// Attribute `currency`; it has to be this.
pub const CURRENCY: &str = "USD";
/// Attribute `vendor`; this and one more are granted.
pub const VENDOR: &str = "coachella.com";
/// What the same request may not have: a vendor that nobody named.
pub const WRONG_VENDOR: &str = "casino.example";

/// How many grants a passport has in the rows.
pub const GRANTS: [usize; 4] = [1, 5, 20, 64];

/// How many different passports the rows of a first check go through, so that the processor does not learn one by heart.
pub const DIFFERENT: usize = 64;

/// `count` grants as JSON. The last one, so that every other is looked at first, is the one that the request needs, and
/// it has the three constraints of the README.
pub fn grants(count: usize) -> String {
    let others = (1..count).map(|index| format!(r#"{{"type":"permission_passport","resource":"mail/{index}","allowedActions":["read"]}}"#));
    let asked = format!(
        r#"{{"type":"permission_passport","resource":"{RESOURCE}","allowedActions":["{ACTION}"],"constraints":{{"amount":{{"max":"500.00"}},"currency":{{"equals":"{CURRENCY}"}},"vendor":{{"oneOf":["{VENDOR}","ticketmaster.com"]}}}}}}"#
    );
    let all: Vec<String> = others.chain([asked]).collect();
    format!("[{}]", all.join(","))
}
