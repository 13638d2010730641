//! A file of tests: what holds, what is asked, and what is expected of it.

use std::path::{Path, PathBuf};

use passport_shared::fault::Fault;
use passport_shared::grant::Grant;
use passport_shared::judge::ResourcePolicy;
use passport_shared::limits::REQUEST_BYTES;
use passport_shared::passport::{ClaimsError, Passport};
use passport_shared::request::Request;
use passport_shared::template::Template;
use passport_shared::text::quote;
use passport_shared::unverified::UnverifiedPassport;

use super::expect::Expected;
use super::yaml::{Kind, Node, Wrong};
use crate::cli::input;

/// Of one file. It is written by hand.
const FILE_BYTES: usize = 4 << 20;

const MEMBERS: [&str; 9] = ["description", "now", "agent", "grants", "template", "claims", "parameters", "requireResource", "tests"];
const TEST_MEMBERS: [&str; 5] = ["name", "now", "parameters", "request", "expect"];

/// One file, read and found sound.
#[derive(Debug)]
pub(super) struct Suite {
    pub(super) path: PathBuf,
    pub(super) cases: Vec<Case>,
}

/// One request, and what is expected of it.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// Where it stands.
    pub(super) line: usize,
    /// Who asks, with what it holds.
    pub(super) passport: Passport,
    /// Whether the times of the passport itself are looked at: it is one, and not a list of grants.
    pub(super) has_times: bool,
    pub(super) request: Request,
    /// As JSON.
    pub(super) asked: String,
    pub(super) policy: ResourcePolicy,
    pub(super) now: i64,
    pub(super) expected: Expected,
}

/// Everything that is wrong with a file, and where: `FILE:LINE:COLUMN` and what.
pub(super) type Faults = Vec<Fault>;

/// A file and the tree in it.
struct Source {
    path: PathBuf,
    root: Node,
}

impl Source {
    fn open(path: &Path) -> Result<Self, Faults> {
        let text = read(path)?;
        let root = Node::read(&text).map_err(|wrong| vec![placed(path, &wrong)])?;
        Ok(Self { path: path.to_owned(), root })
    }

    fn wrong(&self, node: &Node, what: impl Into<String>) -> Faults {
        vec![placed(&self.path, &node.wrong(what))]
    }

    /// What others found wrong below `node`, by its pointer.
    fn below(&self, node: &Node, faults: Vec<Fault>, prefix: &str) -> Faults {
        let place = |fault: &Fault| node.at(fault.pointer.strip_prefix(prefix).unwrap_or(&fault.pointer));
        faults.into_iter().map(|fault| placed(&self.path, &Wrong { place: place(&fault), what: fault.detail })).collect()
    }
}

fn placed(path: &Path, wrong: &Wrong) -> Fault {
    Fault { pointer: format!("{}:{}:{}", path.display(), wrong.place.line, wrong.place.column), detail: wrong.what.clone() }
}

fn read(path: &Path) -> Result<String, Faults> {
    let told = |detail: String| vec![Fault { pointer: path.display().to_string(), detail }];
    let bytes = input::file(path, FILE_BYTES).map_err(|error| told(error.what().unwrap_or_default()))?;
    String::from_utf8(bytes).map_err(|_| told("it is not text in UTF-8".to_owned()))
}

/// What the requests of a file are held against.
enum Held {
    Grants(Vec<Grant>),
    Template(Template),
    Passport(Passport),
}

/// Reads a file of tests, and the files that it names.
pub(super) fn load(path: &Path, present: i64) -> Result<Suite, Faults> {
    let file = Source::open(path)?;
    known(&file, &file.root, &MEMBERS, "a file of tests")?;
    let now = time(&file, &file.root)?.unwrap_or(present);
    let agent = string(&file, "agent")?;
    let policy = match file.root.get("requireResource") {
        None => ResourcePolicy::MayOmit,
        Some(Node { kind: Kind::Plain(text), .. }) if text == "true" => ResourcePolicy::MustName,
        Some(Node { kind: Kind::Plain(text), .. }) if text == "false" => ResourcePolicy::MayOmit,
        Some(node) => return Err(file.wrong(node, format!("it must be `true` or `false`, not {}", node.kind_name()))),
    };
    let held = held(&file)?;
    if let (Some(parameters), false) = (file.root.get("parameters"), matches!(held, Held::Template(_))) {
        return Err(file.wrong(parameters, "parameters are for a `template`, and there is none here"));
    }
    let tests = match file.root.get("tests") {
        Some(Node { kind: Kind::List(tests), .. }) if !tests.is_empty() => tests,
        Some(node) => return Err(file.wrong(node, "it must be a list with a test at least")),
        None => return Err(file.wrong(&file.root, "the member `tests` is missing: a list of requests and what is expected")),
    };
    let (mut cases, mut faults) = (Vec::new(), Vec::new());
    for (index, test) in tests.iter().enumerate() {
        match case(&file, test, index, &held, agent.as_deref(), now) {
            Ok(case) => cases.push(Case { policy, ..case }),
            Err(wrong) => faults.extend(wrong),
        }
    }
    if faults.is_empty() { Ok(Suite { path: path.to_owned(), cases }) } else { Err(faults) }
}

fn held(file: &Source) -> Result<Held, Faults> {
    let given: Vec<(&str, &Node)> =
        ["grants", "template", "claims"].into_iter().filter_map(|name| file.root.get(name).map(|node| (name, node))).collect();
    let (name, node) = match given.as_slice() {
        [one] => *one,
        [] => {
            let what = "say what the requests are held against: `grants`, a `template`, or a passport's `claims`";
            return Err(file.wrong(&file.root, what));
        }
        [_, (_, second), ..] => return Err(file.wrong(second, "a file has one of `grants`, `template` and `claims`")),
    };
    let source = match node.text() {
        None => Source { path: file.path.clone(), root: node.clone() },
        Some(beside) => {
            let path = file.path.parent().unwrap_or(Path::new("")).join(beside);
            let text = read(&path).map_err(|faults| file.wrong(node, faults.into_iter().map(|fault| fault.detail).collect::<String>()))?;
            if name == "claims" && is_token(&text) {
                let token = UnverifiedPassport::read(text.trim_end().as_bytes());
                let token = token.map_err(|error| vec![Fault { pointer: path.display().to_string(), detail: error.to_string() }])?;
                return Ok(Held::Passport(token.claims().clone()));
            }
            let root = Node::read(&text).map_err(|wrong| vec![placed(&path, &wrong)])?;
            Source { path, root }
        }
    };
    let json = source.root.to_json();
    match name {
        "grants" => Grant::read_all(&json, "").map(Held::Grants).map_err(|faults| source.below(&source.root, faults, "")),
        "claims" => Passport::read(json.as_bytes()).map(Held::Passport).map_err(|error| match error {
            ClaimsError::Malformed(faults) => source.below(&source.root, faults, ""),
            ClaimsError::Json(_) => source.wrong(&source.root, error.to_string()),
        }),
        _ => {
            let Some(grants) = source.root.get("grants") else {
                return Err(source.wrong(&source.root, "a template has `grants`, and `parameters` that stand open in them"));
            };
            let parameters = source.root.get("parameters").map_or_else(|| "{}".to_owned(), Node::to_json);
            match Template::check(&parameters, &grants.to_json()) {
                Ok(template) => Ok(Held::Template(template)),
                Err(faults) => Err(source.below(&source.root, faults, "")),
            }
        }
    }
}

/// Whether a file holds a token: three parts, and nothing that YAML or JSON would have.
fn is_token(text: &str) -> bool {
    let text = text.trim_end();
    text.split('.').count() == 3 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

fn case(file: &Source, test: &Node, index: usize, held: &Held, agent: Option<&str>, now: i64) -> Result<Case, Faults> {
    known(file, test, &TEST_MEMBERS, "a test")?;
    let Some(asked) = test.get("request") else { return Err(file.wrong(test, "the member `request` is missing")) };
    if !matches!(asked.kind, Kind::Map(_)) {
        return Err(file.wrong(asked, format!("a request is an object with an `action`, not {}", asked.kind_name())));
    }
    let Some(expect) = test.get("expect") else { return Err(file.wrong(test, "the member `expect` is missing")) };
    let name = match test.get("name") {
        None => format!("test {}", index.saturating_add(1)),
        Some(node) => node.text().map(str::to_owned).ok_or_else(|| file.wrong(node, "a name is a string"))?,
    };
    let now = time(file, test)?.unwrap_or(now);
    let json = asked.to_json();
    if json.len() > REQUEST_BYTES {
        return Err(file.wrong(asked, format!("a request has at most {REQUEST_BYTES} bytes")));
    }
    let request = Request::parse(json.as_bytes());
    let parameters = test.get("parameters");
    // Who is not named is whoever asks.
    let holder = agent.or_else(|| request.agent_id()).unwrap_or("agent").to_owned();
    let passport = match held {
        Held::Passport(passport) => {
            let named = agent.map_or_else(|| passport.agent_id.clone(), Into::into);
            Passport { agent_id: named, ..passport.clone() }
        }
        Held::Grants(grants) => Passport::holding(&holder, grants.clone()),
        Held::Template(template) => {
            let values = parameters.or_else(|| file.root.get("parameters"));
            let expanded = template.expand(&values.map_or_else(|| "{}".to_owned(), Node::to_json));
            let at = values.unwrap_or(test);
            let expanded = expanded.map_err(|faults| file.below(at, faults, "/parameters"))?;
            Passport::holding(&holder, expanded.grants)
        }
    };
    if let (Some(node), false) = (parameters, matches!(held, Held::Template(_))) {
        return Err(file.wrong(node, "parameters are for a `template`, and there is none in this file"));
    }
    let expected = Expected::read(expect).map_err(|wrong| vec![placed(&file.path, &wrong)])?;
    Ok(Case {
        name,
        line: test.place.line,
        has_times: matches!(held, Held::Passport(_)),
        passport,
        request,
        asked: json,
        policy: ResourcePolicy::MayOmit,
        now,
        expected,
    })
}

/// The member `now` of a file or a test.
fn time(file: &Source, node: &Node) -> Result<Option<i64>, Faults> {
    let Some(node) = node.get("now") else { return Ok(None) };
    let text = match &node.kind {
        Kind::Text(text) | Kind::Plain(text) => text,
        Kind::List(_) | Kind::Map(_) => return Err(file.wrong(node, "it must be a time like `2026-05-30T00:00:00Z`")),
    };
    input::time(text).map(Some).map_err(|what| file.wrong(node, what))
}

fn string(file: &Source, name: &str) -> Result<Option<String>, Faults> {
    let Some(node) = file.root.get(name) else { return Ok(None) };
    node.text().map(|text| Some(text.to_owned())).ok_or_else(|| file.wrong(node, format!("it must be a string, not {}", node.kind_name())))
}

/// That it is an object with no other members.
fn known(file: &Source, node: &Node, members: &[&str], what: &str) -> Result<(), Faults> {
    let Kind::Map(given) = &node.kind else {
        return Err(file.wrong(node, format!("{what} is an object with {}, not {}", listed(members), node.kind_name())));
    };
    let unknown = given.iter().filter(|(name, ..)| !members.contains(&name.as_str()));
    let told = |(name, place, _): &(String, _, _)| {
        placed(&file.path, &Wrong { place: *place, what: format!("{what} has no member {}; it has {}", quote(name), listed(members)) })
    };
    let faults: Faults = unknown.map(told).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
