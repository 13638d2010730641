//! The questions: few, each with the answer that is usual. They stand on standard error.

use std::io::{self, Write as _, stderr};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use dialoguer::theme::{ColorfulTheme, SimpleTheme, Theme};
use dialoguer::{Confirm, Input, Select};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

use super::{Answers, check_url};
use crate::cli::error::{CliError, plain};
use crate::cli::issuer_data::{DATA, database};
use crate::cli::serve::plan::LISTEN;

/// Asks for what was not given. Who breaks it off is told that nothing was written.
pub(super) fn ask(given: Answers, passphrase_file: &Path) -> Result<Answers, CliError> {
    let colours = anstream::AutoStream::choice(&stderr()) != anstream::ColorChoice::Never;
    let theme: Box<dyn Theme> = if colours { Box::new(ColorfulTheme::default()) } else { Box::new(SimpleTheme) };
    // Ctrl-c would end the process while a question hides the cursor: heard here, it ends the question instead.
    let cannot = |error: &io::Error| CliError::failed(format!("cannot listen for signals: {}", plain(error)));
    let runtime = Builder::new_current_thread().enable_io().build().map_err(|error| cannot(&error))?;
    let heard = runtime.block_on(async { signal(SignalKind::interrupt()) }).map_err(|error| cannot(&error))?;
    let answers = questions(&*theme, given, passphrase_file).map_err(|dialoguer::Error::IO(error)| {
        let _ = stderr().write_all(SHOW_CURSOR);
        match error.kind() {
            io::ErrorKind::Interrupted => CliError::failed("broken off; nothing was written"),
            _ => CliError::io("ask at", "the terminal", &error),
        }
        .hint("ask for no questions: passport init --yes --issuer https://issuer.example")
    });
    drop(heard);
    answers
}

/// DECTCEM: a question that was broken off has not done it.
const SHOW_CURSOR: &[u8] = b"\x1b[?25h\n";

fn questions(theme: &dyn Theme, mut given: Answers, passphrase_file: &Path) -> dialoguer::Result<Answers> {
    if given.issuer.is_none() {
        let url = Input::<String>::with_theme(theme)
            .with_prompt("The issuer's URL, which every passport names; it cannot be changed later (https://…)")
            .validate_with(|url: &String| check_url(url).map_err(|error| told(&error)))
            .interact_text()?;
        given.issuer = Some(url);
    }
    if given.data.data.is_none() {
        given.data.data = Some(line(theme, "The directory for its data", DATA, |_| Ok(()))?.into());
    }
    if given.data.database.is_none() {
        let kinds = ["a file in that directory (SQLite)", "PostgreSQL, which several issuers may share"];
        if Select::with_theme(theme).with_prompt("The database").items(kinds).default(0).interact()? == 1 {
            let url = line(theme, "Its URL; the password is better in ~/.pgpass", "postgres://passport@localhost/passport", |url| {
                database(url).map(|_| ()).map_err(|error| told(&error))
            })?;
            given.data.database = url.parse().ok();
        }
    }
    if given.data.passphrase_file.is_none() && given.data.pkcs11_module.is_none() && std::env::var_os("PASSPORT_PASSPHRASE").is_none() {
        let usual = passphrase_file.display().to_string();
        let file =
            line(theme, "The file with the passphrase that keys are sealed with; one is made where there is none", &usual, |_| Ok(()))?;
        given.data.passphrase_file = Some(file.into());
    }
    if given.listen.is_none() {
        let fits = |text: &str| text.parse::<SocketAddr>().map(|_| ()).map_err(|_| "it looks like 127.0.0.1:7700".to_owned());
        given.listen = line(theme, "The address to listen on", &LISTEN.to_string(), fits)?.parse().ok();
    }
    if given.tls.is_none() {
        let kinds = ["a proxy in front of it", "the issuer itself, with a certificate"];
        if Select::with_theme(theme).with_prompt("Who speaks TLS").items(kinds).default(0).interact()? == 1 {
            let file = |what: &str| {
                let there = |path: &String| if Path::new(path).is_file() { Ok(()) } else { Err("there is no such file".to_owned()) };
                Input::<String>::with_theme(theme).with_prompt(what).validate_with(there).interact_text().map(PathBuf::from)
            };
            given.tls = Some((file("The certificate's file, in PEM")?, file("The file of its private key, in PEM")?));
        }
    }
    if given.console.is_none() && !Confirm::with_theme(theme).with_prompt("Let browsers sign in at /console").default(true).interact()? {
        given.console = Some("off".to_owned());
    }
    Ok(given)
}

/// A line of text, with the one that is usual.
fn line(theme: &dyn Theme, what: &str, usual: &str, fits: impl Fn(&str) -> Result<(), String>) -> dialoguer::Result<String> {
    Input::<String>::with_theme(theme).with_prompt(what).default(usual.to_owned()).validate_with(|text: &String| fits(text)).interact_text()
}

/// What is wrong with an answer, in one line.
fn told(error: &CliError) -> String {
    error.to_text().unwrap_or_default().replace("\n\nhint: ", "; ").replace('\n', " ")
}
