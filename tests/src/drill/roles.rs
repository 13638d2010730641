//! `drill roles`: every kind of caller against every route that the issuer itself says it has.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Campaign, Drill, Figures};
use crate::process::{Client, Issuer};

pub(super) const CAMPAIGN: Campaign = Campaign {
    name: "roles",
    about: "Every kind of caller against every route of a running issuer: what the grants say is what happens, in each cell.",
    unit: "rounds",
    long: 3,
    short: 1,
    run,
};

const FORBIDDEN: &str = "a route lets nobody through whose grants do not name its action";
const ALLOWED: &str = "a route lets everybody through whose grants name its action";
const DEAD: &str = "no route takes a passport that was revoked, is for somebody else, or is of a disabled agent";
const NOBODY: &str = "without a passport only public routes answer";
const SESSION: &str = "no passport stands in for a session of the console";
const KNOWN: &str = "every route says who may call it";

/// A route as the OpenAPI document has it.
#[derive(Debug)]
struct Route {
    method: String,
    path: String,
    asks: Asks,
}

/// Who may call.
#[derive(Debug)]
enum Asks {
    /// Anybody.
    Nothing,
    /// The passport concerned, whatever it grants.
    OwnPassport,
    /// A session of the console, which no passport stands in for.
    Session,
    /// A passport that allows one of these actions, each with its resource.
    OneOf(Vec<(String, String)>),
}

/// Who calls.
struct Caller {
    name: String,
    client: Client,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// With nothing at all.
    Nobody,
    /// With a passport that no route takes.
    Dead,
    /// With a passport for another service.
    Elsewhere,
    /// With a passport for the issuer that allows these actions, each on its resource.
    Holds(BTreeSet<(String, String)>),
}

fn run(drill: &Drill) -> Figures {
    let folder = TempDir::new().expect("a folder");
    let (mut cells, mut routes_seen, mut callers_seen) = (0_u64, 0, 0);
    let mut answers: BTreeMap<u16, u64> = BTreeMap::new();
    for round in 0..drill.times() {
        // What is allowed happens: keys are rotated. So each caller comes to the routes as they are by then.
        // Some of the callers come with nothing but bad passports, and are not to be locked out for it.
        let free = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).expect("a port").to_string();
        let issuer = Issuer::start_with(&folder.path().join(format!("data-{round}")), &free, &["--lockout-after", "0"]);
        let admin = issuer.admin();
        let routes = routes(drill, &admin.get("/openapi.json"));
        let callers = callers(&admin, &routes);
        (routes_seen, callers_seen) = (routes.len(), callers.len());
        for caller in &callers {
            for route in &routes {
                drill.say(format!("{} {}", caller.name, route.path));
                let status = call(&caller.client, route);
                hold(drill, caller, route, status);
                *answers.entry(status).or_default() += 1;
                cells += 1;
            }
        }
        drill.step();
    }
    let answers: serde_json::Map<String, Value> = answers.into_iter().map(|(status, count)| (status.to_string(), count.into())).collect();
    Figures::default().with("routes", routes_seen).with("callers", callers_seen).with("cells", cells).with("answers", answers)
}

fn routes(drill: &Drill, document: &Value) -> Vec<Route> {
    let paths = document["paths"].as_object().expect("paths");
    let operations = paths.iter().flat_map(|(path, item)| item.as_object().expect("operations").iter().map(move |one| (path, one)));
    operations
        .filter(|(_, (method, _))| ["get", "post", "put", "delete", "patch"].contains(&method.as_str()))
        .map(|(path, (method, operation))| {
            let scopes: Vec<&str> = operation["security"]
                .as_array()
                .into_iter()
                .flatten()
                .flat_map(|one| one["passport"].as_array().into_iter().flatten().filter_map(Value::as_str))
                .collect();
            let split = |scope: &&str| scope.split_once(" on ").map(|(action, resource)| (action.to_owned(), resource.to_owned()));
            let asks = match (operation["security"].is_null(), scopes.is_empty()) {
                (true, _) => Asks::Nothing,
                (false, true) if operation["security"].as_array().is_some_and(|all| all.iter().all(|one| one["passport"].is_null())) => {
                    Asks::Session
                }
                (false, true) => Asks::OwnPassport,
                (false, false) => Asks::OneOf(scopes.iter().filter_map(split).collect()),
            };
            let known = !matches!(&asks, Asks::OneOf(list) if list.len() != scopes.len());
            drill.expect(known, KNOWN, || format!("{method} {path}: {scopes:?}"));
            Route { method: method.to_uppercase(), path: path.clone(), asks }
        })
        .collect()
}

fn callers(admin: &Client, routes: &[Route]) -> Vec<Caller> {
    let all: BTreeSet<(String, String)> = routes
        .iter()
        .flat_map(|route| match &route.asks {
            Asks::OneOf(list) => list.clone(),
            _ => Vec::new(),
        })
        .collect();
    let issue = |name: &str, audience: &str, held: &BTreeSet<(String, String)>| {
        admin.post("/v1/agents", &json!({"agentId": name, "name": name}));
        let grants: Vec<Value> = held.iter().map(|(action, resource)| json!({"resource": resource, "allowedActions": [action]})).collect();
        let order = json!({"agentId": name, "audience": [audience], "grants": grants, "expiresIn": 3_600});
        let answer = admin.post("/v1/passports", &order);
        let text = |name: &str| answer[name].as_str().expect("a string").to_owned();
        (text("passport"), text("passportId"))
    };
    let own = admin.get("/.well-known/passport-issuer")["issuer"].as_str().expect("an issuer").to_owned();
    let mut callers =
        vec![Caller { name: "nobody".into(), client: Client { passport: String::new(), ..admin.clone() }, kind: Kind::Nobody }];
    let mut add = |name: String, passport: String, kind: Kind| {
        callers.push(Caller { name, client: Client { passport, ..admin.clone() }, kind });
    };
    // One for each action alone, one with all of them, one with none.
    for (number, one) in all.iter().enumerate() {
        let held = BTreeSet::from([one.clone()]);
        let name = format!("only-{number}-{}", one.0);
        add(name.clone(), issue(&name, &own, &held).0, Kind::Holds(held));
    }
    add("all".into(), issue("all", &own, &all).0, Kind::Holds(all.clone()));
    add("holds-nothing".into(), issue("holds-nothing", &own, &BTreeSet::new()).0, Kind::Holds(BTreeSet::new()));
    let (revoked, id) = issue("revoked", &own, &all);
    admin.post(&format!("/v1/passports/{id}/revoke"), &json!({"reason": "drill"}));
    add("revoked".into(), revoked, Kind::Dead);
    let (disabled, _) = issue("disabled", &own, &all);
    admin.post("/v1/agents/disabled/disable", &json!({}));
    add("disabled".into(), disabled, Kind::Dead);
    add("garbage".into(), "not.a.passport".into(), Kind::Dead);
    add("elsewhere".into(), issue("elsewhere", "https://shop.example", &all).0, Kind::Elsewhere);
    callers
}

/// The status that a call of a route gets, with an id that nothing has and a body that says nothing.
fn call(client: &Client, route: &Route) -> u16 {
    let path: Vec<&str> = route.path.split('/').map(|segment| if segment.starts_with('{') { "no-such-id" } else { segment }).collect();
    client.status(&route.method, &path.join("/"))
}

fn hold(drill: &Drill, caller: &Caller, route: &Route, status: u16) {
    let tell = || format!("{} calls {} {} ({:?}): {status}", caller.name, route.method, route.path, route.asks);
    let let_through = !matches!(status, 401 | 403);
    match (&route.asks, &caller.kind) {
        (Asks::Nothing, _) => drill.expect(let_through, ALLOWED, tell),
        (_, Kind::Nobody) => drill.expect(status == 401, NOBODY, tell),
        (_, Kind::Dead) => drill.expect(status == 401, DEAD, tell),
        (Asks::Session, _) => drill.expect(status == 401, SESSION, tell),
        (Asks::OneOf(_), Kind::Elsewhere) => drill.expect(status == 401, DEAD, tell),
        // It opens the issuer's own console, so it takes a passport for the issuer.
        (Asks::OwnPassport, Kind::Elsewhere) if route.path == "/v1/console/links" => drill.expect(status == 401, DEAD, tell),
        (Asks::OwnPassport, Kind::Holds(_) | Kind::Elsewhere) => drill.expect(status != 401, ALLOWED, tell),
        (Asks::OneOf(list), Kind::Holds(held)) => match list.iter().any(|one| held.contains(one)) {
            true => drill.expect(let_through, ALLOWED, tell),
            false => drill.expect(status == 403, FORBIDDEN, tell),
        },
    }
}
