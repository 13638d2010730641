//! The commands of a page, run in one shell in an empty directory, against the real `passport`.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use passport_tests::process::passport_binary;

use super::page::{Block, Mark, Page};

/// Where the pages have the issuer listen; here it is a free port.
const WRITTEN: &str = "127.0.0.1:7700";

/// What `with: an issuer` does.
const WITH_ISSUER: &str = "passport serve --dev >serve.log 2>&1 &
awaited
export PASSPORT_URL=http://127.0.0.1:7700 PASSPORT_FILE=passport-data/admin.passport
passport agents create Ollie --id agent_ollie";

/// A shell's way to ask whether the issuer is ready, which comes later than its port.
const AWAITED: &str = r#"ready() {
    (exec 3<>/dev/tcp/127.0.0.1/7700 && printf 'GET /readyz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n' >&3 &&
        read -t 2 -r line <&3 && [[ $line == *' 200 '* ]]) 2>/dev/null
}
awaited() {
    for i in $(seq 600); do ready && return; sleep 0.05; done
    cat stays.log serve.log
}
"#;

/// The commands of a `console` block with what the page says they print.
fn conversation(block: &Block) -> Vec<(String, String)> {
    let mut turns: Vec<(String, String)> = Vec::new();
    let mut goes_on = false;
    for line in block.text.lines() {
        match (line.strip_prefix("$ "), turns.last_mut()) {
            (Some(command), _) => turns.push((command.to_owned(), String::new())),
            (None, Some((command, _))) if goes_on => {
                command.push('\n');
                command.push_str(line);
            }
            (None, Some((_, told))) => {
                told.push_str(line);
                told.push('\n');
            }
            (None, None) => panic!("line {}: the block begins with no command", block.line),
        }
        goes_on = line.ends_with('\\');
    }
    turns
}

/// The script of a page. Each command's output stands between marks; every code that is not 0 is told.
fn script(page: &Page, address: &str) -> String {
    let port = address.rsplit(':').next().unwrap_or_default();
    let mut script = String::from("exec 2>&1\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n");
    script.push_str(AWAITED);
    for block in &page.blocks {
        for mark in &block.marks {
            let command = match mark {
                Mark::First(command) => command.as_str(),
                Mark::WithIssuer => WITH_ISSUER,
                _ => continue,
            };
            let _ = writeln!(script, "{{ {command}\n}} || {{ echo '@@first {}'; exit 99; }}", block.line);
        }
        if let Some(file) = block.file().filter(|_| block.not_run().is_none()) {
            let _ = writeln!(script, "cat > '{file}' <<'@@FILE'\n{}@@FILE", block.text);
        }
        if !block.is_shell() {
            continue;
        }
        let commands = if block.language == "console" {
            conversation(block).into_iter().map(|(command, _)| command).collect()
        } else {
            vec![block.text.clone()]
        };
        for (turn, command) in commands.iter().enumerate() {
            let _ = writeln!(script, "echo '@@begin {} {turn}'", block.line);
            if block.stays() {
                // Of two on one page, the later takes the place of the earlier.
                let _ = writeln!(script, "if [ -n \"$stays\" ]; then kill $stays; wait $stays; fi");
                let _ = writeln!(script, "{{ exec {command}\n}} >stays.log 2>&1 &\nstays=$!");
                script.push_str("awaited\n");
            } else {
                let _ = writeln!(script, "trap 'echo \"@@code $?\"' ERR\n{command}\ntrap - ERR");
            }
            let _ = writeln!(script, "echo; echo '@@end'");
        }
    }
    script.push_str("echo '@@done'\n");
    script.replace(WRITTEN, address).replace("127.0.0.1/7700", &format!("127.0.0.1/{port}"))
}

/// The text with what differs from run to run made equal: ids, times, keys, tokens, durations.
fn settled(text: &str) -> Vec<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ':' | '.');
    let mut lines = Vec::new();
    for line in text.lines() {
        let mut out = String::new();
        let mut word = String::new();
        for c in line.chars().chain(['\n']) {
            if is_word(c) {
                word.push(c);
                continue;
            }
            out.push_str(&settle(&word));
            word.clear();
            out.push(c);
        }
        lines.push(out.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

fn settle(word: &str) -> String {
    let bare = word.trim_end_matches(['.', ':']);
    let id = ["pp_", "req_", "evt_", "apr_"].iter().find(|prefix| bare.starts_with(**prefix) && bare.len() > 30);
    let time = bare.len() == 20 && bare.ends_with('Z') && bare.as_bytes().get(10) == Some(&b'T');
    let key = bare.len() == 43 && !bare.contains('.');
    let settled = match id {
        Some(prefix) => format!("{prefix}ID"),
        None if time => "TIME".to_owned(),
        None if key => "KEY".to_owned(),
        None if bare.starts_with("eyJ") => "TOKEN".to_owned(),
        None => return word.to_owned(),
    };
    format!("{settled}{}", word.get(bare.len()..).unwrap_or_default())
}

/// Whether the output is what the page says; a line of `…` stands for any lines.
fn agrees(told: &[String], page: &[String]) -> bool {
    match page.split_first() {
        None => told.is_empty(),
        Some((first, rest)) if first == "…" => (0..=told.len()).any(|skipped| agrees(&told[skipped..], rest)),
        Some((first, rest)) => told.first() == Some(first) && agrees(&told[1..], rest),
    }
}

fn run(page: &Page) {
    let directory = tempfile::tempdir().expect("a directory");
    let address = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").to_string();
    let mut path = vec![passport_binary().parent().expect("a folder").to_owned()];
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let mut shell = Command::new("timeout");
    shell.args(["240", "bash", "-c", &script(page, &address)]).current_dir(directory.path()).stdin(Stdio::null()).process_group(0);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PASSPORT_")) {
        shell.env_remove(name);
    }
    shell.env("PATH", std::env::join_paths(path).expect("a path")).env("HOME", directory.path()).env("PASSPORT_LISTEN", &address);
    let output = shell.env("NO_COLOR", "1").env("LC_ALL", "C.UTF-8").output().expect("bash runs");
    let told = String::from_utf8_lossy(&output.stdout).replace(&address, WRITTEN);
    assert!(told.contains("@@done"), "{}: the page's script ended early: {}\n{told}", page.name, output.status);
    for block in page.blocks.iter().filter(|block| block.is_shell()) {
        check(&page.name, block, &told);
    }
}

fn check(name: &str, block: &Block, told: &str) {
    let wanted = if block.language == "console" { conversation(block) } else { vec![(block.text.clone(), "…\n".to_owned())] };
    let mut codes: Vec<u8> = Vec::new();
    let mut all = String::new();
    for (turn, (command, wanted)) in wanted.iter().enumerate() {
        let begin = format!("@@begin {} {turn}\n", block.line);
        let part = told.split_once(&begin).and_then(|(_, rest)| rest.split_once("@@end")).map(|(part, _)| part);
        let part = part.unwrap_or_else(|| panic!("{name}:{}: `{command}` was not run\n{told}", block.line));
        all.push_str(part);
        let mut text = String::new();
        for line in part.lines() {
            match line.split_once("@@code ") {
                Some((before, code)) => {
                    text.push_str(before);
                    codes.push(code.parse().expect("an exit code"));
                }
                None => {
                    text.push_str(line);
                    text.push('\n');
                }
            }
        }
        let (text, wanted) = (settled(&text), settled(wanted));
        assert!(agrees(&text, &wanted), "{name}:{}: `{command}` prints\n{}\nand not\n{}", block.line, text.join("\n"), wanted.join("\n"));
    }
    assert_eq!(codes, block.exits(), "{name}:{}: exit codes besides 0; it said:\n{all}", block.line);
}

#[test]
fn the_commands_of_every_page_do_what_the_page_says() {
    let pages: Vec<Page> = Page::all().into_iter().filter(|page| page.blocks.iter().any(Block::is_shell)).collect();
    assert!(!pages.is_empty());
    let _: PathBuf = passport_binary().to_owned();
    let mut wrong = Vec::new();
    for page in &pages {
        if let Err(panic) = std::panic::catch_unwind(|| run(page)) {
            wrong.push(panic.downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn what_differs_from_run_to_run_is_made_equal_and_nothing_else_is() {
    let settled_line = |text: &str| settled(text).join("\n");
    assert_eq!(settled_line("at 2026-11-26T00:13:08Z, pp_01a21532-e9b5-7b8b-bba6-caa0d8325550"), "at TIME, pp_ID");
    assert_eq!(settled_line("deny  constraint_unmet"), "deny constraint_unmet");
    let lines = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    assert!(agrees(&lines("a b c"), &lines("a … c")) && agrees(&lines("a c"), &lines("a … c")));
    assert!(!agrees(&lines("a b"), &lines("a … c")) && !agrees(&lines("a b"), &lines("a")) && !agrees(&[], &lines("a")));
}
