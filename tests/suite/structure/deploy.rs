//! What `deploy/` starts can be started: every flag and every variable in it is one that the command has.

use passport_tests::places::workspace;
use passport_tests::process::passport;
use serde_json::{Map, Value};

fn help(arguments: &[&str]) -> String {
    let output = passport().args(arguments).arg("--help").output().expect("it runs");
    String::from_utf8(output.stdout).expect("text")
}

/// The words of a file that are no comment and begin with `start`, up to what ends a name.
fn words(text: &str, start: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let named =
        lines.flat_map(|line| line.match_indices(start).map(|(at, _)| line[at..].split(ends).next().unwrap_or_default().to_owned()));
    named.collect()
}

#[test]
fn every_flag_and_variable_in_deploy_is_one_that_the_command_has() {
    let known = [help(&["serve"]), help(&["trust", "fetch"])].join("\n");
    let flags: Vec<&str> = known.split_whitespace().filter(|word| word.starts_with("--")).collect();
    let mut count = 0;
    for file in ["passport.service", "Dockerfile", "compose.yaml"] {
        let text = std::fs::read_to_string(workspace().join("deploy").join(file)).expect("a file");
        // The commands of others have flags of their own.
        let ours: Vec<&str> =
            text.lines().filter(|line| !["RUN ", "COPY ", "HEALTHCHECK "].iter().any(|other| line.starts_with(other))).collect();
        let ours = ours.join("\n");
        assert!(ours.contains("serve"), "{file} starts an issuer");
        for flag in words(&ours, "--") {
            assert!(flags.contains(&flag.as_str()), "{file}: {flag} is no flag of `passport serve` or `passport trust fetch`");
            count += 1;
        }
        for variable in words(&ours, "PASSPORT_") {
            assert!(known.contains(&format!("[env: {variable}]")), "{file}: {variable} is no variable of `passport serve`");
            count += 1;
        }
    }
    assert!(count > 10, "only {count} were found: does this test still see them?");
}

fn compose(file: &str) -> Value {
    let text = std::fs::read_to_string(workspace().join("deploy").join(file)).expect("a file");
    serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn members<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = (&'v String, &'v Value)> {
    value[name].as_object().into_iter().flatten()
}

fn texts<'v>(value: &'v Value, name: &str) -> Vec<&'v str> {
    let list = value[name].as_array().into_iter().flatten();
    list.map(|item| item.as_str().unwrap_or_else(|| panic!("{name}: {item} is no text"))).collect()
}

/// One laid over the other, as compose does with what we use: maps are joined, lists that name things too.
fn laid_over(base: Value, over: Value) -> Value {
    match (base, over) {
        (Value::Object(mut base), Value::Object(over)) => {
            for (name, value) in over {
                let below = base.remove(&name).unwrap_or(Value::Null);
                base.insert(name, laid_over(below, value));
            }
            Value::Object(base)
        }
        (Value::Array(base), Value::Array(over)) => base.into_iter().chain(over).collect(),
        (base, Value::Null) => base,
        (_, over) => over,
    }
}

/// What is wrong with a compose file: a name that is not declared, or a service with more rights than it needs.
fn faults(compose: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let declared = |kind: &str, name: &str| compose[kind].as_object().is_some_and(|all: &Map<String, Value>| all.contains_key(name));
    for (name, service) in members(compose, "services") {
        let mut wants = |held: bool, what: String| {
            if !held {
                faults.push(format!("{name}: {what}"))
            }
        };
        for secret in texts(service, "secrets") {
            wants(declared("secrets", secret), format!("the secret {secret} is not declared"));
        }
        for volume in texts(service, "volumes") {
            let volume = volume.split(':').next().unwrap_or_default();
            wants(declared("volumes", volume), format!("the volume {volume} is not declared"));
        }
        for network in texts(service, "networks") {
            wants(network == "default" || declared("networks", network), format!("the network {network} is not declared"));
        }
        for (other, _) in members(service, "depends_on") {
            wants(declared("services", other), format!("the service {other} is not declared"));
        }
        for (variable, value) in members(service, "environment") {
            let file = value.as_str().and_then(|value| value.strip_prefix("/run/secrets/"));
            let given = file.is_none_or(|file| texts(service, "secrets").contains(&file));
            wants(given, format!("{variable} names a secret that it is not given"));
        }
        wants(service["read_only"] == true, "its files can be written".to_owned());
        wants(texts(service, "cap_drop") == ["ALL"], "it keeps capabilities".to_owned());
        wants(texts(service, "security_opt").contains(&"no-new-privileges:true"), "it can gain privileges".to_owned());
        wants(service["restart"] == "unless-stopped", "it stays down".to_owned());
        for port in texts(service, "ports") {
            wants(port.starts_with("127.0.0.1:"), format!("{port} is open to other machines"));
        }
    }
    faults
}

#[test]
fn the_compose_files_name_only_what_they_declare_and_give_no_more_rights_than_needed() {
    let base = compose("compose.yaml");
    let whole = laid_over(base.clone(), compose("compose.postgres.yaml"));
    for compose in [&base, &whole] {
        assert_eq!(faults(compose), Vec::<String>::new());
    }
    // The test sees what it looks for.
    let mut open = whole.clone();
    open["services"]["database"]["ports"] = serde_json::json!(["5432:5432"]);
    open["services"]["issuer"]["read_only"] = false.into();
    open["secrets"].as_object_mut().expect("secrets").remove("pgpass");
    assert_eq!(faults(&open).len(), 3, "{:?}", faults(&open));

    let issuer = &whole["services"]["issuer"];
    let known = help(&["serve"]);
    for (variable, _) in members(issuer, "environment").filter(|(variable, _)| variable.starts_with("PASSPORT_")) {
        assert!(known.contains(&format!("[env: {variable}]")), "{variable} is no variable of `passport serve`");
    }
    // The issuer is pointed at the database beside it, whose password is in neither file.
    let url = issuer["environment"]["PASSPORT_DATABASE"].as_str().expect("a URL");
    let database = &whole["services"]["database"];
    let user = database["environment"]["POSTGRES_USER"].as_str().expect("a user");
    let name = database["environment"]["POSTGRES_DB"].as_str().expect("a database");
    assert!(url.starts_with(&format!("postgres://{user}@database:5432/{name}?")), "{url}");
    assert!(database["ports"].is_null() && whole["networks"]["database"]["internal"] == true, "nobody else reaches it");
    assert!(texts(issuer, "networks").contains(&"database") && texts(issuer, "networks").contains(&"default"));
}

#[test]
fn the_unit_has_each_setting_once_in_a_section_that_systemd_knows() {
    let text = std::fs::read_to_string(workspace().join("deploy/passport.service")).expect("the unit");
    let (mut section, mut seen) = (String::new(), std::collections::BTreeSet::new());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            assert!(["Unit", "Service", "Install"].contains(&name), "{line}");
            section = name.to_owned();
            continue;
        }
        let (key, _) = line.split_once('=').unwrap_or_else(|| panic!("{line} is no setting"));
        // These add to what stood before.
        let adds = ["Environment", "LoadCredential", "SystemCallFilter"].contains(&key);
        assert!(seen.insert((section.clone(), key.to_owned())) || adds, "{key} stands twice, and the last one counts");
    }
    for needed in ["ExecStart", "DynamicUser", "NoNewPrivileges", "ProtectSystem", "CapabilityBoundingSet", "LimitCORE"] {
        assert!(seen.contains(&("Service".to_owned(), needed.to_owned())), "{needed} is missing");
    }
}
