//! The settings file: what was chosen, and every other setting as a comment. What each is comes from where it is written once,
//! in `config.rs`.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Args as _, Command};

use super::Answers;
use crate::cli::error::CliError;
use crate::cli::output::{WIDTH, wrap};
use crate::config::{CallerSettings, DataSettings, ServeSettings, SettingsFile, UrlSettings};

/// Of a comment, behind its mark.
const ROOM: usize = WIDTH - 2;

/// The text for `answers`, which the reader of settings takes; without the line break at its end.
pub(super) fn of(answers: &Answers, admin: &Path, file: &Path) -> Result<String, CliError> {
    let mut chosen: Vec<(&str, String)> = Vec::new();
    let mut set = |name, value: Option<String>| chosen.extend(value.map(|value| (name, value)));
    let path = |path: &Path| path.display().to_string();
    set("issuer", answers.issuer.clone());
    set("listen", answers.listen.map(|listen| listen.to_string()));
    set("data", answers.data.data.as_deref().map(path));
    set("database", answers.data.database.as_ref().map(|url| url.reveal().to_owned()));
    set("passphrase-file", answers.data.passphrase_file.as_deref().map(path));
    set("pkcs11-module", answers.data.pkcs11_module.as_deref().map(path));
    set("pkcs11-token", answers.data.pkcs11_token.clone());
    set("pkcs11-pin-file", answers.data.pkcs11_pin_file.as_deref().map(path));
    set("tls-cert", answers.tls.as_ref().map(|(cert, _)| path(cert)));
    set("tls-key", answers.tls.as_ref().map(|(_, key)| path(key)));
    set("console", answers.console.clone());
    // For who works beside the issuer: `passport agents list` and its like need no flags.
    set("url", answers.issuer.clone());
    set("passport-file", Some(path(admin)));

    let all = arguments();
    let mut text = comment(
        "Settings of a Passport issuer, as `passport init` wrote them. `passport serve` reads them in the directory that this file is in, \
         or anywhere with --config FILE. A flag wins over a variable PASSPORT_..., and that wins over this file.",
    );
    for (name, value) in &chosen {
        let _ = write!(text, "\n{}{name} = {}\n", about(&all, name), quoted(value));
    }
    text.push('\n');
    text.push_str(&comment("Everything else is as it is unless set; to set it, take away the # before the setting."));
    for argument in all.iter().filter(|argument| !chosen.iter().any(|(name, _)| *name == long(argument))) {
        let name = long(argument);
        let _ = write!(text, "\n{}#{name} = {}\n", about(&all, name), usual(argument));
    }
    // What is written is what is read, or nothing is written.
    SettingsFile::parse(&text, file)
        .map_err(|error| CliError::failed(error.to_string()).hint("a path has to be text that TOML can hold"))?;
    Ok(text.trim_end().to_owned())
}

fn arguments() -> Vec<Arg> {
    let serve = ServeSettings::augment_args(Command::new("passport"));
    let all = CallerSettings::augment_args(UrlSettings::augment_args(DataSettings::augment_args(serve)));
    all.get_arguments().cloned().collect()
}

/// The settings that a file can hold.
#[cfg(test)]
pub(super) fn names() -> Vec<String> {
    arguments().iter().map(|argument| long(argument).to_owned()).collect()
}

fn long(argument: &Arg) -> &str {
    argument.get_long().unwrap_or_default()
}

fn about(all: &[Arg], name: &str) -> String {
    let help = all.iter().find(|argument| long(argument) == name).and_then(Arg::get_help);
    help.map(|help| comment(&help.to_string())).unwrap_or_default()
}

fn comment(text: &str) -> String {
    wrap(text, ROOM).iter().map(|line| format!("# {line}\n")).collect()
}

fn quoted(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

/// The default that a setting's help tells of, as the file would say it; where that is no value, the kind of value it takes.
fn usual(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let told = help.rsplit_once("[default: ").and_then(|(_, rest)| rest.strip_suffix(']'));
    let told = told.filter(|value| !value.contains([' ', ';']) && *value != "none");
    let taken = |value: &&String| SettingsFile::parse(&format!("{} = {value}", long(argument)), Path::new("passport.toml")).is_ok();
    let forms = told.map(|value| [quoted(value), value.to_owned()]);
    let kind = || argument.get_value_names().and_then(<[_]>::first).map(ToString::to_string).unwrap_or_default();
    forms.and_then(|forms| forms.iter().find(taken).cloned()).unwrap_or_else(kind)
}
