//! `passport` alone: what to do first, by what there is already.

use std::path::{Path, PathBuf};

use clap::{Args, Command, FromArgMatches};
use passport_shared::text::quote;

use super::backup::archive;
use super::client::Client;
use super::error::{CliError, Ended, USAGE};
use super::issuer_data::{DATA, DATABASE, KEYS};
use super::output::Output;
use super::serve::plan::LISTEN;
use crate::config::{CallerSettings, DEFAULT_FILE, DataSettings, ServeSettings, SettingsFile, UrlSettings};

/// How far somebody has come.
#[derive(Debug, PartialEq, Eq)]
enum Here {
    /// There is nothing at all.
    Nothing,
    /// A settings file, and no issuer's data yet.
    Settings,
    /// An issuer's data, and no issuer that answers.
    Stopped { data: PathBuf, start: &'static str },
    /// An issuer was named, and does not answer.
    Silent { url: String },
    /// An issuer answers. What a call needs besides is given as it is missing.
    Served { url: String, export_url: bool, passport: Passport },
}

/// The passport to call an issuer with.
#[derive(Debug, PartialEq, Eq)]
enum Passport {
    Named,
    Found(PathBuf),
    Missing,
}

/// Says what to do first. No command was given, and so the call is a wrong one.
pub(crate) fn tell(settings: &SettingsFile, out: Output) -> Ended {
    let told = words(&look(settings));
    if out.is_json() {
        return Err(CliError::usage("no command is given").hint(told));
    }
    out.say(&told);
    Ok(USAGE)
}

/// The settings of a group that the environment has: no flag is given here.
fn of_environment<T: Args + FromArgMatches + Default>() -> T {
    let matches = T::augment_args(Command::new("passport")).try_get_matches_from(["passport"]);
    matches.ok().and_then(|matches| T::from_arg_matches(&matches).ok()).unwrap_or_default()
}

fn look(settings: &SettingsFile) -> Here {
    let data = settings.data(&of_environment::<DataSettings>());
    let serve = settings.serve(&of_environment::<ServeSettings>());
    let named = settings.url(&of_environment::<UrlSettings>()).url;
    let path = data.data.clone().unwrap_or_else(|| DATA.into());
    let there = data.database.is_some() || path.join(DATABASE).exists();

    let listened = {
        let scheme = if serve.tls_cert.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", serve.listen.unwrap_or(LISTEN))
    };
    // Who has neither named an issuer nor run one here has no business with whatever listens on this machine.
    let tried = named.iter().cloned().chain(there.then_some(listened));
    if let Some(url) = tried.into_iter().find(|url| Client::answers(url)) {
        let passport = match settings.caller(&of_environment::<CallerSettings>()).passport_file {
            Some(_) => Passport::Named,
            None => match path.join("admin.passport") {
                file if file.exists() => Passport::Found(file),
                _ => Passport::Missing,
            },
        };
        return Here::Served { export_url: named.as_ref() != Some(&url), url, passport };
    }
    if there {
        let start = match (plain_keys(&path), data.passphrase_file.is_some() || data.pkcs11_module.is_some()) {
            (true, _) => "passport serve --dev",
            (false, true) => "passport serve",
            (false, false) => "passport serve --passphrase-file FILE",
        };
        return Here::Stopped { data: path, start };
    }
    match named {
        // Settings that were just made name the issuer that is to be started.
        Some(_) if serve.issuer.is_some() => Here::Settings,
        Some(url) => Here::Silent { url },
        None if serve.issuer.is_some() => Here::Settings,
        None => Here::Nothing,
    }
}

/// Whether keys rest there that no passphrase opens.
fn plain_keys(data: &Path) -> bool {
    archive::keys(&data.join(KEYS)).is_ok_and(|keys| keys.iter().any(|key| !archive::is_sealed(&key.bytes)))
}

const MORE: &str = "\
  passport --help          everything else; each command's --help has examples";

fn words(here: &Here) -> String {
    let (what, steps) = match here {
        Here::Nothing => (
            "there is no issuer here yet. What to do first:".to_owned(),
            "  passport demo            watch an agent's day, on throw-away data
  passport serve --dev     run an issuer on this machine, to try it out
  passport init            set one up to stay: a few questions, a settings file

with a passport in hand:
  passport inspect TOKEN   read what a passport says
  passport verify --help   decide offline whether a passport allows a request"
                .to_owned(),
        ),
        Here::Settings => (
            format!("`{DEFAULT_FILE}` has the settings of an issuer that was not started yet. What to do next:"),
            "  passport serve           the first start makes its keys and database".to_owned(),
        ),
        Here::Stopped { data, start } => (
            format!("there is an issuer's data in {}, and no issuer that answers. What to do next:", quote(&data.display().to_string())),
            format!("  {start}\n  passport doctor          what is wrong, where it does not start"),
        ),
        Here::Silent { url } => (
            format!("the issuer at {} does not answer. What to do next:", quote(url)),
            "  passport serve --help    start it, where it is yours to start
  passport doctor --help   or look at what is wrong with it
  passport verify --help   decide offline meanwhile: verifiers need no issuer for it"
                .to_owned(),
        ),
        Here::Served { url, export_url, passport } => {
            let export_url = if *export_url { format!("  export PASSPORT_URL={url}\n") } else { String::new() };
            let passport = match passport {
                Passport::Named => String::new(),
                Passport::Found(file) => {
                    let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
                    // It may come from a file that merely lies here.
                    format!("  export PASSPORT_FILE={}\n", shell_words::quote(&file.display().to_string()))
                }
                Passport::Missing => "  export PASSPORT_FILE=FILE      # the passport that its admin gave you\n".to_owned(),
            };
            (
                format!("an issuer answers at {}. What to do next:", quote(url)),
                format!(
                    "{export_url}{passport}  passport agents create \"Ollie\" --id agent_ollie
  passport issue --agent agent_ollie --audience https://shop.example \\
    --expires-in 1h --grant '{{\"resource\":\"shop\",\"allowedActions\":[\"buy\"]}}'
  passport console         a link that signs a browser in
  passport audit tail -f   what is decided, as it comes"
                ),
            )
        }
    };
    format!("passport: permission passports for AI agents\n\n{what}\n{steps}\n\n{MORE}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::help;

    #[test]
    fn whatever_there_is_already_the_first_step_is_a_command_that_is_taken() {
        let served = |export_url, passport| Here::Served { url: "http://127.0.0.1:7700".into(), export_url, passport };
        let all = [
            (Here::Nothing, "passport serve --dev"),
            (Here::Settings, "passport serve "),
            (Here::Stopped { data: "d".into(), start: "passport serve --dev" }, "passport serve --dev"),
            (Here::Silent { url: "https://i.example".into() }, "passport doctor --help"),
            (
                served(true, Passport::Found("d/admin.passport".into())),
                "export PASSPORT_URL=http://127.0.0.1:7700\n  export PASSPORT_FILE=/",
            ),
            (served(true, Passport::Found("/d;rm x/admin.passport".into())), "export PASSPORT_FILE='/d;rm x/admin.passport'\n"),
            (served(false, Passport::Named), "next:\n  passport agents create"),
            (served(false, Passport::Missing), "export PASSPORT_FILE=FILE"),
        ];
        for (here, first) in all {
            let text = words(&here);
            assert!(text.contains(first), "{here:?}: {text}");
            assert!(text.lines().count() <= 14, "short enough to be read: {text}");
            let commands = text.replace("\\\n", " ");
            let commands = commands.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| line.starts_with("passport "));
            for command in commands {
                // What it does stands behind it, after at least two spaces.
                let command = command.split("  ").next().expect("a command");
                let command = if command.starts_with("passport issue") { text.replace("\\\n", "") } else { command.to_owned() };
                let words = command.split("  ").find(|part| part.starts_with("passport ")).unwrap_or(&command).to_owned();
                let words = shell_words::split(&words).unwrap_or_else(|error| panic!("{error}: {words}"));
                let taken = help::command().try_get_matches_from(&words);
                let told = taken.err().filter(clap::Error::use_stderr);
                assert!(told.is_none(), "{words:?}: {told:?}");
            }
        }
    }
}
