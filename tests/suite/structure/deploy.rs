//! What `deploy/` starts can be started: every flag and every variable in it is one that the command has.

use passport_tests::places::workspace;
use passport_tests::process::passport;

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
